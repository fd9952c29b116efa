"""Paths of the repository, independent of a test's folder."""

from pathlib import Path

SUPPORT = Path(__file__).parent
ROOT = SUPPORT.parents[1]
ARMS = SUPPORT / "arms.py"
CHANGED = SUPPORT / "changed.py"

"""Where things are, whichever folder a test is in."""

from pathlib import Path

SUPPORT = Path(__file__).parent
ROOT = SUPPORT.parents[1]
ARMS = SUPPORT / "arms.py"
CHANGED = SUPPORT / "changed.py"

"""Tells the program's own source files from those of installed packages, of Python and of harness."""

from __future__ import annotations

import sysconfig
from pathlib import Path

_INSTALLED = {"site-packages", "dist-packages"}
_STANDARD = sysconfig.get_paths()["stdlib"]
_HARNESS = str(Path(__file__).parents[2])


def is_own(file: str) -> bool:
    """Whether a source file, or a folder, is the program's own."""
    return not (_INSTALLED.intersection(Path(file).parts) or file.startswith((_STANDARD, _HARNESS, "<")))

"""Tells the program's own source files from those of installed packages, of Python and of harness."""

from __future__ import annotations

import sysconfig
from functools import cache
from pathlib import Path

INSTALLED = frozenset({"site-packages", "dist-packages"})
"""The names of the folders of installed packages."""
_NOT_OWN = (Path(sysconfig.get_paths()["stdlib"]), Path(__file__).parents[2])
"""The standard library, and this package."""


@cache
def is_own(file: str) -> bool:
    """Whether a source file, or a folder, is the program's own."""
    path = Path(file)
    return not (file.startswith("<") or INSTALLED.intersection(path.parts) or any(map(path.is_relative_to, _NOT_OWN)))

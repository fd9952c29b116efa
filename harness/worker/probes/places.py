"""How reports name the places of functions in files."""

from __future__ import annotations

import sys
from pathlib import Path


def shorten_path(path: str) -> str:
    """Shorten a file's path to the part below its folder on Python's path, or to its last three parts.

    What is not a file, such as `<string>`, is returned unchanged.
    """
    file = Path(path)
    if not file.is_absolute():
        return path
    roots = [root for root in map(Path, sys.path) if root.is_absolute() and file.is_relative_to(root)]
    if roots:
        return str(file.relative_to(max(roots, key=lambda root: len(root.parts))))
    return "/".join(file.parts[1:][-3:])

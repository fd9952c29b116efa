"""How reports name places in files, and which files are the user's own."""

from __future__ import annotations

import sys
import sysconfig
from functools import cache
from pathlib import Path
from types import FrameType
from typing import NamedTuple

_FOREIGN = {"site-packages", "dist-packages"}
_HARNESS = Path(__file__).parents[2]


class Line(NamedTuple):
    """A line of the user's own code; the path is empty where none is known."""

    path: str = ""
    number: int = 0


NOWHERE = Line()


@cache
def is_own(path: str) -> bool:
    """Whether a file belongs to the user's own code, and not to a library, to Python or to harness."""
    if path.startswith("<"):
        return False
    file = Path(path).absolute()
    folders = [Path(found) for name in ("stdlib", "platstdlib") if (found := sysconfig.get_path(name))]
    return not (_FOREIGN.intersection(file.parts) or any(map(file.is_relative_to, [*folders, _HARNESS])))


def find_line(frame: FrameType | None) -> Line:
    """Return the innermost line of the user's own code in a stack."""
    while frame is not None:
        if is_own(frame.f_code.co_filename):
            return Line(frame.f_code.co_filename, frame.f_lineno)
        frame = frame.f_back
    return NOWHERE


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

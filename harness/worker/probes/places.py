"""How reports name places in files, and which files are the user's own."""

from __future__ import annotations

import importlib.util
import linecache
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cache
from itertools import islice
from pathlib import Path
from types import FrameType
from typing import NamedTuple

from harness.worker.imports.ownership import INSTALLED

_HARNESS = Path(__file__).parents[2]


class Line(NamedTuple):
    """A line of a file."""

    path: str
    number: int


Stack = tuple[Line, ...]
"""The lines of the user's own code in a stack, the innermost first; empty where none is known."""
_claimed: set[Path] = set()
"""Folders and files that are the user's own wherever they are."""
_named: dict[str, str] = {}
"""The files of the lines that were named, by their shortened paths."""
DEEPEST = 12
"""Maximum number of lines that are kept of a stack."""


@cache
def is_own(path: str) -> bool:
    """Whether a file belongs to the user's own code, and not to a library, to Python, to harness or an environment."""
    if path.startswith("<"):
        return False
    file = Path(path).absolute()
    if any(map(file.is_relative_to, _claimed)):
        return True
    scripts = sysconfig.get_path("scripts")
    if scripts and file.parent == Path(scripts):  # what installers write to start a program
        return False
    folders = [Path(found) for name in ("stdlib", "platstdlib") if (found := sysconfig.get_path(name))]
    return not (INSTALLED.intersection(file.parts) or any(map(file.is_relative_to, [*folders, _HARNESS])))


def claim(module: str) -> None:
    """Take the package that `module` belongs to for the user's own code, although it may be installed as libraries
    are."""
    with suppress(ImportError, ValueError):  # it was made by hand, or is no file
        spec = importlib.util.find_spec(module.partition(".")[0])
        if spec and spec.has_location and spec.name != "harness":
            _claimed.update(map(Path, spec.submodule_search_locations or [str(spec.origin)]))
            is_own.cache_clear()


def claim_file(path: str) -> None:
    """Take a file for the user's own code, wherever it is. A folder may hold an environment too, so it is not taken."""
    if Path(path).is_file():
        _claimed.add(Path(path).absolute())
        is_own.cache_clear()


def find_stack(frame: FrameType | None) -> Stack:
    """Return the lines of the user's own code from a frame outwards."""
    return keep_own(_walk(frame))


def keep_own(lines: Iterable[Line]) -> Stack:
    """Return those of a stack's lines that are the user's own."""
    return tuple(islice((line for line in lines if is_own(line.path)), DEEPEST))


def _walk(frame: FrameType | None) -> Iterator[Line]:
    while frame is not None:
        yield line_of(frame)
        frame = frame.f_back


def line_of(frame: FrameType) -> Line:
    """Return the line that runs in a frame; the first one of its function where the interpreter has none, as in between
    two lines that another thread may see."""
    number: int | None = frame.f_lineno
    return Line(frame.f_code.co_filename, number or frame.f_code.co_firstlineno)


def name_line(line: Line | None) -> tuple[str, str]:
    """Return a line as `file:line`, and what stands in it. Both are empty for no line."""
    if line is None:
        return "", ""
    short = shorten_path(line.path)
    _named.setdefault(short, line.path)
    return f"{short}:{line.number}", linecache.getline(*line).strip()


def find_file(short: str) -> str | None:
    """Return the file with this shortened path, if one of its lines was named."""
    return _named.get(short)


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

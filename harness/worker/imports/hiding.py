"""Lets a measured program import a module of its own that has the name of this package."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType

_PACKAGE = __name__.partition(".")[0]
_hidden: dict[str, ModuleType] = {}
"""The modules of this package, once they are hidden. They go on working, since they have imported each other."""


def make_way(path: Sequence[str]) -> None:
    """Hide this package's modules if a program that imports from `path` has a module of that name."""
    spec = PathFinder.find_spec(_PACKAGE, list(path))
    if spec is None or _is_ours(spec.origin):
        return
    for name in [name for name in sys.modules if name.partition(".")[0] == _PACKAGE]:
        _hidden[name] = sys.modules.pop(name)


def _is_ours(origin: str | None) -> bool:
    """Whether a module is this package, in this or another version."""
    return origin is not None and (Path(origin).parent / "worker" / "worker.py").is_file()

"""Lets a measured program import modules of its own that have the names of modules that harness has loaded."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType

_PACKAGE = __name__.partition(".")[0]
_hidden: dict[str, ModuleType] = {}
"""The modules that are hidden. They go on working, since those that need them have imported them."""


def make_way(path: Sequence[str], first: Iterable[str] = (), loaded_by_python: Iterable[str] = ()) -> None:
    """Hide this package's modules if a program that imports from `path` has a module of that name.

    Also hide modules of the standard library that files in the folders `first` shadow, as they would if harness had not
    loaded them; not those that Python itself had loaded when it started.
    """
    spec = PathFinder.find_spec(_PACKAGE, list(path))
    if spec is not None and not _is_ours(spec.origin):
        _hide(_PACKAGE)
    usual = {*loaded_by_python, "__main__"}
    for folder in map(Path, first):
        for name in {name.partition(".")[0] for name in sys.modules} - usual - {_PACKAGE}:
            if (folder / f"{name}.py").is_file() or (folder / name / "__init__.py").is_file():
                _hide(name)


def _hide(top: str) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == top]:
        _hidden[name] = sys.modules.pop(name)


def _is_ours(origin: str | None) -> bool:
    """Whether a module is this package, in this or another version."""
    return origin is not None and (Path(origin).parent / "worker" / "worker.py").is_file()

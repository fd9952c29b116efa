"""A name, a `file.py:Name` or a `package.module:Name` -> what it names, by importing it."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

from harness.interface import Collection, Variant
from harness.worker.imports.hooks import Uncached

GROUP = "harness.variants"
"""The entry points under which collections of variants are installed."""


@cache
def entries() -> tuple[EntryPoint, ...]:
    """The installed ones, not loaded."""
    return tuple(sorted(entry_points(group=GROUP), key=lambda entry: entry.name))


def collection_of(entry: EntryPoint) -> Collection:
    """What an entry point offers. Raises whatever importing it raises."""
    loaded = entry.load()
    found: Collection = loaded if isinstance(loaded, Collection) else loaded()
    return found


def names_of(entry: EntryPoint) -> list[str]:
    """The variants that an entry point offers; none of one that cannot be loaded."""
    try:
        return [variant.name for variant in collection_of(entry).variants]
    except (Exception, SystemExit):
        return []


def load(reference: str, here: str | None = None) -> Variant:
    """Import what `reference` names. A bare callable becomes a Variant of that name.

    A module is looked for in the folder `here` first, or else in the working directory. Raises LookupError where there
    is no such registered variant, and whatever importing raises.
    """
    if ":" not in reference:
        return _registered(reference)
    name, target = reference.rpartition(":")[2], attribute(reference, here)
    if isinstance(target, Variant):
        return target
    if not callable(target):
        raise TypeError(f"{reference} is a {type(target).__name__}, neither a harness.Variant nor something to call")
    return Variant(name=name, summary=(target.__doc__ or "").strip().partition("\n")[0], build=target)


def attribute(reference: str, here: str | None = None) -> Any:
    """What stands behind the colon of `file.py:Name` or `package.module:Name`."""
    place, _, name = reference.rpartition(":")
    module = _import_file(file(place)) if is_file(place) else _import_module(place, here or str(Path.cwd()))
    return getattr(module, name)


def is_file(place: str) -> bool:
    """Whether what stands before the colon of a reference is a file's path, not a module's name."""
    return place.endswith(".py") or "/" in place or "\\" in place


def file(place: str) -> Path:
    """The path that somebody wrote."""
    try:
        return Path(place).expanduser()
    except RuntimeError:  # there is no such user as ~name
        return Path(place)


def _registered(name: str) -> Variant:
    """The first of that name, in the order of the entry points; those that cannot be loaded hide no other."""
    for entry in entries():
        if name in names_of(entry):
            return next(variant for variant in collection_of(entry).variants if variant.name == name)
    raise LookupError(f"there is no registered variant {name!r}")


def _import_file(path: Path) -> ModuleType:
    """Import a file as a script would see itself: its own folder comes first on the path, for its neighbours."""
    path = path.resolve()
    sys.path.insert(0, str(path.parent))
    name = path.stem if path.stem not in sys.modules else f"{path.stem} (file)"  # a random.py is not `random`
    spec = importlib.util.spec_from_file_location(name, path, loader=Uncached(name, str(path)))
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} cannot be imported as Python")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _import_module(dotted: str, here: str) -> ModuleType:
    """Import a module as `python -m` would: the working directory, or what stands for it, comes first on the path."""
    sys.path.insert(0, here)
    return importlib.import_module(dotted)

"""Imports what a reference names: a registered name, a `file.py:Name` or a `package.module:Name`."""

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
"""The entry point group under which collections of variants are installed."""


class Adopted(Variant):
    """A callable in a file or module. It builds a trainer or, if it is a function, may also train by itself."""


@cache
def entries() -> tuple[EntryPoint, ...]:
    """Return the installed entry points of the group without loading them, sorted by name."""
    return tuple(sorted(entry_points(group=GROUP), key=lambda entry: entry.name))


def collection_of(entry: EntryPoint) -> Collection:
    """Load an entry point and return its collection. Raises whatever importing it raises."""
    loaded = entry.load()
    found: Collection = loaded if isinstance(loaded, Collection) else loaded()
    return found


def names_of(entry: EntryPoint) -> list[str]:
    """Return the names of an entry point's variants, or an empty list if it cannot be loaded."""
    try:
        return [variant.name for variant in collection_of(entry).variants]
    except (Exception, SystemExit):
        return []


def load(reference: str, here: str | None = None) -> Variant:
    """Import the variant that `reference` names. A callable becomes an Adopted one of its name.

    A module is searched for in the folder `here` first, by default the working directory. Raises LookupError if there
    is no such registered variant, and whatever importing raises.
    """
    if ":" not in reference:
        return _load_registered(reference)
    name, target = reference.rpartition(":")[2], attribute(reference, here)
    if isinstance(target, Variant):
        return target
    if not callable(target):
        raise TypeError(f"{reference} is of type {type(target).__name__}, neither a harness.Variant nor callable")
    return Adopted(name=name, summary=(target.__doc__ or "").strip().partition("\n")[0], build=target)


def attribute(reference: str, here: str | None = None) -> Any:
    """Import a `file.py:Name` or `package.module:Name` and return the object of that name."""
    place, _, name = reference.rpartition(":")
    module = _import_file(file(place)) if is_file(place) else _import_module(place, here or str(Path.cwd()))
    return getattr(module, name)


def is_file(place: str) -> bool:
    """Whether the part of a reference before the colon is a file's path and not a module's name."""
    return place.endswith(".py") or "/" in place or "\\" in place


def file(place: str) -> Path:
    """Return the path of a file reference, with a leading ~ expanded if possible."""
    try:
        return Path(place).expanduser()
    except RuntimeError:  # there is no user of that name after the ~
        return Path(place)


def _load_registered(name: str) -> Variant:
    """Return the first variant of that name, in the order of the entry points, skipping those that cannot be loaded."""
    for entry in entries():
        if name in names_of(entry):
            return next(variant for variant in collection_of(entry).variants if variant.name == name)
    raise LookupError(f"there is no registered variant {name!r}")


def _import_file(path: Path) -> ModuleType:
    """Import a file like a script: its own folder comes first on the path, so that it can import its neighbours."""
    path = path.resolve()
    sys.path.insert(0, str(path.parent))
    name = path.stem if path.stem not in sys.modules else f"{path.stem} (file)"  # random.py must not replace `random`
    spec = importlib.util.spec_from_file_location(name, path, loader=Uncached(name, str(path)))
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} cannot be imported as Python")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _import_module(dotted: str, here: str) -> ModuleType:
    """Import a module as `python -m` would: the working directory, or `here` instead, comes first on the path."""
    sys.path.insert(0, here)
    return importlib.import_module(dotted)

"""What happens when somebody imports a module: something is done then, or its source is compiled anew.

Frameworks are the variant's to load, and when; what is to be done with them is done at that moment.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any


def when_imported(name: str, then: Callable[[ModuleType], None]) -> None:
    """Call `then` with the module `name`: now if it is loaded, else right after whoever imports it has done so."""
    if name in sys.modules:
        then(sys.modules[name])
    else:
        sys.meta_path.insert(0, _Finder(name, then))


class Uncached(importlib.machinery.SourceFileLoader):
    """Compiles a source each time, and neither reads nor writes bytecode beside it: so code that has just been unpacked
    is imported as code is that has been run before, and nobody's folder gets a `__pycache__`."""

    def path_stats(self, path: Any) -> Any:
        raise OSError("a source without a time has no bytecode")  # which is how importlib is told


def compile_anew(concerns: Callable[[str], bool]) -> None:
    """Import by `Uncached` from now on, from every folder that it `concerns`."""
    extensions = importlib.machinery.ExtensionFileLoader, importlib.machinery.EXTENSION_SUFFIXES
    sources = Uncached, importlib.machinery.SOURCE_SUFFIXES
    usual = importlib.machinery.FileFinder.path_hook(extensions, sources)

    def hook(folder: str) -> Any:
        if not Path(folder).is_dir() or not concerns(folder):
            raise ImportError("another hook is to look there")
        return usual(folder)

    sys.path_hooks.insert(0, hook)
    sys.path_importer_cache.clear()


class _Finder(importlib.abc.MetaPathFinder):
    """Finds one module as the other finders would, and adds something to do once it has been executed."""

    def __init__(self, name: str, then: Callable[[ModuleType], None]) -> None:
        self._name = name
        self._then = then
        self._looking = False

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != self._name or self._looking:
            return None
        self._looking = True
        try:
            spec = importlib.util.find_spec(fullname)
        finally:
            self._looking = False
        if spec is not None and spec.loader is not None:
            run = spec.loader.exec_module

            def exec_module(module: ModuleType) -> None:
                run(module)
                if self in sys.meta_path:  # a spec may also be looked up without being imported
                    sys.meta_path.remove(self)
                    self._then(module)

            spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec

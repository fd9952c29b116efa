"""Import hooks: they call a function when a module is imported, or compile its source again.

The variant decides whether and when to import a framework, so harness has to act at that moment.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, ClassVar


def when_imported(name: str, then: Callable[[ModuleType], None]) -> None:
    """Call `then` with the module `name`: now if it is loaded, otherwise right after it has been imported."""
    if name in sys.modules:
        then(sys.modules[name])
    else:
        sys.meta_path.insert(0, _Finder(name, then))


def around_import(name: str, around: Callable[[ModuleType], AbstractContextManager[Any]]) -> None:
    """Execute the module `name` within the context that `around` makes, when it is imported.

    Call this only if the module is not loaded.
    """
    sys.meta_path.insert(0, _Finder(name, lambda module: None, around))


class Uncached(importlib.machinery.SourceFileLoader):
    """A loader that compiles a source each time and neither reads nor writes bytecode files.

    So new files are imported like files that have been run before, and no `__pycache__` folder is created.
    """

    compilers: ClassVar[list[Callable[[bytes, str], CodeType]]] = []
    """The first one compiles sources, given their paths, in place of Python's own compiler."""

    def source_to_code(self, data: Any, path: Any, *, _optimize: int = -1) -> CodeType:  # type: ignore[override]
        if self.compilers:
            return self.compilers[0](data, str(path))
        return super().source_to_code(data, path, _optimize=_optimize)

    def path_stats(self, path: Any) -> Any:
        raise OSError("a source without a time has no bytecode")  # importlib then uses no bytecode file


def compile_anew(concerns: Callable[[str], bool]) -> None:
    """Use `Uncached` from now on to import from every folder for which `concerns` is true."""
    extensions = importlib.machinery.ExtensionFileLoader, importlib.machinery.EXTENSION_SUFFIXES
    sources = Uncached, importlib.machinery.SOURCE_SUFFIXES
    usual = importlib.machinery.FileFinder.path_hook(extensions, sources)

    def hook(folder: str) -> Any:
        if not Path(folder).is_dir() or not concerns(folder):
            raise ImportError("this hook does not import from there")
        return usual(folder)

    sys.path_hooks.insert(0, hook)
    sys.path_importer_cache.clear()


class _Finder(importlib.abc.MetaPathFinder):
    """Finds one module as the other finders would, executes it in a context, and then calls a function."""

    def __init__(
        self,
        name: str,
        then: Callable[[ModuleType], None],
        around: Callable[[ModuleType], AbstractContextManager[Any]] = nullcontext,
    ) -> None:
        self._name = name
        self._then = then
        self._around = around
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
                with self._around(module):
                    run(module)
                if self in sys.meta_path:  # find_spec may also be called without an import
                    sys.meta_path.remove(self)
                    self._then(module)

            spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec

"""Notes which libraries a program imports before its first epoch, and whether a process may be forked in their place
from one that has imported them already.

Such an import must not depend on what the program did before it. So the environment must be what it was, apart from
what earlier imports set. And it must leave the random generators as they were, because a forked process does not draw
what an import draws: they are set back after each import.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType

from harness.worker.imports.hooks import around_import
from harness.worker.imports.ownership import INSTALLED


class EarlyImports:
    """Watches imports of the modules `names`. `save` returns a function that sets the random generators back."""

    def __init__(self, names: Iterable[str], save: Callable[[], Callable[[], None]]) -> None:
        self.found: dict[str, str] = {}
        """The modules that were imported, with their files, in order."""
        self.why_not = ""
        """Why no process may be forked in place of these imports; empty if one may."""
        self._save = save
        self._environment = dict(os.environ)
        self._is_importing = False
        self._noting = True
        for name in names:
            if name not in sys.modules:
                around_import(name, self._watch)

    def stop(self) -> None:
        """Note no further imports: the first epoch begins."""
        self._noting = False

    @contextmanager
    def _watch(self, module: ModuleType) -> Iterator[None]:
        """The module is imported in this context. What others it imports belongs to it."""
        if not self._noting:  # a forked process would not undo what it draws
            yield
            return
        name, outermost = module.__name__, not self._is_importing
        if outermost and not self.why_not and (changed := self._list_changed()):
            self.why_not = f"{', '.join(changed)} {'is' if len(changed) == 1 else 'are'} set before {name} is imported"
        restore = self._save() if outermost else None
        self._is_importing = True
        try:
            yield
            self._note(name, getattr(module, "__file__", None) or "")
        finally:
            if restore:  # a program may go on without a library that cannot be imported
                restore()
                self._is_importing = False
                self._environment = dict(os.environ)

    def _note(self, name: str, file: str) -> None:
        if INSTALLED.intersection(Path(file).parts):
            self.found[name] = file
        elif not self.why_not:  # it may be the program's own, and change from arm to arm
            self.why_not = f"{name} is not an installed package"

    def _list_changed(self) -> list[str]:
        return sorted(
            name for name in {*self._environment, *os.environ} if self._environment.get(name) != os.environ.get(name)
        )


def import_again(files: dict[str, str]) -> str:
    """Import these modules, given with their files, and return why processes cannot be forked after that; empty if they
    can."""
    for first in ("numpy", "scipy"):  # their thread pools survive a fork: OpenBLAS ends and starts them around it
        if first in files:
            __import__(first)
            with suppress(ImportError):
                __import__(f"{first}.linalg")
    before = _count_threads()
    for name, file in files.items():
        __import__(name)
        found = getattr(sys.modules[name], "__file__", None) or ""
        if found != file:
            return f"{name} is imported from {found or 'no file'}, and not from {file}"
    if _count_threads() > before:
        return "its libraries start threads when they are imported, which no forked process would have"
    return ""


def _count_threads() -> int:
    with suppress(OSError):
        return sum(1 for _ in Path("/proc/self/task").iterdir())
    return 1

"""Runs the program's own exit handlers when it has ended: its process goes on, and is then killed.

Those of installed libraries are left out: some tear down a framework that is still asked for its memory.
"""

from __future__ import annotations

import atexit
import traceback
from collections.abc import Callable
from typing import Any

from harness.worker.imports.ownership import is_own


class ExitHandlers:
    """Keeps functions of the program that it registers with `atexit` from now on."""

    def __init__(self) -> None:
        self._kept: list[tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]] = []
        self._register, self._unregister = atexit.register, atexit.unregister
        own: Any = atexit
        own.register, own.unregister = self._keep, self._forget

    def _keep(self, func: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Callable[..., Any]:
        code = getattr(getattr(func, "__func__", func), "__code__", None)
        if code is None or not is_own(code.co_filename):
            return self._register(func, *args, **kwargs)
        self._kept.append((func, args, kwargs))
        return func

    def _forget(self, func: Callable[..., Any]) -> None:
        self._kept = [one for one in self._kept if one[0] != func]
        self._unregister(func)

    def run(self) -> None:
        """Call them, the latest first. One that fails is reported as Python would, and the others are called."""
        while self._kept:
            func, args, kwargs = self._kept.pop()
            try:
                func(*args, **kwargs)
            except Exception:
                traceback.print_exc()

"""`scipy.optimize.minimize`, once a framework is loaded: it calls a function after each iteration of the optimizer.

Its method, such as "l-bfgs-b", is the kind of these epochs. Loops over several minimizations have none of their own.
"""

from __future__ import annotations

import functools
from types import ModuleType
from typing import Any

from harness.worker.programs.adapters.base import make_loop
from harness.worker.programs.watcher import Watcher

_USUAL = "bfgs"
"""The method that SciPy takes for a problem without bounds and constraints."""


class _Minimize:
    modules = ("scipy.optimize._minimize",)

    def install(self, module: ModuleType, watcher: Watcher) -> None:
        own: Any = module
        minimize = own.minimize

        @functools.wraps(minimize)
        def minimizes(
            fun: Any, x0: Any, args: Any = (), method: Any = None, *others: Any, callback: Any = None, **named: Any
        ) -> Any:
            if not watcher.is_training() or len(others) > 6:  # then the callback is among them, by its position
                named |= {} if callback is None else {"callback": callback}
                return minimize(fun, x0, args, method, *others, **named)
            loop = make_loop("SciPy minimize", method.lower() if isinstance(method, str) else _USUAL)

            def ends_epoch() -> None:
                watcher.end(loop)
                watcher.begin(loop)

            watcher.begin(loop)
            try:
                return minimize(fun, x0, args, method, *others, callback=_add(ends_epoch, callback), **named)
            finally:
                watcher.cancel(loop)  # what came after the last iteration

        own.minimize = minimizes


def _add(then: Any, callback: Any) -> Any:
    """Return a callback that also calls `then`. SciPy passes the argument that the callback's signature asks for."""
    if callback is None:
        return lambda *_arguments, **_named: then()

    @functools.wraps(callback)
    def both(*arguments: Any, **named: Any) -> Any:
        returned = callback(*arguments, **named)
        then()
        return returned

    return both


ADAPTER = _Minimize()

"""`solve` of jinns: it compiles its whole loop, so that Python sees none of its iterations. Each call is one epoch."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from harness.worker.programs.adapters.base import make_loop
from harness.worker.programs.watcher import Watcher


class _Jinns:
    modules = ("jinns.solver._solve", "jinns.solver._solve_alternate")

    def install(self, module: ModuleType, watcher: Watcher) -> None:
        name = module.__name__.rpartition(".")[2].lstrip("_")
        solve = getattr(module, name)

        @functools.wraps(solve)
        def solves(*arguments: Any, **named: Any) -> Any:
            loop = make_loop(f"jinns {name}", name)
            watcher.begin(loop)
            returned = solve(*arguments, **named)
            watcher.end(loop, _get_losses(returned))
            return returned

        setattr(module, name, solves)


def _get_losses(returned: Any) -> Mapping[str, Any] | None:
    """Return the loss of the latest iteration; those that did not run are left at 0."""
    try:
        ran = [value for value in returned[1].tolist() if value]
    except (AttributeError, IndexError, TypeError):  # another version may return something else
        return None
    return {"loss": ran[-1]} if ran else None


ADAPTER = _Jinns()

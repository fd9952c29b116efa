"""`LBFGS.step` of PyTorch, called once for many iterations: each evaluation of its closure is an epoch.

Within a loop that has epochs already, nothing is added.
"""

from __future__ import annotations

import functools
from types import ModuleType
from typing import Any

from harness.worker.programs.adapters.base import make_loop
from harness.worker.programs.noticing import convert
from harness.worker.programs.watcher import Watcher


class _LBFGS:
    modules = ("torch.optim.lbfgs",)

    def install(self, module: ModuleType, watcher: Watcher) -> None:
        optimizer = module.LBFGS
        step = optimizer.step

        @functools.wraps(step)
        def steps(self: Any, closure: Any) -> Any:
            loop = make_loop("PyTorch LBFGS", "lbfgs")

            def evaluates() -> Any:
                returned = closure()
                loss = convert(returned, watcher.defer)
                watcher.end(loop, None if loss is None else {"loss": loss})
                watcher.begin(loop)
                return returned

            watcher.begin(loop)
            try:
                return step(self, evaluates)
            finally:
                watcher.cancel(loop)  # what came after the last evaluation

        optimizer.step = steps


ADAPTER = _LBFGS()

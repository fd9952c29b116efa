"""`Model.train` of DeepXDE: its list of callbacks is called before and after each iteration, or call of L-BFGS.

The optimizer is the kind of its epochs. DeepXDE computes losses only every so often, so most epochs have none.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

from harness.worker.programs.adapters.base import make_loop, watch_methods
from harness.worker.programs.watcher import Loop, Watcher


class _DeepXDE:
    modules = ("deepxde.callbacks",)

    def install(self, module: ModuleType, watcher: Watcher) -> None:
        watch_methods(
            module.CallbackList,
            watcher,
            begin="on_epoch_begin",
            end="on_epoch_end",
            stop="on_train_end",
            loop=_make_loop,
        )


def _make_loop(callbacks: Any) -> Loop:
    optimizer = getattr(callbacks.model, "opt_name", None)
    return make_loop("DeepXDE train", optimizer.lower() if isinstance(optimizer, str) else None)


ADAPTER = _DeepXDE()

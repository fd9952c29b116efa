"""`Model.train` of DeepXDE: its list of callbacks is called before and after each iteration, or call of L-BFGS.

The optimizer is the kind of its epochs. DeepXDE computes losses only every so often, so most epochs have none.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

from harness.worker.programs.adapters.base import make_loop
from harness.worker.programs.watcher import Loop, Watcher


class _DeepXDE:
    modules = ("deepxde.callbacks",)

    def install(self, module: ModuleType, watcher: Watcher) -> None:
        callbacks = module.CallbackList
        begin, end, stop = callbacks.on_epoch_begin, callbacks.on_epoch_end, callbacks.on_train_end
        callbacks._harness_loop = None

        def on_epoch_begin(self: Any) -> None:
            if self._harness_loop is None:
                self._harness_loop = make_loop("DeepXDE train")
                self._harness_loop.kind = _name_optimizer(self.model)
            watcher.begin(self._harness_loop)
            begin(self)

        def on_epoch_end(self: Any) -> None:
            end(self)
            if isinstance(self._harness_loop, Loop):
                watcher.end(self._harness_loop)

        def on_train_end(self: Any) -> None:
            if isinstance(self._harness_loop, Loop):
                watcher.cancel(self._harness_loop)
            stop(self)

        callbacks.on_epoch_begin, callbacks.on_epoch_end = on_epoch_begin, on_epoch_end
        callbacks.on_train_end = on_train_end


def _name_optimizer(model: Any) -> str | None:
    name = getattr(model, "opt_name", None)
    return name.lower() if isinstance(name, str) else None


ADAPTER = _DeepXDE()

"""`Trainer.fit` of Lightning, which PINA uses too: its loop calls a method before and after each epoch."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from harness.worker.programs.adapters.base import make_loop
from harness.worker.programs.watcher import Loop, Watcher


class _Lightning:
    modules = ("lightning.pytorch.loops.fit_loop", "pytorch_lightning.loops.fit_loop")

    def install(self, module: ModuleType, watcher: Watcher) -> None:
        fit = module._FitLoop
        begin, end = fit.on_advance_start, fit.on_advance_end
        fit._harness_loop = None

        def on_advance_start(self: Any) -> None:
            if self._harness_loop is None:
                self._harness_loop = make_loop("Lightning fit")
            watcher.begin(self._harness_loop)
            begin(self)

        def on_advance_end(self: Any) -> None:
            end(self)
            if isinstance(self._harness_loop, Loop):
                watcher.end(self._harness_loop, getattr(self.trainer, "callback_metrics", None))

        fit.on_advance_start, fit.on_advance_end = on_advance_start, on_advance_end


ADAPTER = _Lightning()

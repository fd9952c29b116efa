"""`Trainer.fit` of Lightning, which PINA uses too: its loop calls a method before and after each epoch."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any

from harness.worker.programs.adapters.base import make_loop, watch_methods
from harness.worker.programs.watcher import Loop, Watcher


class _Lightning:
    modules = ("lightning.pytorch.loops.fit_loop", "pytorch_lightning.loops.fit_loop")

    def install(self, module: ModuleType, watcher: Watcher) -> None:
        watch_methods(
            module._FitLoop,
            watcher,
            begin="on_advance_start",
            end="on_advance_end",
            stop="on_run_end",
            loop=_make_loop,
            losses=_get_losses,
        )


def _make_loop(fit: Any) -> Loop:
    return make_loop("Lightning fit")


def _get_losses(fit: Any) -> Mapping[str, Any] | None:
    return getattr(fit.trainer, "callback_metrics", None)


ADAPTER = _Lightning()

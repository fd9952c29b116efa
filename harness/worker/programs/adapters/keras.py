"""`Model.fit` of Keras 2 and 3: its list of callbacks is called before and after each epoch."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any

from harness.worker.programs.adapters.base import make_loop, watch_methods
from harness.worker.programs.watcher import Loop, Watcher


class _Keras:
    modules = ("keras.src.callbacks.callback_list", "keras.src.callbacks", "keras.callbacks", "tf_keras.src.callbacks")

    def install(self, module: ModuleType, watcher: Watcher) -> None:
        callbacks = getattr(module, "CallbackList", None)
        if callbacks is not None:  # not every module of that name has it in every version
            watch_methods(
                callbacks,
                watcher,
                begin="on_epoch_begin",
                end="on_epoch_end",
                stop="on_train_end",
                loop=_make_loop,
                losses=_get_losses,
            )


def _make_loop(callbacks: Any) -> Loop:
    return make_loop("Keras fit", length=(getattr(callbacks, "params", None) or {}).get("epochs"))


def _get_losses(callbacks: Any, epoch: int, logs: Mapping[str, Any] | None = None) -> Mapping[str, Any] | None:
    return logs


ADAPTER = _Keras()

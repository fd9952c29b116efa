"""`Model.fit` of Keras 2 and 3: its list of callbacks is called before and after each epoch."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from harness.worker.programs.adapters.base import make_loop
from harness.worker.programs.watcher import Loop, Watcher


class _Keras:
    modules = ("keras.src.callbacks.callback_list", "keras.src.callbacks", "keras.callbacks", "tf_keras.src.callbacks")

    def install(self, module: ModuleType, watcher: Watcher) -> None:
        callbacks = getattr(module, "CallbackList", None)
        if callbacks is None or "_harness_loop" in vars(callbacks):  # modules may export the same class
            return
        begin, end, stop = callbacks.on_epoch_begin, callbacks.on_epoch_end, callbacks.on_train_end
        callbacks._harness_loop = None

        def on_epoch_begin(self: Any, *arguments: Any, **named: Any) -> Any:
            if self._harness_loop is None:
                self._harness_loop = make_loop("Keras fit")
                self._harness_loop.length = (getattr(self, "params", None) or {}).get("epochs")
            watcher.begin(self._harness_loop)
            return begin(self, *arguments, **named)

        def on_epoch_end(self: Any, epoch: int, logs: Any = None) -> Any:
            returned = end(self, epoch, logs)
            if isinstance(self._harness_loop, Loop):
                watcher.end(self._harness_loop, logs or {})
            return returned

        def on_train_end(self: Any, *arguments: Any, **named: Any) -> Any:
            if isinstance(self._harness_loop, Loop):
                watcher.cancel(self._harness_loop)
            return stop(self, *arguments, **named)

        callbacks.on_epoch_begin, callbacks.on_epoch_end = on_epoch_begin, on_epoch_end
        callbacks.on_train_end = on_train_end


ADAPTER = _Keras()

"""`bfgs_minimize` and `lbfgs_minimize` of TensorFlow Probability: each evaluation of the function is an epoch.

Within a `tf.function`, the function is called to trace it only, and nothing is seen.
"""

from __future__ import annotations

import functools
import sys
from types import ModuleType
from typing import Any

from harness.worker.programs.adapters.base import make_loop
from harness.worker.programs.watcher import Watcher


class _Probability:
    modules = (
        "tensorflow_probability.python.optimizer.lbfgs",
        "tensorflow_probability.python.optimizer.bfgs",
    )

    def install(self, module: ModuleType, watcher: Watcher) -> None:
        own: Any = module
        own.minimize = _watch(own.minimize, module.__name__.rpartition(".")[2], watcher)


def _watch(minimize: Any, kind: str, watcher: Watcher) -> Any:
    @functools.wraps(minimize)
    def minimizes(value_and_gradients_function: Any, *arguments: Any, **named: Any) -> Any:
        if not sys.modules["tensorflow"].executing_eagerly():
            return minimize(value_and_gradients_function, *arguments, **named)
        loop = make_loop(f"TensorFlow Probability {kind}_minimize", kind)

        @functools.wraps(value_and_gradients_function)
        def evaluates(*position: Any, **more: Any) -> Any:
            returned = value_and_gradients_function(*position, **more)
            watcher.end(loop, _get_losses(returned))
            watcher.begin(loop)
            return returned

        watcher.begin(loop)
        try:
            return minimize(evaluates, *arguments, **named)
        finally:
            watcher.cancel(loop)  # what came after the last evaluation

    return minimizes


def _get_losses(returned: Any) -> dict[str, float] | None:
    """Return the value that was minimized, if it is one number."""
    value = returned[0] if isinstance(returned, (tuple, list)) and returned else None
    shape = getattr(value, "shape", None)
    return {"loss": float(value)} if shape is not None and not len(shape) else None  # type: ignore[arg-type]


ADAPTER = _Probability()

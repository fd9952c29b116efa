"""Which `tf.function`s an epoch calls, and with what: so that their operations can be counted later.

It takes the place of `tf.function`'s `__call__` for as long as one epoch lasts, and holds on to what a call was given
without its tensors: of those it keeps shape and type. Only outermost calls are noted, since the others are part of
them. What runs outside of every `tf.function` is not seen, except that a gradient taken there is told of.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

_BY_VALUE = (bool, int, float, complex, str, bytes, type(None))
"""Types of Python arguments that are the same to TensorFlow where they are equal."""


@dataclass
class Call:
    """One way in which an epoch calls a function."""

    function: Any
    arguments: Any
    """(args, kwargs), nested as they were given, with a `tf.TensorSpec` in the place of every tensor and array."""
    times: int = 0


@dataclass
class Calls:
    """The outermost calls of one epoch."""

    distinct: dict[Any, Call] = field(default_factory=dict)
    trouble: str | None = None
    """Why they are not all that the epoch computes, where that is known."""


class CallProbe:
    """Notes the calls of those epochs that it is told to watch; of each kind it keeps the last one's."""

    def __init__(self) -> None:
        self.by_kind: dict[str, Calls] = {}
        self._depth = threading.local()

    @contextmanager
    def watching(self, kind: str) -> Iterator[None]:
        """While this lasts, an epoch of `kind` runs. Until somebody loads TensorFlow, there is nothing to see."""
        if "tensorflow" not in sys.modules:
            yield
            return
        calls = self.by_kind[kind] = Calls()
        undo = self._attach(calls)
        try:
            yield
        finally:
            undo()

    def _attach(self, calls: Calls) -> Callable[[], None]:
        try:
            import tensorflow as tf

            function, tape = type(tf.function(lambda: 0)), tf.GradientTape
            call, gradient = function.__call__, tape.gradient
            function.__call__ = self._noting(call, calls)
            tape.gradient = self._telling(gradient, calls)
        except Exception as error:  # a TensorFlow that is not as expected is no reason for an arm to fail
            calls.trouble = f"TensorFlow's calls could not be watched: {error!r}"
            return lambda: None

        def undo() -> None:
            function.__call__ = call
            tape.gradient = gradient

        return undo

    def _noting(self, call: Callable[..., Any], calls: Calls) -> Callable[..., Any]:
        depth = self._depth

        def noted(function: Any, *args: Any, **kwargs: Any) -> Any:
            level = getattr(depth, "level", 0)
            if not level:
                _note(calls, function, args, kwargs)
            depth.level = level + 1
            try:
                return call(function, *args, **kwargs)
            finally:
                depth.level = level

        return noted

    def _telling(self, gradient: Callable[..., Any], calls: Calls) -> Callable[..., Any]:
        depth = self._depth

        def told(*args: Any, **kwargs: Any) -> Any:
            if not getattr(depth, "level", 0):
                calls.trouble = calls.trouble or "gradients were taken outside of every tf.function"
            return gradient(*args, **kwargs)

        return told


def _note(calls: Calls, function: Any, args: Any, kwargs: Any) -> None:
    try:
        import tensorflow as tf

        if tf.inside_function():  # as when a data pipeline traces what it maps
            return
        arguments = tf.nest.map_structure(_described, (args, kwargs))
        nesting = repr(tf.nest.map_structure(lambda leaf: 0, arguments))
        key = id(function), nesting, *(_identity(leaf) for leaf in tf.nest.flatten(arguments))
        calls.distinct.setdefault(key, Call(function, arguments)).times += 1
    except Exception as error:  # an exception here would end the user's own call
        calls.trouble = calls.trouble or f"one of its calls could not be noted: {error}"


def _described(leaf: Any) -> Any:
    """What stands for an argument: shape and type of a tensor or an array, anything else itself."""
    import numpy as np
    import tensorflow as tf

    if isinstance(leaf, tf.Tensor | np.ndarray | np.generic):
        return tf.TensorSpec(leaf.shape, leaf.dtype)
    if hasattr(leaf, "_type_spec") and not isinstance(leaf, tf.Variable):  # it is made of tensors
        raise TypeError(f"it takes a {type(leaf).__name__}")
    return leaf


def _identity(leaf: Any) -> Any:
    import tensorflow as tf

    if isinstance(leaf, tf.TensorSpec):
        return tuple(leaf.shape), leaf.dtype
    return (type(leaf), leaf) if isinstance(leaf, _BY_VALUE) else id(leaf)

"""Notes which `tf.function`s an epoch calls, and with which arguments, so that their operations can be counted later;
and in programs for TensorFlow 1, what their sessions run.

It replaces `tf.function`'s `__call__` and the session's `run` during one epoch. It keeps the arguments of a call, but
only shape and type of tensors. Only outermost calls are noted, because the others are part of them. Operations outside
of every `tf.function` are not seen here; if a gradient is taken there, that is reported.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter
from types import FrameType
from typing import Any

from harness.worker.probes.places import find_stack
from harness.worker.probes.tensorflow.sessions import SessionRun
from harness.worker.wire.reasons import one_line

OUTSIDE = "gradients were taken outside of every tf.function"
"""The trouble that is none where operations outside of functions are observed, too."""
_BY_VALUE = (bool, int, float, complex, str, bytes, type(None))
"""Types of Python arguments that TensorFlow compares by value."""


@dataclass
class Call:
    """One way in which an epoch calls a function."""

    function: Any
    arguments: Any
    """(args, kwargs) with their nesting, and with a `tf.TensorSpec` in place of every tensor and array."""
    times: int = 0


@dataclass
class Calls:
    """The outermost calls of one epoch."""

    distinct: dict[Any, Call | SessionRun] = field(default_factory=dict)
    trouble: str | None = None
    """Why the noted calls are known not to be all that the epoch computes, or None."""
    ran: list[tuple[float, float, Any]] = field(default_factory=list)
    """When each call began and ended by the clock, and its key in `distinct`."""


class CallProbe:
    """Notes the calls of the epochs that run in its context, and keeps those of the last epoch of each kind."""

    def __init__(self) -> None:
        self.by_kind: dict[str, Calls] = {}
        self._depth = threading.local()
        self._takes_eager = True

    @contextmanager
    def leaving_eager(self) -> Iterator[None]:
        """In this context, do not note calls of functions that TensorFlow has been told to run eagerly, because their
        operations are observed one by one."""
        self._takes_eager = False
        try:
            yield
        finally:
            self._takes_eager = True

    def is_inside(self) -> bool:
        """Whether this thread is in a call that is noted."""
        return getattr(self._depth, "level", 0) > 0

    @contextmanager
    def watching(self, kind: str) -> Iterator[None]:
        """Note the calls of an epoch of `kind` in this context. Nothing is noted until TensorFlow is loaded."""
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
            session = next(one for one in tf.compat.v1.Session.__mro__ if "run" in vars(one))
            run = session.run
            function.__call__ = self._wrap_call(call, calls)
            session.run = self._wrap_run(run, calls)
            tape.gradient = self._wrap_gradient(gradient, calls)
        except Exception as error:  # an unexpected version of TensorFlow must not make an arm fail
            calls.trouble = f"calls of TensorFlow could not be observed: {error!r}"
            return lambda: None

        def undo() -> None:
            function.__call__ = call
            session.run = run
            tape.gradient = gradient

        return undo

    def _wrap_call(self, call: Callable[..., Any], calls: Calls) -> Callable[..., Any]:
        def noted(function: Any, *args: Any, **kwargs: Any) -> Any:
            if not self._takes_eager and _run_eagerly():
                return call(function, *args, **kwargs)
            key = None if self.is_inside() else _note(calls, function, args, kwargs)
            with self._calling(calls, key):
                return call(function, *args, **kwargs)

        return noted

    def _wrap_run(self, run: Callable[..., Any], calls: Calls) -> Callable[..., Any]:
        def noted(session: Any, fetches: Any, feed_dict: Any = None, *others: Any, **more: Any) -> Any:
            key = None if self.is_inside() else _note_run(calls, session, fetches, feed_dict, sys._getframe(1))
            with self._calling(calls, key):
                return run(session, fetches, feed_dict, *others, **more)

        return noted

    @contextmanager
    def _calling(self, calls: Calls, key: Any | None) -> Iterator[None]:
        """In this context a call runs, with this key if it is noted."""
        depth = self._depth
        level = getattr(depth, "level", 0)
        depth.level = level + 1
        began = perf_counter()
        try:
            yield
        finally:
            depth.level = level
            if key is not None:
                calls.ran.append((began, perf_counter(), key))

    def _wrap_gradient(self, gradient: Callable[..., Any], calls: Calls) -> Callable[..., Any]:
        depth = self._depth

        def reported(*args: Any, **kwargs: Any) -> Any:
            if not getattr(depth, "level", 0):
                calls.trouble = calls.trouble or OUTSIDE
            return gradient(*args, **kwargs)

        return reported


def _run_eagerly() -> bool:
    import tensorflow as tf

    return bool(tf.config.functions_run_eagerly())


def _note(calls: Calls, function: Any, args: Any, kwargs: Any) -> Any:
    """Note a call, and return its key; None if it does not count, or could not be noted."""
    try:
        import tensorflow as tf

        if tf.inside_function():  # such as when a data pipeline traces the function that it maps
            return None
        arguments = tf.nest.map_structure(_describe_argument, (args, kwargs))
        nesting = repr(tf.nest.map_structure(lambda leaf: 0, arguments))
        key = id(function), nesting, *(_identify_argument(leaf) for leaf in tf.nest.flatten(arguments))
        calls.distinct.setdefault(key, Call(function, arguments)).times += 1
        return key
    except Exception as error:  # an exception here would end the user's own call
        if calls.trouble in (None, OUTSIDE):
            calls.trouble = f"a call could not be recorded: {error}"
        return None


def _note_run(calls: Calls, session: Any, fetches: Any, feeds: Any, frame: FrameType) -> Any:
    """Note a run of a session, and return its key; None if it could not be noted."""
    try:
        run = SessionRun.of(session, fetches, feeds or {}, find_stack(frame))
        calls.distinct.setdefault(run.key, run).times += 1
        return run.key
    except Exception as error:  # an exception here would end the user's own run
        calls.trouble = f"a run of a session could not be recorded: {one_line(error)}"
        return None


def _describe_argument(leaf: Any) -> Any:
    """Return shape and type of a tensor or an array as a `tf.TensorSpec`, or any other argument itself."""
    import numpy as np
    import tensorflow as tf

    if isinstance(leaf, tf.Tensor | np.ndarray | np.generic):
        return tf.TensorSpec(leaf.shape, leaf.dtype)
    if hasattr(leaf, "_type_spec") and not isinstance(leaf, tf.Variable):  # it consists of tensors
        raise TypeError(f"it has an argument of type {type(leaf).__name__}")
    return leaf


def _identify_argument(leaf: Any) -> Any:
    import tensorflow as tf

    if isinstance(leaf, tf.TensorSpec):
        return tuple(leaf.shape), leaf.dtype
    return (type(leaf), leaf) if isinstance(leaf, _BY_VALUE) else id(leaf)

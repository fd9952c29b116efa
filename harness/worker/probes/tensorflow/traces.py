"""Collects every tracing of a `tf.function` in this process, including those in libraries.

TensorFlow has no public event for tracings, so this wraps one private function through which every tracing goes. If
that function is not as expected, it falls back to TensorFlow's list of callbacks, which give no times. If that does not
exist either, tracings are reported as unavailable. Calls that do not trace cost nothing, and errors here never affect
the calls that do.
"""

from __future__ import annotations

import inspect
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from time import perf_counter
from types import ModuleType
from typing import Any

from harness.worker.imports.hooks import when_imported
from harness.worker.probes.base import Awake, Span
from harness.worker.probes.places import shorten_path
from harness.worker.probes.tensorflow.causes import Causes
from harness.worker.wire.evidence import TRACES, Cause, Trace

_HOOKED = "tensorflow.python.eager.polymorphic_function.tracing_compilation"
_PARAMETERS = ["function_type", "type_context", "func_graph", "tracing_options"]
_CALLBACKS = "tensorflow.python.eager.polymorphic_function.transform"


class _Nesting(threading.local):
    """The unfinished tracings of one thread."""

    def __init__(self) -> None:
        self.inside: list[float] = []
        """Seconds spent in the tracings inside each of them, the outermost first."""


class TraceProbe:
    """Collects the tracings of each epoch. `phase` returns the current phase."""

    name = TRACES

    def __init__(self, phase: Callable[[], str] | None = None) -> None:
        self.idle = True
        """Whether TensorFlow has not been imported yet."""
        self._reasons: dict[str, str] = {}
        self.names: dict[str, tuple[str, str]] = {}
        """The name and the place of each traced Python function, by TensorFlow's name of it."""
        self._spans: list[tuple[str, float, float]] = []
        """The tracings of the latest epoch: function, start by the clock, and seconds including inner tracings."""
        self.any = False
        """Whether anything has been traced so far."""
        self._seen: list[Trace] = []
        self._causes = Causes()
        self._nesting = _Nesting()
        self._phase = phase

    @property
    def unavailable(self) -> Mapping[str, str]:
        """What cannot be observed in the TensorFlow that was imported."""
        return self._reasons

    def begin(self, fresh: bool) -> None:
        """Discard the tracings of `state()` and `kind()`, which belong to no epoch."""
        self._seen, self._spans = [], []

    def end(self, wall: float = 0.0) -> list[Trace]:
        seen, self._seen = self._seen, []
        return seen

    def spans(self) -> Iterable[Span]:
        return [Span("training", "tracings", f"tracing {name}", began, took) for name, began, took in self._spans]

    def install(self) -> None:
        """Observe tracings from now on, or from the import of TensorFlow."""
        when_imported(_HOOKED, self._attach)

    def _attach(self, module: ModuleType) -> None:
        self.idle = False
        Awake.probes += 1
        original = getattr(module, "_create_concrete_function", None)
        if inspect.isfunction(original) and [*inspect.signature(original).parameters] == _PARAMETERS:
            module._create_concrete_function = self._wrap_with_timer(original)  # type: ignore[attr-defined]
            return
        callbacks = getattr(sys.modules.get(_CALLBACKS), "CONCRETE_FUNCTION_CALLBACKS", None)
        if isinstance(callbacks, list):
            callbacks.append(self._record_untimed)
            self._reasons["times and causes of traces"] = "this version of TensorFlow offers no way to time traces"
            return
        self._reasons[TRACES] = "this version of TensorFlow offers no way to observe traces"

    def _wrap_with_timer(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def create(function_type: Any, type_context: Any, func_graph: Any, tracing_options: Any) -> Any:
            cause = self._explain(function_type, tracing_options)
            nested = self._nesting.inside
            nested.append(0.0)
            start = perf_counter()
            try:
                concrete = original(function_type, type_context, func_graph, tracing_options)
                self._remember_name(concrete, tracing_options)
                return concrete
            finally:
                inclusive = perf_counter() - start
                exclusive = inclusive - nested.pop()
                if nested:
                    nested[-1] += inclusive
                self._record(getattr(tracing_options, "python_function", None), func_graph, exclusive, cause)
                self._spans.append((str(getattr(func_graph, "name", "?")), start, inclusive))

        return create

    def _record_untimed(self, concrete: Any) -> None:
        self._record(None, getattr(concrete, "graph", None), None)

    def _remember_name(self, concrete: Any, options: Any) -> None:
        with suppress(Exception):  # an exception here would end the user's own call
            name, where = _identify(options.python_function)
            self.names[concrete.name.decode()] = name or "?", where

    def _explain(self, function_type: Any, options: Any) -> Cause | None:
        try:
            return self._causes.explain(function_type, options, _get_code(_unwrap(options.python_function)))
        except Exception as error:  # an exception here would end the user's own call
            print(f"harness: the cause of a trace was not observed: {error!r}", file=sys.stderr)
            return None

    def _record(self, function: Any, graph: Any, seconds: float | None, cause: Cause | None = None) -> None:
        self.any = True
        try:
            name, where = _identify(function)
            phase = self._phase() if self._phase else None
            self._seen.append(Trace(name or str(getattr(graph, "name", "?")), where, seconds, cause, phase))
        except Exception as error:  # an exception here would end the user's own call
            print(f"harness: a tracing could not be described: {error!r}", file=sys.stderr)


def _unwrap(function: Any) -> Any:
    """Return the user's Python function behind the one that TensorFlow traces, which may wrap or bind it."""
    for _ in range(20):
        inner = getattr(function, "__wrapped__", None) or getattr(function, "func", None)
        inner = inner or getattr(function, "__original_wrapped__", None) or getattr(function, "__func__", None)
        inner = inner or _unwrap_dataset_function(function)
        if inner is None:
            break
        function = inner
    return function


def _unwrap_dataset_function(function: Any) -> Any:
    """Return the user's function inside one that a tf.data.Dataset has made, or None if this is not such a function."""
    code, cells = getattr(function, "__code__", None), getattr(function, "__closure__", None)
    if code is None or not cells or not _qualify_name(function, code).startswith("StructuredFunctionWrapper."):
        return None
    held = dict(zip(code.co_freevars, cells, strict=True)).get("self")
    return getattr(held.cell_contents, "_func", None) if held else None


def _get_code(function: Any) -> Any:
    return getattr(function, "__code__", None) or getattr(type(function).__call__, "__code__", None)


def _identify(function: Any) -> tuple[str | None, str]:
    """Return the name and the place of the Python function behind the one that TensorFlow traces."""
    function = _unwrap(function)
    code = _get_code(function)
    if code is None:
        return getattr(function, "__name__", None), "?"
    return _qualify_name(function, code).replace(
        ".<locals>", ""
    ), f"{shorten_path(code.co_filename)}:{code.co_firstlineno}"


def _qualify_name(function: Any, code: Any) -> str:
    """Return a function's name with those of the classes and functions around it.

    Python 3.10 has it only as an attribute of the function, which a program may have changed.
    """
    named = function if hasattr(function, "__code__") else type(function).__call__
    return str(getattr(code, "co_qualname", None) or getattr(named, "__qualname__", code.co_name))

"""Every tracing of a `tf.function` in this process, whoever owns the function.

TensorFlow has no public event for it, so this wraps one private function, through which every tracing goes. Where that
is not as expected it falls back to TensorFlow's list of callbacks (an event, without its time), and where that is gone
too it says that it is not available. It costs nothing on a call that does not trace, and never breaks one that does.
"""

from __future__ import annotations

import inspect
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from time import perf_counter
from types import ModuleType
from typing import Any

from harness.worker.imports.hooks import when_imported
from harness.worker.probes.base import Span
from harness.worker.probes.tensorflow.causes import Causes
from harness.worker.wire.evidence import TRACES, Cause, Trace

_HOOKED = "tensorflow.python.eager.polymorphic_function.tracing_compilation"
_PARAMETERS = ["function_type", "type_context", "func_graph", "tracing_options"]
_CALLBACKS = "tensorflow.python.eager.polymorphic_function.transform"


class _Nesting(threading.local):
    """Of the tracings under way in one thread, outermost first: seconds spent in the tracings inside each."""

    def __init__(self) -> None:
        self.inside: list[float] = []


class TraceProbe:
    """Collects the tracings of each epoch. `phase` tells which phase is under way."""

    name = TRACES

    def __init__(self, phase: Callable[[], str] | None = None) -> None:
        self._reasons: dict[str, str] = {}
        self.names: dict[str, tuple[str, str]] = {}
        """The function and the place behind what TensorFlow calls by a name of its own."""
        self._spans: list[tuple[str, float, float]] = []
        """Of the latest epoch: function, when it began by the clock, and seconds, inner ones included."""
        self.any = False
        """Whether anything has been traced so far."""
        self._seen: list[Trace] = []
        self._causes = Causes()
        self._nesting = _Nesting()
        self._phase = phase

    @property
    def unavailable(self) -> Mapping[str, str]:
        """What could not be watched, once TensorFlow was there."""
        return self._reasons

    def begin(self, fresh: bool) -> None:
        """What `state()` or `kind()` traced belongs to no epoch."""
        self._seen, self._spans = [], []

    def end(self, wall: float = 0.0) -> list[Trace]:
        seen, self._seen = self._seen, []
        return seen

    def spans(self) -> Iterable[Span]:
        return [Span("training", "tracings", f"tracing {name}", began, took) for name, began, took in self._spans]

    def install(self) -> None:
        """Watch from now on, or from the moment at which somebody imports TensorFlow."""
        when_imported(_HOOKED, self._attach)

    def _attach(self, module: ModuleType) -> None:
        original = getattr(module, "_create_concrete_function", None)
        if inspect.isfunction(original) and [*inspect.signature(original).parameters] == _PARAMETERS:
            module._create_concrete_function = self._timed(original)  # type: ignore[attr-defined]
            return
        callbacks = getattr(sys.modules.get(_CALLBACKS), "CONCRETE_FUNCTION_CALLBACKS", None)
        if isinstance(callbacks, list):
            callbacks.append(self._called_back)
            self._reasons["times and causes of traces"] = "this TensorFlow has no place at which a tracing can be timed"
            return
        self._reasons[TRACES] = "this TensorFlow offers neither of the two places at which tracing can be watched"

    def _timed(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def create(function_type: Any, type_context: Any, func_graph: Any, tracing_options: Any) -> Any:
            cause = self._explain(function_type, tracing_options)
            nested = self._nesting.inside
            nested.append(0.0)
            start = perf_counter()
            try:
                concrete = original(function_type, type_context, func_graph, tracing_options)
                self._name(concrete, tracing_options)
                return concrete
            finally:
                inclusive = perf_counter() - start
                exclusive = inclusive - nested.pop()
                if nested:
                    nested[-1] += inclusive
                self._see(getattr(tracing_options, "python_function", None), func_graph, exclusive, cause)
                self._spans.append((str(getattr(func_graph, "name", "?")), start, inclusive))

        return create

    def _called_back(self, concrete: Any) -> None:
        self._see(None, getattr(concrete, "graph", None), None)

    def _name(self, concrete: Any, options: Any) -> None:
        with suppress(Exception):  # an exception here would end the user's own call
            name, where = _identify(options.python_function)
            self.names[concrete.name.decode()] = name or "?", where

    def _explain(self, function_type: Any, options: Any) -> Cause | None:
        try:
            return self._causes.explain(function_type, options, _code(_innermost(options.python_function)))
        except Exception as error:  # an exception here would end the user's own call
            print(f"harness: the cause of a tracing could not be seen: {error!r}", file=sys.stderr)
            return None

    def _see(self, function: Any, graph: Any, seconds: float | None, cause: Cause | None = None) -> None:
        self.any = True
        try:
            name, where = _identify(function)
            phase = self._phase() if self._phase else None
            self._seen.append(Trace(name or str(getattr(graph, "name", "?")), where, seconds, cause, phase))
        except Exception as error:  # an exception here would end the user's own call
            print(f"harness: a tracing could not be described: {error!r}", file=sys.stderr)


def _innermost(function: Any) -> Any:
    """The Python function behind what TensorFlow traces: it wraps and binds the user's."""
    for _ in range(20):
        inner = getattr(function, "__wrapped__", None) or getattr(function, "func", None)
        inner = inner or getattr(function, "__original_wrapped__", None) or getattr(function, "__func__", None)
        inner = inner or _of_dataset(function)
        if inner is None:
            break
        function = inner
    return function


def _of_dataset(function: Any) -> Any:
    """The user's function in the one that a tf.data.Dataset makes of it; None if this is none of those."""
    code, cells = getattr(function, "__code__", None), getattr(function, "__closure__", None)
    if code is None or not cells or not _name(function, code).startswith("StructuredFunctionWrapper."):
        return None
    held = dict(zip(code.co_freevars, cells, strict=True)).get("self")
    return getattr(held.cell_contents, "_func", None) if held else None


def _code(function: Any) -> Any:
    return getattr(function, "__code__", None) or getattr(type(function).__call__, "__code__", None)


def _identify(function: Any) -> tuple[str | None, str]:
    """The name and the place of the Python function behind what TensorFlow traces."""
    function = _innermost(function)
    code = _code(function)
    if code is None:
        return getattr(function, "__name__", None), "?"
    return _name(function, code).replace(".<locals>", ""), f"{_short(code.co_filename)}:{code.co_firstlineno}"


def _name(function: Any, code: Any) -> str:
    """With the classes and functions around it. Python 3.10 has that at the function alone, which may have been told to
    go by another name."""
    named = function if hasattr(function, "__code__") else type(function).__call__
    return str(getattr(code, "co_qualname", None) or getattr(named, "__qualname__", code.co_name))


def _short(path: str) -> str:
    """A file as an import would name it, from its place on Python's path; any other by its last three parts. What is no
    file, such as `<string>`, as it is."""
    file = Path(path)
    if not file.is_absolute():
        return path
    roots = [root for root in map(Path, sys.path) if root.is_absolute() and file.is_relative_to(root)]
    if roots:
        return str(file.relative_to(max(roots, key=lambda root: len(root.parts))))
    return "/".join(file.parts[1:][-3:])

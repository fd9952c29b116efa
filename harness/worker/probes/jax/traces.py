"""Collects every tracing and compilation by JAX in this process.

JAX explains each miss of its cache of tracings in a message, if `jax_explain_cache_misses` is set, and reports how long
it traced, lowered and compiled by the events of `jax.monitoring`. The messages are kept from the program's log unless
it asked for them itself.
"""

from __future__ import annotations

import importlib
import logging
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from time import perf_counter
from types import ModuleType
from typing import Any

from harness.worker.imports.hooks import when_imported
from harness.worker.probes.base import Awake, Span
from harness.worker.probes.jax.causes import Misses
from harness.worker.probes.places import shorten_path
from harness.worker.wire.evidence import COMPILATIONS, FROM_CACHE, TRACES, Compilation, Trace

_OPTION = "jax_explain_cache_misses"
_LOGGERS = ("jax._src.interpreters.partial_eval", "jax._src.pjit")
"""The loggers of those messages, in newer and older versions."""
_MESSAGE = "TRACING CACHE MISS"
_TRACED = "/jax/core/compile/jaxpr_trace_duration"
_LOWERED = "/jax/core/compile/jaxpr_to_mlir_module_duration"
_COMPILED = "/jax/core/compile/backend_compile_duration"
_RETRIEVED = "/jax/compilation_cache/cache_retrieval_time_sec"


class JaxProbe:
    """Collects the tracings of each epoch, and keeps its compilations for `CollectedCompilations`. `phase` returns the
    current phase."""

    name = TRACES

    def __init__(self, phase: Callable[[], str] | None = None) -> None:
        self.any = False
        """Whether anything has been traced so far."""
        self.idle = True
        """Whether JAX has not been imported yet."""
        self._phase = phase
        self._reasons: dict[str, str] = {}
        self._misses = Misses()
        self._seen: list[Trace] = []
        """Tracings of the current epoch. The inner ones of others have no time of their own."""
        self._timed: list[tuple[str | None, float]] = []
        """Times of tracings that no message has explained yet: older versions explain afterwards."""
        self._finished: list[tuple[float, float]] = []
        """Start and seconds of the latest tracings, to take inner ones out of the outer."""
        self._compiled: list[Compilation] = []
        self._spans: list[Span] = []
        self._places: dict[str, str] = {}
        """The place of each traced function, by name."""
        self._latest = "?"
        """The function that was traced last: older versions do not name what they compile."""
        self._own = ""
        """The folder of JAX."""
        self._lowering = 0.0
        self._from_cache = False

    @property
    def unavailable(self) -> Mapping[str, str]:
        return self._reasons

    def install(self) -> None:
        """Observe JAX from its import on."""
        when_imported("jax", self._attach)

    def begin(self, fresh: bool) -> None:
        """Discard what happened before the epoch."""
        if self._seen or self._compiled or self._timed or self._spans:
            self._seen, self._timed, self._compiled, self._spans = [], [], [], []
            self._finished.clear()
        self._lowering = 0.0

    def end(self, wall: float = 0.0) -> list[Trace]:
        return self._seen

    def compilations(self) -> list[Compilation]:
        """Return the compilations of the current epoch."""
        return self._compiled

    def spans(self) -> Iterable[Span]:
        return self._spans

    def _attach(self, jax: ModuleType) -> None:
        self.idle = False
        Awake.probes += 1
        try:
            monitoring: Any = importlib.import_module("jax.monitoring")
            monitoring.register_event_duration_secs_listener(self._listen)
        except (ImportError, AttributeError):
            why = "this version of JAX offers no way to observe them"
            self._reasons |= {TRACES: why, COMPILATIONS: why}
            return
        self._own = f"{os.path.dirname(str(jax.__file__))}{os.sep}"  # noqa: PTH120 - messages begin with it
        config: Any = jax.config
        if getattr(config, _OPTION, False):
            shown = True
        else:
            shown = False
            try:
                config.update(_OPTION, True)
            except (AttributeError, ValueError):
                self._reasons[TRACES] = "this version of JAX does not explain them"
                return
        for name in _LOGGERS:
            logging.getLogger(name).addFilter(lambda record: self._read(record) or shown)

    def _read(self, record: logging.LogRecord) -> bool:
        """Note a tracing from its message. Returns whether the message is the program's own."""
        try:
            message = record.getMessage()
            if not message.startswith(_MESSAGE):
                return True
            miss = self._misses.explain(message)
            where = miss.where.rpartition(":")
            place = f"{shorten_path(where[0])}:{where[2]}" if where[0] else miss.where
            self._places[miss.function] = place
            self._latest = miss.function
            if self._own and miss.where.startswith(self._own):
                self._take_time(miss.function)  # JAX's own functions: newer versions do not explain these
                return False
            self.any = True
            phase = self._phase() if self._phase else None
            self._seen.append(Trace(miss.function, place, self._take_time(miss.function), miss.cause, phase))
        except Exception as error:  # an exception here would end the program's own call
            print(f"harness: a tracing of JAX could not be described: {error!r}", file=sys.stderr)
        return False

    def _take_time(self, function: str) -> float | None:
        """Return the time of a tracing that has ended just before its message. Others were not explained at all: what
        they traced was in the cache."""
        if self._timed and self._timed[-1][0] in (None, function):
            return self._timed.pop()[1]
        return None

    def _listen(self, event: str, seconds: float, **details: Any) -> None:
        name = details.get("fun_name")
        name = None if name is None else _name(str(name))
        if event == _TRACED:
            self._note_time(name, seconds)
        elif event == _LOWERED:
            self._lowering += seconds
        elif event == _RETRIEVED:
            self._from_cache = True
        elif event == _COMPILED:
            compiler = FROM_CACHE if self._from_cache else "XLA"
            function = name or self._latest
            where = self._places.get(function, "?")
            self._compiled.append(Compilation(function, where, seconds + self._lowering, compiler=compiler))
            self._add_span(f"compiling {function}", seconds)
            self._lowering, self._from_cache = 0.0, False

    def _note_time(self, name: str | None, seconds: float) -> None:
        """Give its time to a tracing, without those inside it."""
        start = perf_counter() - seconds
        inner = sum(took for began, took in self._finished if began >= start)
        self._finished = [*(one for one in self._finished if one[0] < start), (start, seconds)]
        own = max(seconds - inner, 0.0)
        for place, trace in enumerate(self._seen):
            if trace.seconds is None and (name is None or trace.function == name):
                self._seen[place] = replace(trace, seconds=own)
                self._add_span(f"tracing {trace.function}", seconds)
                return
        self._timed.append((name, own))

    def _add_span(self, what: str, seconds: float) -> None:
        self._spans.append(Span("training", "tracings", what, perf_counter() - seconds, seconds))


def _name(text: str) -> str:
    """Return a function's name without that of the transformation: `jit(step)` and `jit_step` are `step`."""
    if text.startswith("jit(") and text.endswith(")"):
        return text[4:-1]
    return text.removeprefix("jit_")

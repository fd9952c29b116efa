"""Collects every tracing by Dynamo, and every compilation of what it captured, in this process.

Dynamo keeps the metrics of its latest compilations. After each epoch, this probe reads those that are new.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from itertools import takewhile
from types import ModuleType
from typing import Any

from harness.worker.imports.hooks import when_imported
from harness.worker.probes.base import Awake
from harness.worker.probes.places import is_own, shorten_path
from harness.worker.probes.torch.causes import explain, explain_break, explain_skip, name_function
from harness.worker.wire.evidence import COMPILATIONS, TRACES, Capture, Compilation, Trace

_METRICS = "torch._dynamo.utils"
_KEPT = 1024
"""How many of its latest compilations Dynamo keeps. By default it is 64, and an epoch may have more."""


class DynamoProbe:
    """Collects the tracings of each epoch, and keeps its compilations for `CollectedCompilations`."""

    name = TRACES

    def __init__(self) -> None:
        self.any = False
        """Whether anything has been traced so far."""
        self.idle = True
        """Whether Dynamo has not been imported yet."""
        self._reasons: dict[str, str] = {}
        self._utils: Any = None
        self._latest: Any = None
        """The latest compilation that was read."""
        self._compiled: list[Compilation] = []

    @property
    def unavailable(self) -> Mapping[str, str]:
        return self._reasons

    def install(self) -> None:
        """Observe Dynamo from its import on, which many programs never do."""
        when_imported(_METRICS, self._attach)

    def begin(self, fresh: bool) -> None:
        if fresh:
            self._read_new()

    def end(self, wall: float = 0.0) -> list[Trace]:
        self._compiled = []
        traces: list[Trace] = []
        for metrics in self._read_new():
            try:
                traces += self._describe(metrics)
            except Exception as error:  # an exception here would end the program
                print(f"harness: a tracing by Dynamo could not be described: {error!r}", file=sys.stderr)
        self.any = self.any or bool(traces)
        return traces

    def compilations(self) -> list[Compilation]:
        """Return the compilations of the latest epoch."""
        return self._compiled

    def _attach(self, utils: ModuleType) -> None:
        self.idle = False
        Awake.probes += 1
        if not callable(getattr(utils, "get_compilation_metrics", None)):
            why = "this version of PyTorch offers no way to observe them"
            self._reasons |= {TRACES: why, COMPILATIONS: why}
            return
        limit = getattr(utils, "set_compilation_metrics_limit", None)
        if callable(limit):
            limit(_KEPT)
        self._utils = utils

    def _read_new(self) -> list[Any]:
        """Return the compilations since the previous call, in their order."""
        kept = getattr(self._utils, "_compilation_metrics", None)
        if self._utils is None or (kept is not None and (not kept or kept[-1] is self._latest)):
            return []
        metrics = list(self._utils.get_compilation_metrics())
        new = list(takewhile(lambda one: one is not self._latest, reversed(metrics)))[::-1]
        self._latest = metrics[-1] if metrics else None
        return new

    def _describe(self, metrics: Any) -> Iterable[Trace]:
        """Note one compilation. That of a backward pass, which follows later, has no tracing of its own."""
        code_name = getattr(metrics, "co_name", None)
        place = "?"
        if getattr(metrics, "co_filename", None):
            place = f"{shorten_path(metrics.co_filename)}:{metrics.co_firstlineno}"
        name = name_function(code_name or "?")
        compiling = _find_seconds(metrics, "inductor_compile_time_s", "inductor_cumulative_compile_time_us")
        whole = _find_seconds(metrics, "entire_frame_compile_time_s", "duration_us")
        if compiling:
            self._compiled.append(Compilation(name, place, compiling, compiler="TorchInductor"))
        if code_name is None or getattr(metrics, "is_forward", True) is False:
            return
        cause = explain(str(getattr(metrics, "compile_id", "") or ""), getattr(metrics, "recompile_reason", None))
        own = None if whole is None else max(whole - (compiling or 0.0), 0.0)
        yield Trace(name, place, own, cause, capture=_read_capture(metrics))


def _read_capture(metrics: Any) -> Capture | None:
    """Return what Dynamo captured. It counts no operations of functions without any, and of those that it skips."""
    if not hasattr(metrics, "graph_op_count"):
        return None
    if not is_own(getattr(metrics, "co_filename", None) or ""):  # what libraries leave out is no fault of the program
        return Capture(metrics.graph_op_count)
    if getattr(metrics, "fail_type", None):
        file, line = (getattr(metrics, f"fail_user_frame_{what}", None) for what in ("filename", "lineno"))
        at = f"{shorten_path(file)}:{line}" if file and line else ""
        return Capture(None, explain_skip(metrics.fail_type, getattr(metrics, "fail_reason", None)), at)
    return Capture(metrics.graph_op_count, explain_break(getattr(metrics, "restart_reasons", None) or ()))


def _find_seconds(metrics: Any, seconds: str, microseconds: str) -> float | None:
    found = getattr(metrics, seconds, None)
    if found is None and getattr(metrics, microseconds, None) is not None:
        found = getattr(metrics, microseconds) / 1e6
    return found

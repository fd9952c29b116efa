"""Measures the phases of an epoch that its trainer marks with `harness.phase`: their time and, on request, peak memory.

A phase inside another one is identified by its path, such as `refine > pool`. The own time of a phase excludes the
phases inside it, and that of the epoch excludes all phases. So all own times add up to the time of the epoch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from threading import get_ident
from time import perf_counter

from harness.interface import watch_phases
from harness.worker.probes.base import Span
from harness.worker.wire.evidence import PHASES, PhaseUse

UNMARKED = ""
"""The path of the epoch itself."""
_SEPARATOR = " > "


@dataclass
class _OpenPhase:
    """A phase that has begun and not ended."""

    name: str
    path: str
    began: float
    within: float = 0.0
    """Seconds of the phases inside it."""
    peak: int | None = None


@dataclass
class _PhaseTotals:
    calls: int = 0
    own: float = 0.0
    total: float = 0.0
    peak: int | None = None


class Place:
    """Keeps track of the current phase in the thread that created it, and of nothing else, at a negligible cost."""

    def __init__(self) -> None:
        self._thread = get_ident()
        self._names: list[str] = []

    def path(self) -> str:
        return _SEPARATOR.join(self._names)

    def enter(self, name: str) -> None:
        if get_ident() == self._thread:
            self._names.append(name)

    def leave(self, name: str) -> None:
        if get_ident() == self._thread and name in self._names:
            while self._names.pop() != name:
                pass


class PhaseProbe:
    """Observes one epoch at a time: call `begin`, let the trainer mark its phases, and call `end`.

    Phases in other threads than the one that trains are ignored, because their time would be counted twice.
    `peak_since`, if given, returns the peak memory since its previous call. It is called whenever a phase begins or
    ends.
    """

    name = PHASES

    def __init__(
        self, clock: Callable[[], float] = perf_counter, peak_since: Callable[[], int | None] | None = None
    ) -> None:
        self.clock, self.peak_since = clock, peak_since
        self.whole = PhaseUse(UNMARKED, 0, 0.0, 0.0)
        """The totals of the latest epoch itself."""
        self._ended: list[tuple[str, float, float]] = []
        """The phases of the latest epoch in the order in which they ended: name, start by the clock, and seconds."""
        self._thread = 0
        self._open: list[_OpenPhase] = []
        self._uses: dict[str, _PhaseTotals] = {}

    def begin(self, fresh: bool = False) -> None:
        watch_phases(self)
        self._open, self._uses, self._ended = [], {}, []
        self._thread = get_ident()
        if self.peak_since:
            self.peak_since()
        self._open.append(_OpenPhase(UNMARKED, UNMARKED, self.clock()))

    @property
    def unavailable(self) -> Mapping[str, str]:
        return {}

    def enter(self, name: str) -> None:
        """Open a phase. `harness.phase` may also call this outside of an epoch, where nothing is measured."""
        if self._open and get_ident() == self._thread:
            self._note_peak()
            path = name if len(self._open) == 1 else f"{self._open[-1].path}{_SEPARATOR}{name}"
            self._open.append(_OpenPhase(name, path, self.clock()))

    def leave(self, name: str) -> None:
        # A phase that was entered before the epoch, or that a generator leaves late, is not among the open ones.
        if get_ident() == self._thread and any(span.name == name for span in self._open[1:]):
            while self._open[-1].name != name:  # a phase ends at the latest with the one around it
                self._close()
            self._close()

    def end(self, wall: float = 0.0) -> list[PhaseUse]:
        """Return the totals of the epoch's phases, the epoch itself first. Returns an empty list without `begin`."""
        while self._open:
            self._close()
        watch_phases(None)
        found = [PhaseUse(path, use.calls, use.own, use.total, use.peak) for path, use in self._uses.items()]
        found.sort(key=lambda use: use.path != UNMARKED)
        if found:
            self.whole = found[0]
        return found

    def spans(self) -> Iterable[Span]:
        """Yield the spans of the epoch and its phases. The span of the epoch has no name: the timeline names it."""
        for name, began, seconds in self._ended:
            yield Span("training", "phases" if name else "epochs", name, began, seconds)

    def _close(self) -> None:
        span = self._open[-1]
        total = self.clock() - span.began
        self._note_peak()
        self._open.pop()
        if self._open:
            self._open[-1].within += total
            self._raise_peak(self._open[-1], span.peak)  # a peak in a phase is also one in the phases around it
        self._ended.append((span.name, span.began, total))
        use = self._uses.setdefault(span.path, _PhaseTotals())
        use.calls += 1
        use.own += total - span.within
        use.total += total
        use.peak = max(use.peak or 0, span.peak) if span.peak else use.peak

    def _note_peak(self) -> None:
        if self.peak_since and self._open:
            self._raise_peak(self._open[-1], self.peak_since())

    @staticmethod
    def _raise_peak(span: _OpenPhase, peak: int | None) -> None:
        if peak:
            span.peak = max(span.peak or 0, peak)

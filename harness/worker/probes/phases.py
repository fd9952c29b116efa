"""What the phases of an epoch take, as its trainer marks them with `harness.phase`: time, and where asked, peak memory.

A phase within another is told by its path, such as `refine > pool`; what an epoch does outside of all phases, and a
phase outside of those within it, is its own time. So the own times of all add up to the epoch.
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
_BETWEEN = " > "


@dataclass
class _Span:
    """A phase under way."""

    name: str
    path: str
    began: float
    within: float = 0.0
    """Seconds of the phases in it."""
    peak: int | None = None


@dataclass
class _Use:
    calls: int = 0
    own: float = 0.0
    total: float = 0.0
    peak: int | None = None


class Place:
    """Which phase is under way in the thread that made this, and nothing else: it costs next to nothing."""

    def __init__(self) -> None:
        self._thread = get_ident()
        self._names: list[str] = []

    def path(self) -> str:
        return _BETWEEN.join(self._names)

    def enter(self, name: str) -> None:
        if get_ident() == self._thread:
            self._names.append(name)

    def leave(self, name: str) -> None:
        if get_ident() == self._thread and name in self._names:
            while self._names.pop() != name:
                pass


class PhaseProbe:
    """Watches one epoch at a time: `begin`, then whatever the trainer marks, then `end`. What other threads mark beside
    the one that trains is not seen: it would be time that passes twice.

    `peak_since` says, where given, peak memory since it was last asked: it is asked wherever a phase begins or ends.
    """

    name = PHASES

    def __init__(
        self, clock: Callable[[], float] = perf_counter, peak_since: Callable[[], int | None] | None = None
    ) -> None:
        self.clock, self.peak_since = clock, peak_since
        self.whole = PhaseUse(UNMARKED, 0, 0.0, 0.0)
        """The latest epoch itself."""
        self._ended: list[tuple[str, float, float]] = []
        """The phases of the latest epoch as they ended: name, when it began by the clock, and seconds."""
        self._thread = 0
        self._open: list[_Span] = []
        self._uses: dict[str, _Use] = {}

    def begin(self, fresh: bool = False) -> None:
        watch_phases(self)
        self._open, self._uses, self._ended = [], {}, []
        self._thread = get_ident()
        if self.peak_since:
            self.peak_since()
        self._open.append(_Span(UNMARKED, UNMARKED, self.clock()))

    @property
    def unavailable(self) -> Mapping[str, str]:
        return {}

    def enter(self, name: str) -> None:
        """Called by `harness.phase`, maybe outside of an epoch, where nothing is measured."""
        if self._open and get_ident() == self._thread:
            self._note_peak()
            path = name if len(self._open) == 1 else f"{self._open[-1].path}{_BETWEEN}{name}"
            self._open.append(_Span(name, path, self.clock()))

    def leave(self, name: str) -> None:
        # A phase that was entered before the epoch began, or that a generator leaves late, is none of those open.
        if get_ident() == self._thread and any(span.name == name for span in self._open[1:]):
            while self._open[-1].name != name:  # one that outlasts what it is in ends with it
                self._close()
            self._close()

    def end(self, wall: float = 0.0) -> list[PhaseUse]:
        """What the epoch took, itself first; nothing where none had begun."""
        while self._open:
            self._close()
        watch_phases(None)
        found = [PhaseUse(path, use.calls, use.own, use.total, use.peak) for path, use in self._uses.items()]
        found.sort(key=lambda use: use.path != UNMARKED)
        if found:
            self.whole = found[0]
        return found

    def spans(self) -> Iterable[Span]:
        """The epoch itself has no name here: whoever draws it knows what it is."""
        for name, began, seconds in self._ended:
            yield Span("training", "phases" if name else "epochs", name, began, seconds)

    def _close(self) -> None:
        span = self._open[-1]
        total = self.clock() - span.began
        self._note_peak()
        self._open.pop()
        if self._open:
            self._open[-1].within += total
            self._raise_peak(self._open[-1], span.peak)  # whatever is in a phase is in those around it
        self._ended.append((span.name, span.began, total))
        use = self._uses.setdefault(span.path, _Use())
        use.calls += 1
        use.own += total - span.within
        use.total += total
        use.peak = max(use.peak or 0, span.peak) if span.peak else use.peak

    def _note_peak(self) -> None:
        if self.peak_since and self._open:
            self._raise_peak(self._open[-1], self.peak_since())

    @staticmethod
    def _raise_peak(span: _Span, peak: int | None) -> None:
        if peak:
            span.peak = max(span.peak or 0, peak)

"""Records the epochs of a process, each under the clock and the probes, slice by slice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from math import isfinite
from pathlib import Path
from typing import Any, cast

from harness.interface import watch_phases
from harness.worker import frameworks, passes
from harness.worker.journal import Journal
from harness.worker.line_timeline import draw
from harness.worker.pending import Pending
from harness.worker.probes.base import Awake, Counter, Probe, joined
from harness.worker.probes.clock import Clock
from harness.worker.probes.phases import Place
from harness.worker.probes.sampler import Sampler
from harness.worker.probes.sources import read_sources
from harness.worker.returned import finite, numbers
from harness.worker.timeline import Timeline
from harness.worker.wire.evidence import COMPILATIONS, TRACES
from harness.worker.wire.messages import Build, Counted, Epoch, Run
from harness.worker.wire.reasons import Misbehaved


@dataclass
class Bound:
    """Ends a slice early if its epochs take longer than planned."""

    least: int
    """Minimum number of epochs still to run."""
    seconds: float
    """Seconds that are left for the epochs of the slice."""

    def reached(self, wall: float) -> bool:
        """Count one more epoch, which took `wall` seconds, and return whether the slice ends with it."""
        self.least -= 1
        self.seconds -= wall
        return self.least <= 0 and self.seconds <= 0


class Recorder:
    """Records epochs: `open` a slice, then `begin` and `end` each of its epochs, then `close` it.

    `probes` observe every epoch. `missing` is what is unavailable in this process, with the reasons.
    """

    def __init__(
        self, order: Build, probes: Sequence[Probe], missing: dict[str, str] | None = None, place: Place | None = None
    ) -> None:
        self.counters: list[Counter] = [found for one in frameworks.FRAMEWORKS if (found := one.counter())]
        self._counting: list[Counter] = []
        """The counters that note the epochs of the current slice."""
        self.sampler = Sampler()
        self._apart = False
        """Whether it is a slice only for counting."""
        self._allow_nonfinite = order.allow_nonfinite
        self._slowdown = order.slowdown
        self._missing, self._probes, self._place = missing or {}, list(probes), place
        self._awake = -1
        """The number of probes that had been attached when the active ones were chosen."""
        self._active: list[Probe] = []
        """The probes whose frameworks are loaded."""
        self._pass: list[Probe] = []
        """The probes of the current pass. The first one is the closest to the epoch."""
        self._timeline: Timeline | None = None
        self._timeline_file: str | None = None
        self._lines_file: str | None = None
        self._noted = ExitStack()
        self._bound: Bound | None = None
        self._settling = 0
        self.pending = Pending(order.slowdown)
        """The work that epochs leave behind."""
        self._later: list[tuple[Epoch, dict[str, Any]]] = []
        """Epochs whose losses were not read yet, with all of them."""
        self._clock = Clock()
        self._journal = Journal(order.journal)
        self._sizes: dict[str, float] = {}
        """The sizes before the latest epoch of the current slice."""
        self._kinds_seen: set[str] = set()
        self._kind = ""
        self._index = 0
        self._changed: dict[str, float] = {}
        self._cancelled = False

    @property
    def epochs(self) -> list[Epoch]:
        """The finished epochs of the current slice."""
        return self._journal.epochs

    @property
    def counts_apart(self) -> bool:
        """Whether operations are left to be counted in the pass for that."""
        return any(one.disturbs and one.is_used() for one in self.counters)

    @property
    def times_apart(self) -> bool:
        """Whether the pass for counting can tell the time of operations."""
        return any(one.is_used() for one in self.counters)

    @property
    def unavailable(self) -> dict[str, str]:
        """What could not be observed, with the reasons."""
        found = {what: why for probe in self._probes for what, why in probe.unavailable.items()}
        # These override the probes' reasons: that another framework does the work is a better one than "not loaded".
        found |= frameworks.unobserved()
        return found | self._missing | {what: why for probe in self._pass for what, why in probe.unavailable.items()}

    def count(self, rate: bool) -> Counted:
        """Count what the counters have noted and, with `rate`, measure the rate of large matrix products."""
        counted = [(one, own) for one in self.counters if (own := one.count(rate))]
        found = Counted.together([own for _, own in counted])
        timing = [one for one, own in counted if own.timed and own.timed == found.timed]
        # Where each operation was taken aside, what passes between them is mostly that.
        usual = [kind for kind, timed in found.timed.items() if timed.wall is not None]
        ran = {kind: own for one in timing for kind, own in one.ran.items() if kind in usual}
        if self._lines_file:
            self._draw_lines(timing, Path(self._lines_file))
        with suppress(Exception):  # what was counted does not depend on it
            between = self.sampler.between(ran)
            return replace(found, between=between, sources=read_sources(found.lines, between))
        return found

    def _draw_lines(self, counters: Sequence[Counter], file: Path) -> None:
        with suppress(Exception):  # the drawing is optional, and must not cost what was counted
            timed = {kind: own for one in counters for kind, own in one.timed.items()}
            if drawing := draw(timed, self.sampler.epochs):
                drawing.write(file)

    def clear(self) -> None:
        """Forget the epochs of the latest slice, which have been sent."""
        self._journal.clear()

    def open(self, order: Run) -> None:
        """Begin a slice.

        With `order.note_calls`, each epoch takes some tens of microseconds longer. `order.watch` names a pass of a
        profile, whose probes take more time.
        """
        pass_ = passes.get_pass(order.watch) if order.watch else None
        self._pass = pass_.make_probes() if pass_ else []
        self._apart = pass_ is not None and pass_.counts
        self._lines_file = order.timeline if self._apart else None
        self._timeline_file = None if self._apart else order.timeline
        self._timeline = Timeline() if self._timeline_file else None
        self._counting = [one for one in self.counters if (self._apart if one.disturbs else order.note_calls)]
        self._bound = None if order.seconds is None else Bound(order.least, order.seconds)
        self._settling = order.settling
        self.pending.forget()
        self._later = []
        watch_phases(self._place)
        self._sizes = {}
        self._journal.clear()

    def close(self) -> list[Epoch]:
        """End the slice, wait for its work and return its epochs. Raises Misbehaved for a loss that is not finite."""
        self._wait()
        if self._timeline_file and self._timeline:
            with suppress(OSError):  # the timeline is optional, and its absence is reported
                self._timeline.write(Path(self._timeline_file))
        return self._journal.epochs

    def begin(self, index: int, kind: str, sizes: Mapping[str, float] | None = None, sought: bool = False) -> None:
        """Begin an epoch; nothing should run between this call and the work of the epoch.

        Raises Misbehaved for a loss of an earlier epoch that is not finite.
        """
        if kind != self._kind:
            self._wait()
        if sizes or self._sizes:
            before, self._sizes = self._sizes, dict(sizes or {})
            self._changed = self._sizes if self._sizes != before else {}
        self._index, self._kind = index, kind
        fresh = sought or self._cancelled or not self._journal.epochs
        self._cancelled = False
        if self._awake != Awake.probes:
            self._wake()
        for probe in self._active:
            probe.begin(fresh)
        for counter in self._counting:
            self._noted.enter_context(counter.watching(kind, self._apart))
        if self._apart:
            self._noted.enter_context(self.sampler.watching(kind, index))
        for probe in reversed(self._pass):
            probe.begin(fresh)
        self._clock.start()

    def end(self, losses: Any, defers: bool = False) -> bool:
        """End the epoch, which returned or reported `losses`. Returns whether the slice's time is over.

        If it `defers`, losses that may still be computed are read when the work of the slice is done, because the
        program does not read them itself.
        """
        lazy = _defer(losses) if defers else {}
        # Within the measured time, because converting a lazy array makes it compute, which is work of the epoch.
        named = numbers({name: value for name, value in losses.items() if name not in lazy} if lazy else losses, "loss")
        if self._pass:
            frameworks.synchronize()
        if self._slowdown:
            self._clock.draw_out(self._slowdown)
        wall, cpu = self._clock.stop()
        seen = [(probe.name, probe.end(wall)) for probe in self._pass] if self._pass else []
        if self._counting or self._apart:
            self._noted.close()
        if self._awake != Awake.probes:  # the epoch has imported a framework
            self._wake()
        seen += [(probe.name, probe.end(wall)) for probe in self._active]
        if self._apart and any(value for name, value in seen if name in (TRACES, COMPILATIONS)):
            for counter in self._counting:
                counter.forget_times(self._kind)
        if self._timeline:
            self._add_to_timeline(f"{self._kind} {self._index}", self._timeline)
        kept = self._check(named)
        first = self._kind not in self._kinds_seen
        if first:
            self._kinds_seen.add(self._kind)
        epoch = Epoch(
            index=self._index,
            kind=self._kind,
            wall=wall,
            cpu=cpu,
            losses=kept,
            first=first,
            sizes=self._changed,
            evidence=joined(seen),
        )
        self._journal.add(epoch)
        self.pending.add(epoch)
        if lazy:
            self._later.append((epoch, {**named, **lazy}))
        if first or len(self._journal.epochs) == self._settling:
            self._wait()
        return self._bound is not None and self._bound.reached(wall)

    def _wake(self) -> None:
        self._awake = Awake.probes
        self._active = [probe for probe in self._probes if not getattr(probe, "idle", False)]

    def _wait(self) -> None:
        """Wait for the work of the latest epochs, and read their losses."""
        self.pending.wait()
        later, self._later = self._later, []
        for epoch, losses in later:
            epoch.losses = self._check(numbers(losses, "loss"), f" in epoch {epoch.index}")

    def _check(self, losses: dict[str, float], where: str = "") -> dict[str, float | None]:
        """Return losses as they are sent. Raises Misbehaved if one is not finite, unless that is allowed."""
        for name, value in losses.items():
            if not isfinite(value):
                if not self._allow_nonfinite:
                    raise Misbehaved(f"its loss {name!r} was {value}{where} (--allow-nonfinite lets the run continue)")
                return finite(losses)
        return cast("dict[str, float | None]", losses)

    def cancel(self) -> None:
        """Forget an epoch that has begun and does no work, or that failed."""
        self._noted.close()
        if self._apart:
            self.sampler.forget_latest()
        for probe in self._pass:
            with suppress(Exception):  # what it saw is not used, so that it cannot matter either
                probe.end(0.0)  # else a profiler would go on, and not start for the next epoch
        self._cancelled = True

    def _add_to_timeline(self, what: str, timeline: Timeline) -> None:
        for probe in (*self._pass, *self._active):
            if callable(spans := getattr(probe, "spans", None)):
                timeline.add_epoch(what, spans())


def _defer(losses: Mapping[str, Any]) -> dict[str, Any]:
    """Return the losses that may still be computed."""
    found = {}
    for name, value in losses.items():
        if type(value) is not float and (deferred := frameworks.defer(value)) is not None:
            found[name] = deferred
    return found

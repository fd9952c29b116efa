"""The trainer under measurement, in its own process: built, described, and run epoch by epoch under the probes."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from math import isfinite

from harness.interface import Trainer, Variant, watch_phases
from harness.worker import frameworks, passes, seeding
from harness.worker.describing import describe
from harness.worker.imports import loading, sources
from harness.worker.journal import Journal
from harness.worker.probes.base import Counter, Probe, joined
from harness.worker.probes.clock import Clock
from harness.worker.probes.phases import Place
from harness.worker.returned import Misbehaved, a, finite, kind, numbers, sizes
from harness.worker.timeline import Timeline
from harness.worker.wire.messages import Build, Epoch, Evaluate

BUILDING = "while it was built"


@dataclass
class Bound:
    """Ends a slice early whose epochs take longer than anybody planned."""

    least: int
    """Epochs that are run in any case."""
    seconds: float

    def reached(self, wall: float) -> bool:
        """Whether to end, after one more epoch that took `wall` seconds."""
        self.least -= 1
        self.seconds -= wall
        return self.least <= 0 and self.seconds <= 0


class Subject:
    """The trainer under measurement. `moment` says what it is doing, for when it fails; `finished` what it has done.

    `probes` watch every epoch; `lacking` is what cannot be had in this process, and why.
    """

    def __init__(
        self, order: Build, probes: Sequence[Probe], lacking: dict[str, str] | None = None, place: Place | None = None
    ) -> None:
        self.moment = BUILDING
        self.counters: list[Counter] = [found for one in frameworks.FRAMEWORKS if (found := one.counter())]
        self._allow_nonfinite = order.allow_nonfinite
        self._slowdown = order.slowdown
        self._lacking, self._probes, self._place = lacking or {}, list(probes), place
        self._pass: list[Probe] = []
        """Those of the pass at hand, the first of which is the closest to the epoch."""
        self._timeline: Timeline | None = None
        self._clock = Clock()
        self._journal = Journal(order.journal)
        self._next = 0
        self._sizes: dict[str, float] = {}
        """Before the epoch that the slice at hand ran last."""
        self._kinds_seen: set[str] = set()
        self._trainer: Trainer = _build(order)
        self.description = describe(self._trainer, order)

    @property
    def finished(self) -> list[Epoch]:
        return self._journal.epochs

    @property
    def unavailable(self) -> dict[str, str]:
        """What could not be watched, and why."""
        found = {what: why for probe in self._probes for what, why in probe.unavailable.items()}
        # These come later: that another framework does the work says more than that one was not loaded.
        found |= frameworks.unobserved()
        return found | self._lacking | {what: why for probe in self._pass for what, why in probe.unavailable.items()}

    def objective(self) -> dict[str, float | None] | None:
        """The terms of its loss, if the trainer offers them. What that traces is dropped when the next epoch begins."""
        objective = getattr(self._trainer, "objective", None)
        if not callable(objective):
            return None
        self.moment = "in objective()"
        return finite(numbers(objective(), "term"))

    def run(
        self,
        indices: Iterable[int],
        note_calls: bool = False,
        watch: str | None = None,
        timeline: Timeline | None = None,
        bound: Bound | None = None,
    ) -> list[Epoch]:
        """Run these epochs, as far as `bound` allows. Where their calls are noted, each takes some tens of microseconds
        longer; in a pass of a profile, which `watch` names, it takes more."""
        self._pass = passes.probes_of(watch) if watch else []
        self._timeline = timeline
        watch_phases(self._place)
        self._sizes = {}
        self._journal.clear()
        for index in indices:
            epoch = self._epoch(index, note_calls)
            self._journal.add(epoch)
            if bound and bound.reached(epoch.wall):
                break
        return self._journal.epochs

    def evaluate(self, order: Evaluate) -> dict[str, float | None]:
        self._journal.clear()
        self.moment = order.moment
        metrics = numbers(self._trainer.evaluate(), "metric")  # type: ignore[attr-defined]
        if not metrics:
            raise Misbehaved("it returned no metrics")
        if order.metric and order.metric not in metrics:
            raise Misbehaved(f"it returned no {order.metric!r}, which is the target's metric, but {', '.join(metrics)}")
        return finite(metrics)

    def _epoch(self, index: int, note_calls: bool) -> Epoch:
        sought = index != self._next
        if sought:
            self.moment = f"in seek({index})"
            self._trainer.seek(index)  # type: ignore[attr-defined]
        self._next = index + 1
        self.moment = f"in state() before epoch {index}"
        before, self._sizes = self._sizes, sizes(self._trainer)
        self.moment = f"in epoch {index}"
        kind_ = kind(self._trainer, index)
        fresh = sought or not self._journal.epochs
        for probe in self._probes:
            probe.begin(fresh)
        with self._noting(kind_) if note_calls else nullcontext():
            for probe in reversed(self._pass):
                probe.begin(fresh)
            self._clock.start()
            losses = self._trainer.epoch(index)
            # A lazy array is a promise of work: what an epoch costs includes keeping it.
            named = numbers(losses, "loss")
            if self._slowdown:
                self._clock.draw_out(self._slowdown)
            wall, cpu = self._clock.stop()
            seen = [(probe.name, probe.end(wall)) for probe in self._pass]
        seen += [(probe.name, probe.end(wall)) for probe in self._probes]
        if self._timeline:
            self._draw(f"{kind_} {index}", self._timeline)
        bad = [name for name, value in named.items() if not isfinite(value)]
        if bad and not self._allow_nonfinite:
            raise Misbehaved(f"its loss {bad[0]!r} was {named[bad[0]]} (--allow-nonfinite lets it go on)")
        first = kind_ not in self._kinds_seen
        self._kinds_seen.add(kind_)
        changed = self._sizes if self._sizes != before else {}
        return Epoch(index, kind_, wall, cpu, finite(named), first, changed, joined(seen))

    @contextmanager
    def _noting(self, kind_: str) -> Iterator[None]:
        """While this lasts, what an epoch calls is noted."""
        with ExitStack() as stack:
            for counter in self.counters:
                stack.enter_context(counter.watching(kind_))
            yield

    def _draw(self, what: str, timeline: Timeline) -> None:
        for probe in (*self._pass, *self._probes):
            if callable(spans := getattr(probe, "spans", None)):
                timeline.add_epoch(what, spans())


def _build(order: Build) -> Trainer:
    variant = _load(order)
    asked = {"case": order.case, "scale": order.scale, "seed": order.seed, "epochs": order.epochs}
    offered = {name: value for name, value in asked.items() if value is not None}
    seeding.seed_again(order.seed)
    parameters = inspect.signature(variant.build).parameters.values()
    takes_all = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)
    names = {parameter.name for parameter in parameters}
    arguments = {name: value for name, value in offered.items() if takes_all or name in names}
    trainer = variant.build(**{**arguments, **variant.settings, **order.settings})
    if not callable(getattr(trainer, "epoch", None)):
        raise Misbehaved(f"building it gave {a(trainer)}, which has no method epoch(index)")
    stray = sources.stray(order.source) if order.source else None
    if stray:
        raise Misbehaved(f"it imported {stray}, the working tree's: its own revision has no such module")
    return trainer


def _load(order: Build) -> Variant:
    if order.source:
        sources.use(order.source)
    for name in order.preload:
        with suppress(Exception):  # whoever builds the trainer will meet it
            importlib.import_module(name)
    seeding.seed_again(order.seed)
    if order.source is None:
        return loading.load(order.variant)
    here, *_ = sources.folders(order.source)
    return loading.load(sources.reference(order.variant, order.source), here)

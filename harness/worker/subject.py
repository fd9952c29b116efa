"""The trainer under measurement, in its own process: built, described, and run epoch by epoch under the probes."""

import importlib
import inspect
from collections.abc import Iterable
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from math import isfinite

from harness.catalog import registry
from harness.interface import Trainer, Variant, watch_phases
from harness.record.schema import Epoch
from harness.worker import frameworks, seeding, sources
from harness.worker.describing import describe
from harness.worker.journal import Journal
from harness.worker.probes.clock import Clock
from harness.worker.probes.phases import Place
from harness.worker.probes.tensorflow.calls import CallProbe
from harness.worker.probes.tensorflow.compiles import QUICKEST, CompileProbe
from harness.worker.probes.tensorflow.traces import TraceProbe
from harness.worker.returned import Misbehaved, a, finite, kind, numbers, sizes
from harness.worker.timeline import Timeline
from harness.worker.watching import Watch, Watched
from harness.worker.wire import Build, Evaluate

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
    """The trainer under measurement. `moment` says what it is doing, for when it fails; `finished` what it has done."""

    def __init__(
        self, order: Build, traces: TraceProbe, lacking: dict[str, str] | None = None, place: Place | None = None
    ) -> None:
        self.moment = BUILDING
        self.calls = CallProbe()
        self._allow_nonfinite = order.allow_nonfinite
        self._slowdown = order.arm.slowdown
        self._lacking, self._traces, self._place = lacking or {}, traces, place
        self._compiles = CompileProbe()
        self._watch: Watch | None = None
        self._clock = Clock()
        self._journal = Journal(order.journal)
        self._next = 0
        self._sizes: dict[str, float] = {}
        """Before the epoch that the slice at hand ran last."""
        self._kinds_seen: set[str] = set()
        self._trainer: Trainer = _build(order)
        self.description = describe(self._trainer, order)
        traces.take()

    @property
    def finished(self) -> list[Epoch]:
        return self._journal.epochs

    @property
    def unavailable(self) -> dict[str, str]:
        """What could not be watched, and why."""
        reasons = {
            "traces": self._traces.unavailable,
            "times and causes of traces": self._traces.untimed,
            "compilations": self._compiles.unavailable,
        }
        found = {what: reason for what, reason in reasons.items() if reason is not None}
        # These come last: why no framework's are observed says more than that TensorFlow was not loaded.
        found |= frameworks.unobserved(self._traces.any)
        return found | self._lacking | (self._watch.unavailable if self._watch else {})

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
        probe: str | None = None,
        timeline: Timeline | None = None,
        bound: Bound | None = None,
    ) -> list[Epoch]:
        """Run these epochs, as far as `bound` allows. Where their calls are noted, each takes some tens of microseconds
        longer; under a probe it takes more."""
        self._watch = Watch(probe, timeline) if probe else None
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
        self._traces.take()
        if sought or not self._journal.epochs:
            self._compiles.take(self._traces.names)  # that was no epoch's
        with self.calls.watching(kind_) if note_calls else nullcontext():
            if self._watch:
                self._watch.begin()
            self._clock.start()
            losses = self._trainer.epoch(index)
            # A lazy array is a promise of work: what an epoch costs includes keeping it.
            named = numbers(losses, "loss")
            if self._slowdown:
                self._clock.draw_out(self._slowdown)
            wall, cpu = self._clock.stop()
            seen = self._watch.end(f"{kind_} {index}", self._traces.spans) if self._watch else Watched()
        traces = self._traces.take()
        compiles = self._compiles.take(self._traces.names) if wall >= QUICKEST else []
        bad = [name for name, value in named.items() if not isfinite(value)]
        if bad and not self._allow_nonfinite:
            raise Misbehaved(f"its loss {bad[0]!r} was {named[bad[0]]} (--allow-nonfinite lets it go on)")
        first = kind_ not in self._kinds_seen
        self._kinds_seen.add(kind_)
        news = self._sizes if self._sizes != before else {}
        return Epoch(
            index,
            kind_,
            wall,
            cpu,
            finite(named),
            traces,
            first,
            news,
            compiles,
            seen.phases,
            seen.memory,
            seen.operations,
            seen.busy,
        )


def _build(order: Build) -> Trainer:
    variant = _load(order)
    asked = {"case": order.case, "scale": order.scale, "seed": order.seed, "epochs": order.epochs}
    offered = {name: value for name, value in asked.items() if value is not None}
    seeding.seed_again(order.seed)
    parameters = inspect.signature(variant.build).parameters.values()
    takes_all = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)
    names = {parameter.name for parameter in parameters}
    arguments = {name: value for name, value in offered.items() if takes_all or name in names}
    trainer = variant.build(**{**arguments, **variant.settings, **order.arm.settings})
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
        return registry.load(order.arm.variant)
    here, *_ = sources.folders(order.source)
    return registry.load(sources.reference(order.arm.variant, order.source), here)

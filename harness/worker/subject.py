"""Builds the trainer under measurement in its own process, describes it, and runs its epochs under the probes."""

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

BUILDING = "while it was being built"


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


class Subject:
    """The trainer under measurement.

    `moment` describes what it is doing, for the report of a failure. `probes` observe every epoch. `missing` is what is
    unavailable in this process, with the reasons.
    """

    def __init__(
        self, order: Build, probes: Sequence[Probe], missing: dict[str, str] | None = None, place: Place | None = None
    ) -> None:
        self.moment = BUILDING
        self.counters: list[Counter] = [found for one in frameworks.FRAMEWORKS if (found := one.counter())]
        self._allow_nonfinite = order.allow_nonfinite
        self._slowdown = order.slowdown
        self._missing, self._probes, self._place = missing or {}, list(probes), place
        self._pass: list[Probe] = []
        """The probes of the current pass. The first one is the closest to the epoch."""
        self._timeline: Timeline | None = None
        self._clock = Clock()
        self._journal = Journal(order.journal)
        self._next = 0
        self._sizes: dict[str, float] = {}
        """The sizes before the latest epoch of the current slice."""
        self._kinds_seen: set[str] = set()
        self._trainer: Trainer = _build_trainer(order)
        self.description = describe(self._trainer, order)

    @property
    def finished(self) -> list[Epoch]:
        """The finished epochs of the current slice."""
        return self._journal.epochs

    @property
    def unavailable(self) -> dict[str, str]:
        """What could not be observed, with the reasons."""
        found = {what: why for probe in self._probes for what, why in probe.unavailable.items()}
        # These override the probes' reasons: that another framework does the work is a better one than "not loaded".
        found |= frameworks.unobserved()
        return found | self._missing | {what: why for probe in self._pass for what, why in probe.unavailable.items()}

    def objective(self) -> dict[str, float | None] | None:
        """Return the terms of the loss, or None if the trainer has no objective().

        Tracings that this causes are dropped when the next epoch begins.
        """
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
        """Run these epochs until `bound` ends the slice.

        With `note_calls`, each epoch takes some tens of microseconds longer. `watch` names a pass of a profile, whose
        probes take more time.
        """
        self._pass = passes.get_pass(watch).make_probes() if watch else []
        self._timeline = timeline
        watch_phases(self._place)
        self._sizes = {}
        self._journal.clear()
        for index in indices:
            epoch = self._run_epoch(index, note_calls)
            self._journal.add(epoch)
            if bound and bound.reached(epoch.wall):
                break
        return self._journal.epochs

    def evaluate(self, order: Evaluate) -> dict[str, float | None]:
        """Return the trainer's metrics. Raises Misbehaved if there are none, or if the target's metric is missing."""
        self._journal.clear()
        self.moment = order.moment
        metrics = numbers(self._trainer.evaluate(), "metric")  # type: ignore[attr-defined]
        if not metrics:
            raise Misbehaved("it returned no metrics")
        if order.metric and order.metric not in metrics:
            raise Misbehaved(
                f"it returned no {order.metric!r}, the metric of the target, but only {', '.join(metrics)}"
            )
        return finite(metrics)

    def _run_epoch(self, index: int, note_calls: bool) -> Epoch:
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
        with self._note_calls(kind_) if note_calls else nullcontext():
            for probe in reversed(self._pass):
                probe.begin(fresh)
            self._clock.start()
            losses = self._trainer.epoch(index)
            # Within the measured time, because converting a lazy array makes it compute, which is work of the epoch.
            named = numbers(losses, "loss")
            if self._slowdown:
                self._clock.draw_out(self._slowdown)
            wall, cpu = self._clock.stop()
            seen = [(probe.name, probe.end(wall)) for probe in self._pass]
        seen += [(probe.name, probe.end(wall)) for probe in self._probes]
        if self._timeline:
            self._add_to_timeline(f"{kind_} {index}", self._timeline)
        bad = [name for name, value in named.items() if not isfinite(value)]
        if bad and not self._allow_nonfinite:
            raise Misbehaved(f"its loss {bad[0]!r} was {named[bad[0]]} (--allow-nonfinite lets the run continue)")
        first = kind_ not in self._kinds_seen
        self._kinds_seen.add(kind_)
        changed = self._sizes if self._sizes != before else {}
        return Epoch(
            index=index,
            kind=kind_,
            wall=wall,
            cpu=cpu,
            losses=finite(named),
            first=first,
            sizes=changed,
            evidence=joined(seen),
        )

    @contextmanager
    def _note_calls(self, kind_: str) -> Iterator[None]:
        """Note the calls of an epoch while this context is active."""
        with ExitStack() as stack:
            for counter in self.counters:
                stack.enter_context(counter.watching(kind_))
            yield

    def _add_to_timeline(self, what: str, timeline: Timeline) -> None:
        for probe in (*self._pass, *self._probes):
            if callable(spans := getattr(probe, "spans", None)):
                timeline.add_epoch(what, spans())


def _build_trainer(order: Build) -> Trainer:
    variant = _load_variant(order)
    asked = {"case": order.case, "scale": order.scale, "seed": order.seed, "epochs": order.epochs}
    offered = {name: value for name, value in asked.items() if value is not None}
    seeding.seed_again(order.seed)
    parameters = inspect.signature(variant.build).parameters.values()
    takes_all = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)
    names = {parameter.name for parameter in parameters}
    arguments = {name: value for name, value in offered.items() if takes_all or name in names}
    trainer = variant.build(**{**arguments, **variant.settings, **order.settings})
    if not callable(getattr(trainer, "epoch", None)):
        raise Misbehaved(f"build returned {a(trainer)}, which has no method epoch(index)")
    stray = sources.stray(order.source) if order.source else None
    if stray:
        raise Misbehaved(f"it imported {stray} from the working tree, because its own revision has no such module")
    return trainer


def _load_variant(order: Build) -> Variant:
    if order.source:
        sources.use(order.source)
    for name in order.preload:
        with suppress(Exception):  # building the trainer will raise the same error
            importlib.import_module(name)
    seeding.seed_again(order.seed)
    if order.source is None:
        return loading.load(order.variant)
    here, *_ = sources.folders(order.source)
    return loading.load(sources.reference(order.variant, order.source), here)

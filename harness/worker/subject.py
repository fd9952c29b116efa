"""Builds the trainer under measurement in its own process, describes it, and runs its epochs."""

from __future__ import annotations

import importlib
import inspect
from contextlib import suppress
from typing import Any

from harness.interface import Trainer, Variant
from harness.worker import seeding
from harness.worker.describing import describe
from harness.worker.imports import loading, sources
from harness.worker.programs import adapters
from harness.worker.programs.marking import Marker
from harness.worker.programs.watcher import Watcher
from harness.worker.recorder import Recorder
from harness.worker.returned import a, finite, kind, numbers, sizes
from harness.worker.wire.messages import Build, Evaluate, Run
from harness.worker.wire.reasons import Misbehaved

BUILDING = "while it was being built"


class Subject:
    """The trainer under measurement. `moment` describes what it is doing, for the report of a failure."""

    def __init__(self, order: Build, recorder: Recorder, trainer: Any) -> None:
        self.moment = BUILDING
        self._recorder = recorder
        self._next = 0
        self._trainer: Trainer = trainer
        if not callable(getattr(trainer, "epoch", None)):
            raise Misbehaved(
                f"build returned {a(trainer)}, which has no method epoch(index), and no loop of epochs was seen"
            )
        self.description = describe(self._trainer, order)

    def objective(self) -> dict[str, float | None] | None:
        """Return the terms of the loss, or None if the trainer has no objective().

        Tracings that this causes are dropped when the next epoch begins.
        """
        objective = getattr(self._trainer, "objective", None)
        if not callable(objective):
            return None
        self.moment = "in objective()"
        return finite(numbers(objective(), "term"))

    def run(self, order: Run) -> None:
        """Run the epochs of a slice until its time is over."""
        self._recorder.open(order)
        for index in order.indices:
            if self._run_epoch(index):
                break

    def evaluate(self, order: Evaluate) -> dict[str, float | None]:
        """Return the trainer's metrics. Raises Misbehaved if there are none, or if the target's metric is missing."""
        self._recorder.clear()
        self.moment = order.moment
        metrics = numbers(self._trainer.evaluate(), "metric")  # type: ignore[attr-defined]
        if not metrics:
            raise Misbehaved("it returned no metrics")
        if order.metric and order.metric not in metrics:
            raise Misbehaved(
                f"it returned no {order.metric!r}, the metric of the target, but only {', '.join(metrics)}"
            )
        return finite(metrics)

    def _run_epoch(self, index: int) -> bool:
        """Run one epoch and return whether the slice ends with it."""
        sought = index != self._next
        if sought:
            self.moment = f"in seek({index})"
            self._trainer.seek(index)  # type: ignore[attr-defined]
        self._next = index + 1
        self.moment = f"in state() before epoch {index}"
        sizes_ = sizes(self._trainer)
        self.moment = f"in epoch {index}"
        self._recorder.begin(index, kind(self._trainer, index), sizes_, sought)
        return self._recorder.end(self._trainer.epoch(index))


def build(order: Build, watcher: Watcher) -> Any:
    """Load the arm's variant and build its trainer. If it is a function that trains, its epochs have run instead: see
    `Watcher.begun`."""
    if ":" in order.variant:
        Marker(watcher).install()  # if it turns out to be a function that trains
    variant = _load_variant(order)
    if isinstance(variant, loading.Adopted) and inspect.isfunction(variant.build):
        adapters.install(watcher)  # a class, or a Variant, may train a little as it is built
    asked = {"case": order.case, "scale": order.scale, "seed": order.seed, "epochs": order.epochs}
    offered = {name: value for name, value in asked.items() if value is not None}
    seeding.seed_again(order.seed)
    parameters = inspect.signature(variant.build).parameters.values()
    takes_all = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)
    names = {parameter.name for parameter in parameters}
    arguments = {name: value for name, value in offered.items() if takes_all or name in names}
    trainer = variant.build(**{**arguments, **variant.settings, **order.settings})
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

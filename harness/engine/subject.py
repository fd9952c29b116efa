"""The trainer under measurement, in its own process: built, described, and run epoch by epoch under the probes."""

import inspect
import os
from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from itertools import groupby
from math import isfinite
from typing import Any

import msgspec

from harness import catalog
from harness.engine.messages import Build, Evaluate
from harness.interface import Trainer
from harness.lines import Description, Epoch, Segment
from harness.probes.calls import CallProbe
from harness.probes.clock import Clock
from harness.probes.traces import TraceProbe

BUILDING = "while it was built"


class Misbehaved(Exception):
    """The variant did something that no exception of its own reports."""


class Subject:
    """The trainer under measurement. `moment` says what it is doing, for when it fails; `finished` what it has done."""

    def __init__(self, order: Build, traces: TraceProbe) -> None:
        self.moment = BUILDING
        self.finished: list[Epoch] = []
        self.calls = CallProbe()
        self._allow_nonfinite = order.allow_nonfinite
        self._slowdown = order.arm.slowdown
        self._traces = traces
        self._clock = Clock()
        self._journal = os.open(order.journal, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC)
        self._next = 0
        self._kinds_seen: set[str] = set()
        self._trainer: Trainer = _build(order)
        self.description = _describe(self._trainer, order)
        traces.take()

    def objective(self) -> dict[str, float | None] | None:
        """The terms of its loss, if the trainer offers them. What that traces is dropped when the next epoch begins."""
        objective = getattr(self._trainer, "objective", None)
        if not callable(objective):
            return None
        self.moment = "in objective()"
        return _finite(_numbers(objective(), "term"))

    def run(self, indices: Iterable[int], note_calls: bool = False) -> list[Epoch]:
        """Run these epochs. Where their calls are noted, each takes some tens of microseconds longer."""
        self.finished = []
        os.ftruncate(self._journal, 0)
        os.lseek(self._journal, 0, os.SEEK_SET)
        for index in indices:
            epoch = self._epoch(index, note_calls)
            self.finished.append(epoch)
            os.write(self._journal, msgspec.json.encode(epoch) + b"\n")
        return self.finished

    def evaluate(self, order: Evaluate) -> dict[str, float | None]:
        self.finished = []
        self.moment = order.moment
        metrics = _numbers(self._trainer.evaluate(), "metric")  # type: ignore[attr-defined]
        if not metrics:
            raise Misbehaved("it returned no metrics")
        if order.metric and order.metric not in metrics:
            raise Misbehaved(f"it returned no {order.metric!r}, which is the target's metric, but {', '.join(metrics)}")
        return _finite(metrics)

    def _epoch(self, index: int, note_calls: bool) -> Epoch:
        if index != self._next:
            self.moment = f"in seek({index})"
            self._trainer.seek(index)  # type: ignore[attr-defined]
        self._next = index + 1
        self.moment = f"in epoch {index}"
        kind = _kind(self._trainer, index)
        self._traces.take()
        with self.calls.watching(kind) if note_calls else nullcontext():
            self._clock.start()
            losses = self._trainer.epoch(index)
            # A lazy array is a promise of work: what an epoch costs includes keeping it.
            numbers = _numbers(losses, "loss")
            if self._slowdown:
                self._clock.draw_out(self._slowdown)
            wall, cpu = self._clock.stop()
        traces = self._traces.take()
        bad = [name for name, value in numbers.items() if not isfinite(value)]
        if bad and not self._allow_nonfinite:
            raise Misbehaved(f"its loss {bad[0]!r} was {numbers[bad[0]]} (--allow-nonfinite lets it go on)")
        first = kind not in self._kinds_seen
        self._kinds_seen.add(kind)
        return Epoch(index, kind, wall, cpu, _finite(numbers), traces, first)


def _build(order: Build) -> Trainer:
    variant = catalog.load(order.arm.variant)
    asked = {"case": order.case, "scale": order.scale, "seed": order.seed, "epochs": order.epochs}
    offered = {name: value for name, value in asked.items() if value is not None}
    parameters = inspect.signature(variant.build).parameters.values()
    takes_all = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)
    names = {parameter.name for parameter in parameters}
    arguments = {name: value for name, value in offered.items() if takes_all or name in names}
    trainer = variant.build(**{**arguments, **variant.settings, **order.arm.settings})
    if not callable(getattr(trainer, "epoch", None)):
        raise Misbehaved(f"building it gave {_a(trainer)}, which has no method epoch(index)")
    return trainer


def _describe(trainer: Trainer, order: Build) -> Description:
    length = getattr(trainer, "epochs", None)
    if order.whole:
        length = _length_to_train(trainer, length, order.epochs)
    seekable = callable(getattr(trainer, "seek", None))
    if seekable and length is None:
        raise Misbehaved("it has `seek`, but no `epochs` to say how long the schedule is that it seeks in")
    if length is None:
        return Description(seekable=False, segments=[])
    if not isinstance(length, int) or length < 1:
        raise Misbehaved(f"its `epochs` is {length!r}, not a number of epochs")
    segments = [
        Segment(kind, run[0], run[-1] + 1)
        for kind, group in groupby(range(length), key=lambda index: _kind(trainer, index))
        for run in [list(group)]
    ]
    return Description(seekable, segments)


def _length_to_train(trainer: Trainer, own: Any, asked: int | None) -> Any:
    """What was asked for, or the trainer's own length where that is shorter or nobody asked."""
    if not callable(getattr(trainer, "evaluate", None)):
        raise Misbehaved("it has no method evaluate(), which says what its training comes to")
    if own is None and asked is None:
        raise Misbehaved("it says no length, as `epochs` would: give --epochs")
    if own is None:
        return asked
    return min(own, asked) if asked and isinstance(own, int) else own  # what is no number will be refused as that


def _kind(trainer: Trainer, index: int) -> str:
    kind = getattr(trainer, "kind", None)
    return str(kind(index)) if callable(kind) else "epoch"


def _numbers(returned: Any, what: str) -> dict[str, float]:
    if not isinstance(returned, Mapping):
        raise Misbehaved(f"it returned {_a(returned)}, not a mapping of names to numbers")
    try:
        return {str(name): float(value) for name, value in returned.items()}
    except (TypeError, ValueError):
        name, value = next((n, v) for n, v in returned.items() if not _is_number(v))
        raise Misbehaved(f"its {what} {name!r} was {_a(value)}, not a number") from None


def _finite(numbers: Mapping[str, float]) -> dict[str, float | None]:
    return {name: value if isfinite(value) else None for name, value in numbers.items()}


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


def _a(value: Any) -> str:
    return "None" if value is None else f"a {type(value).__name__}"

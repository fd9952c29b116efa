"""The trainer under measurement, in its own process: built, described, and run epoch by epoch under the probes."""

import inspect
import os
from collections.abc import Iterable, Mapping
from itertools import groupby
from math import isfinite
from typing import Any

import msgspec

from harness import catalog
from harness.engine.messages import Build
from harness.interface import Trainer
from harness.probes.clock import Clock
from harness.probes.traces import TraceProbe
from harness.record import Description, Epoch, Segment

BUILDING = "while it was built"


class Misbehaved(Exception):
    """The variant did something that no exception of its own reports."""


class Subject:
    """The trainer under measurement. `moment` says what it is doing, for when it fails; `finished` what it has done."""

    def __init__(self, order: Build, traces: TraceProbe) -> None:
        self.moment = BUILDING
        self.finished: list[Epoch] = []
        self._allow_nonfinite = order.allow_nonfinite
        self._traces = traces
        self._clock = Clock()
        self._journal = os.open(order.journal, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC)
        self._next = 0
        self._kinds_seen: set[str] = set()
        self._trainer: Trainer = _build(order)
        self.description = _describe(self._trainer)
        traces.take()

    def run(self, indices: Iterable[int]) -> list[Epoch]:
        self.finished = []
        os.ftruncate(self._journal, 0)
        os.lseek(self._journal, 0, os.SEEK_SET)
        for index in indices:
            epoch = self._epoch(index)
            self.finished.append(epoch)
            os.write(self._journal, msgspec.json.encode(epoch) + b"\n")
        return self.finished

    def _epoch(self, index: int) -> Epoch:
        if index != self._next:
            self.moment = f"in seek({index})"
            self._trainer.seek(index)  # type: ignore[attr-defined]
        self._next = index + 1
        self.moment = f"in epoch {index}"
        kind = _kind(self._trainer, index)
        self._traces.take()
        self._clock.start()
        losses = self._trainer.epoch(index)
        # A lazy array is a promise of work: what an epoch costs includes keeping it.
        numbers = _numbers(losses)
        wall, cpu = self._clock.stop()
        traces = self._traces.take()
        bad = [name for name, value in numbers.items() if not isfinite(value)]
        if bad and not self._allow_nonfinite:
            raise Misbehaved(f"its loss {bad[0]!r} was {numbers[bad[0]]} (--allow-nonfinite lets it go on)")
        first = kind not in self._kinds_seen
        self._kinds_seen.add(kind)
        finite = {name: value if isfinite(value) else None for name, value in numbers.items()}
        return Epoch(index, kind, wall, cpu, finite, traces, first)


def _build(order: Build) -> Trainer:
    variant = catalog.load(order.arm.variant)
    asked = {"case": order.case, "scale": order.scale, "seed": order.seed}
    offered = {name: value for name, value in asked.items() if value is not None}
    parameters = inspect.signature(variant.build).parameters.values()
    takes_all = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)
    names = {parameter.name for parameter in parameters}
    arguments = {name: value for name, value in offered.items() if takes_all or name in names}
    trainer = variant.build(**{**arguments, **variant.settings, **order.arm.settings})
    if not callable(getattr(trainer, "epoch", None)):
        raise Misbehaved(f"building it gave {_a(trainer)}, which has no method epoch(index)")
    return trainer


def _describe(trainer: Trainer) -> Description:
    length = getattr(trainer, "epochs", None)
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


def _kind(trainer: Trainer, index: int) -> str:
    kind = getattr(trainer, "kind", None)
    return str(kind(index)) if callable(kind) else "epoch"


def _numbers(losses: Any) -> dict[str, float]:
    if not isinstance(losses, Mapping):
        raise Misbehaved(f"it returned {_a(losses)}, not a mapping of names to numbers")
    try:
        return {str(name): float(value) for name, value in losses.items()}
    except (TypeError, ValueError):
        name, value = next((n, v) for n, v in losses.items() if not _is_number(v))
        raise Misbehaved(f"its loss {name!r} was {_a(value)}, not a number") from None


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


def _a(value: Any) -> str:
    return "None" if value is None else f"a {type(value).__name__}"

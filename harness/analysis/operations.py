"""Which operations an arm's epochs spend their time in, by kind, from the pass under TensorFlow's profiler."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from harness.analysis.phases import steady, watched
from harness.lines import OTHERS, Epoch, OperationUse
from harness.record import Record


@dataclass(frozen=True)
class Spent:
    """What operations with something in common take of an epoch, on the average over those of a kind but its first."""

    calls: float
    own_seconds: float
    share: float
    """Of what all operations of the epoch take, over all threads."""


@dataclass(frozen=True)
class Profile:
    """Of one kind of epoch; the costliest first."""

    types: dict[str, Spent]
    parts: dict[str, Spent]
    idle: float | None
    """The share of the epoch in which no operation ran: Python, and what hands operations out."""


def profiles(record: Record, arm: str) -> dict[str, Profile]:
    """By kind, in the order of the schedule; empty where no operations were seen."""
    by_kind: dict[str, list[Epoch]] = {}
    for epoch in steady(watched(record, arm, "operations")):
        by_kind.setdefault(epoch.kind, []).append(epoch)
    return {kind: _profile(own) for kind, own in by_kind.items() if any(epoch.operations for epoch in own)}


def _profile(epochs: list[Epoch]) -> Profile:
    idle = [1 - epoch.busy / epoch.wall for epoch in epochs if epoch.busy is not None]
    return Profile(
        _spent(epochs, lambda use: use.type),
        _spent(epochs, lambda use: OTHERS if use.type == OTHERS else use.part),
        max(sum(idle) / len(idle), 0.0) if idle else None,
    )


def _spent(epochs: list[Epoch], what: Callable[[OperationUse], str]) -> dict[str, Spent]:
    calls, seconds = defaultdict[str, float](float), defaultdict[str, float](float)
    for epoch in epochs:
        for use in epoch.operations:
            calls[what(use)] += use.calls / len(epochs)
            seconds[what(use)] += use.own / len(epochs)
    whole = sum(seconds.values())
    found = {name: Spent(calls[name], own, own / whole if whole else 0.0) for name, own in seconds.items()}
    return dict(sorted(found.items(), key=lambda item: -item[1].own_seconds))

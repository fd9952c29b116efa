"""The operations in which an arm's epochs spend their time, by kind, from the pass under the framework's profiler."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from harness.analysis.epochs.typical import all_traced, by_kind, later, typical_epochs
from harness.analysis.profile.phases import watched
from harness.record import evidence
from harness.record.lines import Lines
from harness.record.schema import Epoch
from harness.worker.wire.evidence import OTHERS, OperationUse


@dataclass(frozen=True)
class Spent:
    """What a group of operations takes of an epoch, averaged over the typical epochs of a kind."""

    calls: float
    own_seconds: float
    share: float
    """The share of the time of all operations of the epoch, over all threads."""


@dataclass(frozen=True)
class Profile:
    """The operations of one kind of epoch, the costliest first."""

    types: dict[str, Spent]
    parts: dict[str, Spent]
    idle: float | None
    """The share of the epoch in which no operation ran: Python, and the dispatch of operations."""
    traced: bool = False
    """Whether every epoch of the kind traced or compiled, so that the idle share includes this."""
    device: str = ""
    """The kind of accelerator that they ran on; empty for processors."""


def profiles(record: Lines, arm: str) -> dict[str, Profile]:
    """Return the profile of each kind, in the order of the schedule; empty if no operations were observed."""
    epochs = by_kind(typical_epochs(watched(record, arm, "operations")))
    return {
        kind: _make_profile(own) for kind, own in epochs.items() if any(evidence.operations(epoch) for epoch in own)
    }


def busy_seconds(record: Lines, arm: str) -> dict[str, float]:
    """Return the seconds of a median epoch of each kind in which some operation runs, as far as they were observed."""
    seen = by_kind(later(watched(record, arm, "operations")))
    known = {kind: [busy for epoch in own if (busy := evidence.busy(epoch)) is not None] for kind, own in seen.items()}
    return {kind: median(own) for kind, own in known.items() if own}


def _make_profile(epochs: list[Epoch]) -> Profile:
    idle = [1 - busy / epoch.wall for epoch in epochs if (busy := evidence.busy(epoch)) is not None]
    return Profile(
        _sum_use(epochs, lambda use: use.type),
        _sum_use(epochs, lambda use: OTHERS if use.type == OTHERS else use.part),
        max(sum(idle) / len(idle), 0.0) if idle else None,
        all_traced(epochs),
        next(filter(None, map(evidence.device, epochs)), ""),
    )


def _sum_use(epochs: list[Epoch], what: Callable[[OperationUse], str]) -> dict[str, Spent]:
    calls, seconds = defaultdict[str, float](float), defaultdict[str, float](float)
    for epoch in epochs:
        for use in evidence.operations(epoch):
            calls[what(use)] += use.calls / len(epochs)
            seconds[what(use)] += use.own / len(epochs)
    whole = sum(seconds.values())
    found = {name: Spent(calls[name], own, own / whole if whole else 0.0) for name, own in seconds.items()}
    return dict(sorted(found.items(), key=lambda item: -item[1].own_seconds))

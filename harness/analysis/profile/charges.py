"""The cost of tracing and compiling, beyond the seconds in which they were observed.

The seconds of a trace are those of its Python code. The first run of the new graph costs more: the graph is optimised,
placed, set up and perhaps compiled. An epoch that traced or compiled is therefore charged everything that it took
beyond a typical epoch of its kind that did neither. This excess is split among the traces and compilations of the
epoch, in proportion to the seconds of each, without those of nested ones. No part of it is charged twice, and all
charges together never exceed the time of the epochs.

If every epoch of a kind traced, there is none to compare with, and the charge lies between two bounds. The lower bound
is the observed seconds, plus what epochs with more traces took beyond those with the fewest. The upper bound is
everything but the seconds in which operations run, as the framework's profiler saw them, since they run in any case.

The first epoch of each kind is charged nothing: it traces in any training, and takes longer for other reasons too.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import NamedTuple

from harness.analysis.epochs.typical import by_kind, undisturbed
from harness.record import evidence
from harness.record.schema import Epoch
from harness.worker.wire.evidence import Compilation, Trace

NEAREST = 15
"""The number of undisturbed epochs, the nearest in the schedule, that an epoch is compared with: the time of an epoch
may change as the training goes on."""
FOLLOWS = "variables"
"""The kind of cause of a trace that follows from another one: the second trace of a function that creates variables,
and the trace of their initialisation."""


class EventKind(NamedTuple):
    """One kind of trace or compilation."""

    what: str
    """`trace`, `announced` for a compilation that a trace announced, or `compile` for one that no trace did."""
    function: str
    where: str
    kind: str | None = None
    """The kind of a trace's cause."""


@dataclass(frozen=True)
class Charge:
    """The cost of one kind of trace or compilation, in epochs that were not the first of their kind."""

    seconds: float
    """The lower bound of the cost."""
    most: float | None = None
    """The upper bound, or None if it is unknown. It equals the lower bound if there were epochs to compare with."""
    unheld: tuple[str, ...] = ()
    """The kinds of epochs of which every one traced or compiled, so that there were none to compare with."""


def traced(trace: Trace) -> EventKind:
    return EventKind("trace", trace.function, trace.where, trace.cause.kind if trace.cause else None)


def compiled(one: Compilation) -> EventKind:
    return EventKind("compile" if one.recompiled else "announced", one.function, one.where)


def charges(epochs: Iterable[Epoch], busy: Mapping[str, float] | None = None) -> dict[EventKind, Charge]:
    """Return the charge of each event in these epochs of one process.

    `busy` has, for each kind, the seconds of an epoch in which some operation runs, as far as they were observed.
    """
    sums: dict[EventKind, _ChargeSum] = {}
    for kind, own in by_kind(epoch for epoch in epochs if not epoch.first).items():
        clean = [epoch for epoch in own if undisturbed(epoch)]
        disturbed = [epoch for epoch in own if not undisturbed(epoch)]
        costs = [_compute_excess(epoch, clean) for epoch in disturbed] if clean else _compute_lower_bounds(disturbed)
        working = (busy or {}).get(kind)
        for epoch, cost in zip(disturbed, costs, strict=True):
            most = cost if clean else None if working is None else max(cost, epoch.wall - working)
            for event, share in _split_charge(epoch).items():
                sums.setdefault(event, _ChargeSum()).add(share, cost, most, *([] if clean else [kind]))
    return {event: charge_sum.sum() for event, charge_sum in sums.items()}


def together(some: Iterable[Charge]) -> Charge:
    """Return the sum of several charges."""
    charge_sum = _ChargeSum()
    for charge in some:
        charge_sum.add(1.0, charge.seconds, charge.most, *charge.unheld)
    return charge_sum.sum()


@dataclass
class _ChargeSum:
    """A charge that is being summed."""

    seconds: float = 0.0
    most: float | None = 0.0
    unheld: dict[str, None] = field(default_factory=dict)

    def add(self, share: float, cost: float, most: float | None, *unheld: str) -> None:
        self.seconds += share * cost
        self.most = None if self.most is None or most is None else self.most + share * most
        self.unheld.update(dict.fromkeys(unheld))

    def sum(self) -> Charge:
        return Charge(self.seconds, self.most, tuple(self.unheld))


def _sum_observed_seconds(epoch: Epoch) -> float:
    """Return the seconds in which the epoch was observed to trace and compile."""
    return sum(trace.seconds or 0.0 for trace in evidence.traces(epoch)) + sum(
        one.seconds for one in evidence.compilations(epoch)
    )


def _limit_cost(epoch: Epoch, cost: float) -> float:
    """Limit a cost to at least what was observed and at most the epoch's time: other threads may trace at the same
    time."""
    return min(max(cost, _sum_observed_seconds(epoch)), epoch.wall)


def _compute_excess(epoch: Epoch, clean: Sequence[Epoch]) -> float:
    nearest = sorted(clean, key=lambda other: abs(other.index - epoch.index))[:NEAREST]
    return _limit_cost(epoch, epoch.wall - median(other.wall for other in nearest))


def _compute_lower_bounds(epochs: Sequence[Epoch]) -> list[float]:
    """Return the lower bound of the cost in each of these epochs, all of which traced or compiled."""
    counts = [len(evidence.traces(epoch)) + len(evidence.compilations(epoch)) for epoch in epochs]
    fewest = [epoch for epoch, count in zip(epochs, counts, strict=True) if count == min(counts)]
    wall, seen = median(epoch.wall for epoch in fewest), median(map(_sum_observed_seconds, fewest))
    return [
        _limit_cost(epoch, epoch.wall - wall + seen if count > min(counts) else 0.0)
        for epoch, count in zip(epochs, counts, strict=True)
    ]


def _split_charge(epoch: Epoch) -> dict[EventKind, float]:
    """Return each event's share of an epoch's charge; the shares add up to 1."""
    timed = all(trace.seconds is not None for trace in evidence.traces(epoch))
    weights = defaultdict[EventKind, float](float)
    for trace in evidence.traces(epoch):
        weights[traced(trace)] += trace.seconds if timed and trace.seconds is not None else 1.0
    places = {(event.function, event.where): event for event in weights}
    for one in evidence.compilations(epoch):
        announced_by = None if one.recompiled else places.get((one.function, one.where))
        weights[announced_by or compiled(one)] += one.seconds if timed else 1.0
    whole = sum(weights.values())
    if not whole:
        weights, whole = defaultdict(float, dict.fromkeys(weights, 1.0)), float(len(weights))
    return _move_to_causes({event: weight / whole for event, weight in weights.items()})


def _move_to_causes(shares: Mapping[EventKind, float]) -> dict[EventKind, float]:
    """Add the share of what follows from another trace to that trace: to one of the same function, if there is one."""
    causes = {event: share for event, share in shares.items() if event.what == "trace" and event.kind != FOLLOWS}
    found = dict(shares)
    for event in shares:
        if event.kind == FOLLOWS and causes:
            own = {cause: share for cause, share in causes.items() if cause[1:3] == event[1:3]} or causes
            whole = sum(own.values())
            share = found.pop(event)
            for cause, weight in own.items():
                found[cause] += share * (weight / whole if whole else 1 / len(own))
    return found

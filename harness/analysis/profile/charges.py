"""What tracing and compiling cost, beyond the seconds in which they were seen.

The seconds of a tracing are those of its Python code. The first run of the new graph costs more: it is optimised,
placed, set up, maybe compiled. So an epoch that traced or compiled is charged with all that it took beyond a typical
epoch of its kind that did neither. That excess is split among what was traced and compiled in it, in proportion to the
seconds of each without what is nested in it; so no part of it is charged twice, and all charges together are never more
than the epochs took.

Where every epoch of a kind traced there is none to hold the others against. Then a charge lies between two bounds: the
least is the seconds that were seen, with what epochs with more tracings took beyond those with the fewest; the most is
all but the seconds in which its operations run, as the framework's profiler saw them, since they run in any case.

The first epoch of each kind is charged with nothing: it traces in any training, and takes longer for other reasons too.
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
"""Undisturbed epochs, the nearest in the schedule, that an epoch is held against: what an epoch takes may change as the
training goes on."""
FOLLOWS = "variables"
"""The kind of cause of a tracing that follows from another one: of a function that makes variables the second, and that
of what initialises them."""


class Event(NamedTuple):
    """One kind of tracing or compilation."""

    what: str
    """`trace`, or `compile` for one that no tracing announced, or `announced`."""
    function: str
    where: str
    kind: str | None = None
    """Of a tracing's cause."""


@dataclass(frozen=True)
class Charge:
    """What one kind of tracing or compilation cost, in epochs that were not the first of their kind."""

    seconds: float
    """The least that it can have cost."""
    most: float | None = None
    """The most; None where that is not known. The same as the least where it was held against others."""
    unheld: tuple[str, ...] = ()
    """The kinds of epochs of which every one traced or compiled, so that none could be held against others."""


def traced(trace: Trace) -> Event:
    return Event("trace", trace.function, trace.where, trace.cause.kind if trace.cause else None)


def compiled(one: Compilation) -> Event:
    return Event("compile" if one.recompiled else "announced", one.function, one.where)


def charges(epochs: Iterable[Epoch], busy: Mapping[str, float] | None = None) -> dict[Event, Charge]:
    """The charge of each event in these epochs of one process.

    `busy` says of a kind how many seconds of its epochs some operation runs in, as far as that was seen.
    """
    bills: dict[Event, _Bill] = {}
    for kind, own in by_kind(epoch for epoch in epochs if not epoch.first).items():
        clean = [epoch for epoch in own if undisturbed(epoch)]
        disturbed = [epoch for epoch in own if not undisturbed(epoch)]
        costs = [_beyond(epoch, clean) for epoch in disturbed] if clean else _least(disturbed)
        working = (busy or {}).get(kind)
        for epoch, cost in zip(disturbed, costs, strict=True):
            most = cost if clean else None if working is None else max(cost, epoch.wall - working)
            for event, share in _shares(epoch).items():
                bills.setdefault(event, _Bill()).add(share, cost, most, *([] if clean else [kind]))
    return {event: bill.sum() for event, bill in bills.items()}


def together(some: Iterable[Charge]) -> Charge:
    """What several cost in all."""
    bill = _Bill()
    for charge in some:
        bill.add(1.0, charge.seconds, charge.most, *charge.unheld)
    return bill.sum()


@dataclass
class _Bill:
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


def _seen(epoch: Epoch) -> float:
    """Seconds in which it was seen to trace and compile."""
    return sum(trace.seconds or 0.0 for trace in evidence.traces(epoch)) + sum(
        one.seconds for one in evidence.compilations(epoch)
    )


def _capped(epoch: Epoch, cost: float) -> float:
    """At least what was seen, and never more than the epoch took: other threads may trace beside it."""
    return min(max(cost, _seen(epoch)), epoch.wall)


def _beyond(epoch: Epoch, clean: Sequence[Epoch]) -> float:
    nearest = sorted(clean, key=lambda other: abs(other.index - epoch.index))[:NEAREST]
    return _capped(epoch, epoch.wall - median(other.wall for other in nearest))


def _least(epochs: Sequence[Epoch]) -> list[float]:
    """What each of these cost at least, all of which traced or compiled."""
    counts = [len(evidence.traces(epoch)) + len(evidence.compilations(epoch)) for epoch in epochs]
    fewest = [epoch for epoch, count in zip(epochs, counts, strict=True) if count == min(counts)]
    wall, seen = median(epoch.wall for epoch in fewest), median(map(_seen, fewest))
    return [
        _capped(epoch, epoch.wall - wall + seen if count > min(counts) else 0.0)
        for epoch, count in zip(epochs, counts, strict=True)
    ]


def _shares(epoch: Epoch) -> dict[Event, float]:
    """How what an epoch is charged with is split; the shares add up to 1."""
    timed = all(trace.seconds is not None for trace in evidence.traces(epoch))
    weights = defaultdict[Event, float](float)
    for trace in evidence.traces(epoch):
        weights[traced(trace)] += trace.seconds if timed and trace.seconds is not None else 1.0
    places = {(event.function, event.where): event for event in weights}
    for one in evidence.compilations(epoch):
        announced_by = None if one.recompiled else places.get((one.function, one.where))
        weights[announced_by or compiled(one)] += one.seconds if timed else 1.0
    whole = sum(weights.values())
    if not whole:
        weights, whole = defaultdict(float, dict.fromkeys(weights, 1.0)), float(len(weights))
    return _to_their_causes({event: weight / whole for event, weight in weights.items()})


def _to_their_causes(shares: Mapping[Event, float]) -> dict[Event, float]:
    """With the share of what follows from another tracing added to that one: of the same function, if there is one."""
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

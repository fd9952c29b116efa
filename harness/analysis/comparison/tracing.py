"""What tracing and compiling have to do with the difference between an arm and the baseline.

Only epochs that are not the first of their kind count, as in `profile.charges`, whose costs these are: first epochs
trace in any training. A cost is a lower bound where every epoch traced, since the first runs of new graphs cannot be
separated from their work then.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from harness.analysis.comparison.matching import get_file
from harness.analysis.profile.charges import Charge, together
from harness.analysis.profile.tracings import Compiled, Traced, by_cause, by_function
from harness.record import evidence
from harness.record.schema import Epoch
from harness.worker.wire.evidence import Cause

NORMAL = 0.5
"""A median epoch traces what more than this share of epochs trace."""


@dataclass(frozen=True, kw_only=True)
class Repeated:
    """A function that was traced, or compiled for another shape without a trace, in epochs that were not the first of
    their kind."""

    function: str
    where: str
    """`file:line`."""
    compiler: str
    """The compiler, if it was compiled only."""
    cause: Cause | None
    """The costliest cause of its traces."""
    times: int
    """How often in all."""
    epochs: int
    """In how many epochs."""
    of: int
    """How many epochs there were."""
    charge: Charge


@dataclass(frozen=True, kw_only=True)
class TracingChange:
    """A function that one of two arms traces or compiles more than the other."""

    more: Repeated
    """In the arm in which it costs more."""
    only_in: str
    """"arm" or "baseline": which that is."""
    other_times: int
    """How often the other traces or compiles it."""
    share: float
    """The share of the difference; negative if it makes the difference smaller."""
    seconds: float
    """Its cost in the arm, of an epoch or of all of them."""
    baseline_seconds: float

    @property
    def bounded(self) -> bool:
        """Whether its cost is known, and not only a lower bound of it."""
        return not self.more.charge.unheld


def find_repeated(epochs: Sequence[Epoch]) -> list[Repeated]:
    """Return what was traced or compiled again in these epochs of one process, the costliest first."""
    later = [epoch for epoch in epochs if not epoch.first]
    found: dict[tuple[str, str, bool], list[tuple[Traced | Compiled, Charge]]] = {}
    all_: list[Traced | Compiled] = [*by_cause(epochs), *by_function(epochs)]
    for one in all_:
        if one.charge and one.again:
            found.setdefault((one.function, one.where, isinstance(one, Compiled)), []).append((one, one.charge))
    return sorted((_combine(own, later) for own in found.values()), key=lambda one: -one.charge.seconds)


def _combine(own: Sequence[tuple[Traced | Compiled, Charge]], later: Sequence[Epoch]) -> Repeated:
    most, _ = max(own, key=lambda pair: pair[1].seconds)
    counts = [_count(epoch, most) for epoch in later]
    return Repeated(
        function=most.function,
        where=most.where,
        compiler=(most.compiler or "a compiler") if isinstance(most, Compiled) else "",
        cause=most.cause if isinstance(most, Traced) else None,
        times=sum(counts),
        epochs=sum(count > 0 for count in counts),
        of=len(later),
        charge=together(charge for _, charge in own),
    )


def _count(epoch: Epoch, what: Traced | Compiled) -> int:
    """Return how often a function is traced, or compiled without a trace, in an epoch."""
    if isinstance(what, Traced):
        places = [(one.function, one.where) for one in evidence.traces(epoch)]
    else:
        places = [(one.function, one.where) for one in evidence.compilations(epoch) if one.recompiled]
    return places.count((what.function, what.where))


def in_median_epoch(one: Repeated) -> float:
    """Return the seconds of a median epoch in which something is traced or compiled; 0 if most epochs do not."""
    return one.charge.seconds / one.of if one.epochs > NORMAL * one.of else 0.0


def in_all_epochs(one: Repeated) -> float:
    return one.charge.seconds


def compare_tracings(
    mine: Sequence[Repeated], theirs: Sequence[Repeated], difference: float, cost: Callable[[Repeated], float]
) -> list[TracingChange]:
    """Return what an arm and the baseline trace or compile, the largest part of the difference first.

    `difference` is the arm's seconds less the baseline's, and `cost` gives the seconds of one function in the same.
    """
    changes = [_compare(one, other, difference, cost) for one, other in _match(mine, theirs)]
    return sorted((change for change in changes if change.share), key=lambda change: -abs(change.share))


def _compare(
    one: Repeated | None, other: Repeated | None, difference: float, cost: Callable[[Repeated], float]
) -> TracingChange:
    after, before = cost(one) if one else 0.0, cost(other) if other else 0.0
    more, less = (one, other) if other is None or (one and after >= before) else (other, one)
    assert more is not None, "a pair has one side at least"
    return TracingChange(
        more=more,
        only_in="arm" if more is one else "baseline",
        other_times=less.times if less else 0,
        share=(after - before) / difference if difference else 0.0,
        seconds=after,
        baseline_seconds=before,
    )


def _match(mine: Sequence[Repeated], theirs: Sequence[Repeated]) -> Iterator[tuple[Repeated | None, Repeated | None]]:
    left = list(theirs)
    for one in mine:
        other = next((other for other in left if _get_key(other) == _get_key(one)), None)
        if other is not None:
            left.remove(other)
        yield one, other
    yield from ((None, other) for other in left)


def _get_key(one: Repeated) -> tuple[str, str, bool]:
    """The function and its file: an edit moves the number of its line."""
    return one.function, get_file(one.where), bool(one.compiler)

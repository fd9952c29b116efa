"""Whether two arms have the same losses, since an arm must not be faster by minimising something else.

Arms of a block start from the same seed. As long as two of them run the same epochs in the same order, from the first
on, their losses must agree bit by bit if they compute the same thing in the same way, and to rounding if they compute
it in another way. If a trainer offers `objective()`, the terms of both losses on one batch at the same weights show
more than any curve: whether it is the same objective at all. There is no answer to either if the baseline's own
processes differ as much from one another: see `repeats`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Self

from harness.analysis.comparison.lags import Lag, find_lag
from harness.analysis.comparison.repeats import (
    FAR,
    Numbers,
    Pairs,
    difference,
    differences,
    far_apart,
    own_differences,
    statements,
)
from harness.analysis.epochs.prefix import common_prefixes, own_prefixes
from harness.record.lines import Lines
from harness.record.schema import Epoch

ROUNDING = 1e-4
"""Terms with a smaller relative difference are the same objective: a float32 sum in another order, or fused by a
compiler, differs by 1e-6 to 1e-5, more if it cancels; another statistic, weight or quadrature by percents at least."""


class Relation(StrEnum):
    """How the losses of an arm relate to the baseline's."""

    SAME = "same"
    """Bit for bit."""
    DRIFTS = "drifts"
    OTHER_OBJECTIVE = "different objective"
    NOT_REPEATABLE = "not repeatable"
    """The baseline's own processes, or the arm's, differ as much."""


@dataclass(frozen=True)
class Divergence:
    """How the losses of several pairs of processes diverge. Differences are relative."""

    place: int
    """The place, in the order of epochs, of the first epoch in which any pair differs."""
    index: int
    """The index of that epoch."""
    at_first: float
    """The largest difference in that epoch."""
    largest: float
    largest_in: int
    """The index of the epoch with the largest difference."""

    @classmethod
    def of(cls, found: Sequence[tuple[Pairs, Sequence[float]]]) -> Self | None:
        """Return the divergence of these pairs; None if no pair differs."""
        all_ = [
            (place, pairs[place][0].index, apart)
            for pairs, by_place in found
            for place, apart in enumerate(by_place)
            if apart
        ]
        if not all_:
            return None
        place, index, at_first = min(all_, key=lambda one: (one[0], one[1], -one[2]))
        _, largest_in, largest = max(all_, key=lambda one: (one[2], -one[0]))
        return cls(place, index, at_first, largest, largest_in)


@dataclass(frozen=True)
class Term:
    """A term of the loss that differs beyond rounding; a value is None if it was not finite."""

    name: str
    value: float | None
    baseline: float | None
    """The value with which it is compared."""


@dataclass(frozen=True, kw_only=True)
class Losses:
    """How an arm's losses relate to the baseline's."""

    relation: Relation
    epochs: int
    """The number of epochs that both ran in the same order from the first on, on which verdicts on losses are based."""
    baseline: str
    divergence: Divergence | None = None
    """How the arm's losses diverge from the baseline's; None if they do not."""
    term: Term | None = None
    """The term that differs most, if it decided the relation: between the arm and the baseline or, if not repeatable,
    between two processes of `varying`."""
    varying: str | None = None
    """The arm, or the baseline, whose own processes differ from one another."""
    own_divergence: Divergence | None = None
    """How those of the baseline diverge from one another, if that decided the relation."""
    agreed: int | None = None
    """The number of epochs over which two processes of the baseline agree, if they do not reach the divergence."""
    lag: Lag | None = None
    """How they are the same in another epoch, if they drift because one arm reports them earlier than the other."""
    finite: int | None = None
    """In how many of these epochs all are finite, if they are the same in all and not finite in some."""
    alone: bool = False
    """Whether there was only one process of each, so that it is not known whether the baseline repeats itself."""

    @property
    def at_first(self) -> float:
        """The largest relative difference in the first epoch that has any."""
        return self.divergence.at_first if self.divergence else 0.0

    @property
    def one_objective(self) -> bool:
        """Whether they are not known to minimise different objectives."""
        return self.relation != Relation.OTHER_OBJECTIVE

    @property
    def repeatable(self) -> bool:
        """Whether the difference says anything about the arm: the baseline's own processes do not differ as much."""
        return self.relation != Relation.NOT_REPEATABLE

    @property
    def same(self) -> bool:
        return self.relation == Relation.SAME


@dataclass(frozen=True, kw_only=True)
class Processes:
    """The processes of an arm and of its baseline, as far as their losses are compared."""

    arm: str
    baseline: str
    pairs: Sequence[Pairs]
    """For each process of the arm, its epochs and those of the baseline from the same seed."""
    own_pairs: Sequence[Pairs]
    """The same for processes of the baseline and its first one. They show whether its program is repeatable."""
    terms: Sequence[Numbers]
    """The terms that each process of the arm stated."""
    baseline_terms: Sequence[Numbers]
    """The terms that each process of the baseline stated."""


def losses(record: Lines, arm: str) -> Losses | None:
    """Return how the losses of `arm` relate to the baseline's; None for the baseline, and if the two have nothing in
    common to compare. The baseline's processes of different blocks show whether its program is repeatable."""
    baseline = record.baseline
    if arm == baseline:
        return None
    return relate(
        Processes(
            arm=arm,
            baseline=baseline,
            pairs=common_prefixes(record, arm),
            own_pairs=own_prefixes(record, baseline),
            terms=statements(record, arm),
            baseline_terms=statements(record, baseline),
        )
    )


def relate(processes: Processes) -> Losses | None:
    """Return how the losses of an arm relate to the baseline's; None if they have nothing in common to compare."""
    found, own = _pair_losses(processes.pairs), _pair_losses(processes.own_pairs)
    epochs = max((len(by_place) for _, by_place in found), default=0)
    apart, itself = Divergence.of(found), Divergence.of(own)
    term = _find_differing_term(processes)
    of_relation = partial(Losses, epochs=epochs, baseline=processes.baseline, divergence=apart)
    if term and term.of_objective:
        return of_relation(
            relation=Relation.OTHER_OBJECTIVE,
            term=term.term,
            varying=term.varying,
            alone=len(processes.baseline_terms) < 2 and (not own or itself is not None),
        )
    if term:
        return of_relation(relation=Relation.NOT_REPEATABLE, term=term.term, varying=term.varying)
    if not found:
        return None
    if apart is None:
        finite = max(sum(map(_is_finite, pairs)) for pairs, _ in found)
        return of_relation(relation=Relation.SAME, finite=finite if finite < epochs else None)
    lag = find_lag([pairs for pairs, _ in found], ROUNDING)
    if lag:
        return of_relation(relation=Relation.DRIFTS, lag=lag)
    if itself is None:
        known = max((len(by_place) for _, by_place in own), default=0)
        agreed = known if own and known <= apart.place else None
        return of_relation(relation=Relation.DRIFTS, agreed=agreed, alone=not own)
    far = far_apart([by_place for _, by_place in found], [by_place for _, by_place in own])
    return of_relation(
        relation=Relation.DRIFTS if far else Relation.NOT_REPEATABLE,
        varying=processes.baseline,
        own_divergence=itself,
    )


def _is_finite(pair: tuple[Epoch, Epoch]) -> bool:
    """Whether all losses that two epochs have in common are finite."""
    mine, theirs = pair
    return all(mine.losses[name] is not None for name in mine.losses.keys() & theirs.losses.keys())


def _pair_losses(prefixes: Sequence[Pairs]) -> list[tuple[Pairs, Sequence[float]]]:
    """Return the prefixes that have losses in common, with their differences."""
    found = [(pairs, differences(pairs)) for pairs in prefixes]
    return [(pairs, by_place) for pairs, by_place in found if by_place]


@dataclass(frozen=True)
class _DifferingTerm:
    term: Term
    of_objective: bool
    """Whether the arm's objective differs; otherwise only processes of one arm differ from one another."""
    varying: str | None
    """The arm whose own processes differ in it beyond rounding."""


def _find_differing_term(processes: Processes) -> _DifferingTerm | None:
    """Return the term that differs most beyond rounding; None if no term does.

    A term that one side lacks is not compared: it may be part of another one there.
    """
    mine, theirs = processes.terms, processes.baseline_terms
    apart = {
        name: _find_smallest_difference(mine, theirs, name)
        for name in (mine[0] if mine else ())
        if name in (theirs or [{}])[0]
    }
    apart = {name: by for name, by in apart.items() if by > ROUNDING}
    itself, arm_itself = own_differences(theirs), own_differences(mine)
    usual = {name: max(itself.get(name, 0.0), arm_itself.get(name, 0.0)) for name in apart}
    sound = [name for name in apart if usual[name] <= ROUNDING or apart[name] > FAR * usual[name]]
    if sound:
        name = max(sound, key=lambda name: apart[name])
        who = processes.baseline if itself.get(name, 0.0) == usual[name] else processes.arm
        return _DifferingTerm(Term(name, mine[0][name], theirs[0][name]), True, who if usual[name] > ROUNDING else None)
    if apart:
        own = [name for name in apart if itself.get(name, 0.0) > ROUNDING]
        name = max(own or apart, key=lambda name: usual[name])
        who, stated = (processes.baseline, theirs) if own else (processes.arm, mine)
        first = stated[0][name]
        other = max((one[name] for one in stated[1:] if name in one), key=lambda value: difference(first, value))
        return _DifferingTerm(Term(name, other, first), False, who)
    return None


def _find_smallest_difference(mine: Sequence[Numbers], theirs: Sequence[Numbers], name: str) -> float:
    """Return the smallest difference in a term between any statements of the two sides."""
    return min(difference(one[name], other[name]) for one in mine for other in theirs if name in one and name in other)

"""Whether two arms have the same losses, since an arm must not be faster by minimising something else.

Arms of a block start from the same seed. As long as two of them run the same epochs in the same order, from the first
on, their losses must agree bit by bit if they compute the same thing in the same way, and to rounding if they compute
it in another way. If a trainer offers `objective()`, the terms of both losses on one batch at the same weights show
more than any curve: whether it is the same objective at all. There is no answer to either if the baseline's own
processes differ as much from one another: see `repeats`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

from harness import rounding
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

ROUNDING = 1e-4
"""Terms with a smaller relative difference are the same objective: a float32 sum in another order, or fused by a
compiler, differs by 1e-6 to 1e-5, more if it cancels; another statistic, weight or quadrature by percents at least."""
_ONE_PROCESS_EACH = ", judged from one process of each"
"""Ends the text if the baseline ran in only one process."""


class Relation(StrEnum):
    """How the losses of an arm relate to the baseline's."""

    SAME = "same"
    """Bit for bit."""
    DRIFTS = "drifts"
    OTHER_OBJECTIVE = "different objective"
    NOT_REPEATABLE = "not repeatable"
    """The baseline's own processes, or the arm's, differ as much."""


@dataclass(frozen=True)
class Losses:
    """How an arm's losses relate to the baseline's."""

    text: str
    """In words: `same bit for bit`, `drifts from epoch K by X`, `different objective (TERM RATIO)` or `not repeatable
    here`, with anything else that a reader has to know."""
    epochs: int
    """The number of epochs that both ran in the same order from the first on, on which verdicts on losses are based."""
    relation: Relation
    at_first: float = field(default=0.0, compare=False)
    """The largest relative difference in the first epoch that has any."""

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


@dataclass(frozen=True)
class _Divergence:
    """How several pairs of processes diverge."""

    place: int
    """The place, in the order of epochs, of the first epoch in which any pair differs."""
    index: int
    """The index of that epoch."""
    at_first: float
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

    def __str__(self) -> str:
        first, largest = rounding.difference(self.at_first), rounding.difference(self.largest)
        text = f"from epoch {self.index} by {first}"
        return text if first == largest else f"{text}, up to {largest} at epoch {self.largest_in}"


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
    baseline = record.plan.baseline
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
    baseline, theirs = processes.baseline, processes.baseline_terms
    found, own = _pair_losses(processes.pairs), _pair_losses(processes.own_pairs)
    epochs = max((len(by_place) for _, by_place in found), default=0)
    apart, itself = _Divergence.of(found), _Divergence.of(own)
    other = _compare_objectives(processes.arm, processes.terms, baseline, theirs)
    if other:
        text, repeatable = other
        alone = repeatable and len(theirs) < 2 and (not own or itself)
        at_first = apart.at_first if apart else 0.0
        relation = Relation.OTHER_OBJECTIVE if repeatable else Relation.NOT_REPEATABLE
        return Losses(f"{text}{_ONE_PROCESS_EACH if alone else ''}", epochs, relation, at_first)
    if not found:
        return None
    if apart is None:
        return Losses("same bit for bit", epochs, Relation.SAME)
    text = f"drifts {apart}"
    if itself is None:
        known = max((len(by_place) for _, by_place in own), default=0)
        alike = f"{known} epoch{'' if known == 1 else 's'}"
        few = f"; two processes of {baseline} agree over only {alike}" if known <= apart.place else ""
        return Losses(f"{text}{few if own else _ONE_PROCESS_EACH}", epochs, Relation.DRIFTS, apart.at_first)
    if far_apart([by_place for _, by_place in found], [by_place for _, by_place in own]):
        text += f", far more than two processes of {baseline} do"
        return Losses(text, epochs, Relation.DRIFTS, apart.at_first)
    text = f"not repeatable here: two processes of {baseline} differ {itself}"
    return Losses(text, epochs, Relation.NOT_REPEATABLE, apart.at_first)


def _pair_losses(prefixes: Sequence[Pairs]) -> list[tuple[Pairs, Sequence[float]]]:
    """Return the prefixes that have losses in common, with their differences."""
    found = [(pairs, differences(pairs)) for pairs in prefixes]
    return [(pairs, by_place) for pairs, by_place in found if by_place]


def _compare_objectives(
    arm: str, mine: Sequence[Numbers], baseline: str, theirs: Sequence[Numbers]
) -> tuple[str, bool] | None:
    """Describe the terms that differ beyond rounding, and whether the arm is the cause; None if no term does.

    A term that one side lacks is not compared: it may be part of another one there.
    """
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
        who = baseline if itself.get(name, 0.0) == usual[name] else arm
        beyond = f", far more than two processes of {who} do" if usual[name] > ROUNDING else ""
        return f"different objective ({name} {_describe_relation(mine[0][name], theirs[0][name])}){beyond}", True
    if apart:
        own = [name for name in apart if itself.get(name, 0.0) > ROUNDING]
        name = max(own or apart, key=lambda name: usual[name])
        who, stated = (baseline, theirs) if own else (arm, mine)
        first = stated[0][name]
        other = max((one[name] for one in stated[1:] if name in one), key=lambda value: difference(first, value))
        return (
            f"not repeatable here: two processes of {who} differ in {name} ({_describe_relation(other, first)})",
            False,
        )
    return None


def _find_smallest_difference(mine: Sequence[Numbers], theirs: Sequence[Numbers], name: str) -> float:
    """Return the smallest difference in a term between any statements of the two sides."""
    return min(difference(one[name], other[name]) for one in mine for other in theirs if name in one and name in other)


def _describe_relation(one: float | None, other: float | None) -> str:
    if one is None or other is None:
        return "not finite" if one is None else "finite"
    if other == 0 or one / other <= 0:
        return f"{rounding.two_digits(one)} in place of {rounding.two_digits(other)}"
    return f"{rounding.fine_factor(one / other)}x"

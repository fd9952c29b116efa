"""Which losses are the same? Faster must not mean that something else is minimised.

Arms of a block start from the same seed. As long as two of them run the same epochs in the same order, from the first
on, their losses must agree bit by bit if they compute the same thing in the same way, and to rounding if they compute
it in another way. Where a trainer offers `objective()`, the terms of both losses on one batch at the same weights say
more than any curve: whether it is the same objective at all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf

from harness.analysis.prefix import common_prefixes
from harness.lines import Epoch
from harness.record import Record

ROUNDING = 1e-4
"""Terms that differ by less, relatively, are the same objective: a float32 sum taken in another order, or fused by a
compiler, differs by 1e-6 to 1e-5, more where it cancels; another statistic, weight or quadrature by percents at least.
"""

Numbers = Mapping[str, float | None]
"""Losses or terms by name; None is one that was not finite."""


@dataclass(frozen=True)
class Losses:
    """How an arm's losses relate to the baseline's."""

    verdict: str
    """`same bit for bit`, `drifts from epoch K by X`, or `different objective (TERM RATIO)`."""
    epochs: int
    """How many epochs both ran in the same order from the first on: what the first two verdicts rest on."""
    at_first: float = field(default=0.0, compare=False)
    """The largest relative difference in the first epoch in which there is any."""
    one_objective: bool = field(default=True, compare=False)
    """Whether they are not known to minimise different things."""

    @property
    def same(self) -> bool:
        return self.one_objective and not self.at_first


@dataclass(frozen=True)
class _Agreement:
    epochs: int
    first_apart: tuple[int, int] | None
    """Of the first epoch whose losses differ: its place in the order, and its index."""
    apart: float
    """The largest relative difference."""
    at_first: float
    """That of the first epoch whose losses differ."""


def losses(record: Record, arm: str) -> Losses | None:
    """The verdict on `arm`; None for the baseline, and where the two have nothing in common to compare."""
    baseline = record.plan.baseline
    if arm == baseline:
        return None
    found = [_agreement(pairs) for pairs in common_prefixes(record, arm)]
    shared = [agreement for agreement in found if agreement.epochs]
    epochs = max((agreement.epochs for agreement in shared), default=0)
    other = _other_objective(_terms(record, arm), _terms(record, baseline))
    if other:
        return Losses(f"different objective ({other})", epochs, one_objective=False)
    if not shared:
        return None
    apart = [agreement.first_apart for agreement in shared if agreement.first_apart]
    if not apart:
        return Losses("same bit for bit", epochs)
    _, index = min(apart)
    verdict = f"drifts from epoch {index} by {max(agreement.apart for agreement in shared):.0e}"
    return Losses(verdict, epochs, max(agreement.at_first for agreement in shared))


def _agreement(pairs: Sequence[tuple[Epoch, Epoch]]) -> _Agreement:
    """How far two processes agree, over the losses that both report, until they report none in common."""
    epochs, first_apart, apart, at_first = 0, None, 0.0, 0.0
    for mine, theirs in pairs:
        names = mine.losses.keys() & theirs.losses.keys()
        if not names:
            break
        difference = max(_difference(mine.losses[name], theirs.losses[name]) for name in names)
        if difference and first_apart is None:
            first_apart, at_first = (epochs, mine.index), difference
        apart = max(apart, difference)
        epochs += 1
    return _Agreement(epochs, first_apart, apart, at_first)


def _terms(record: Record, arm: str) -> Numbers:
    """The terms that an arm stated; it is asked once."""
    return next((line.terms for line in record.objectives if line.arm == arm), {})


def _other_objective(mine: Numbers, theirs: Numbers) -> str | None:
    """The term that differs most, and how, if that is beyond rounding. A term that one side lacks is not compared: it
    may be part of another one there."""
    differences = {name: _difference(mine[name], theirs[name]) for name in mine if name in theirs}
    if not differences or max(differences.values()) <= ROUNDING:
        return None
    name = max(differences, key=lambda name: differences[name])
    return f"{name} {_relation(mine[name], theirs[name])}"


def _difference(one: float | None, other: float | None) -> float:
    """The relative difference, 0 only between equals; infinite where one of the two alone is not finite."""
    if one == other:
        return 0.0
    if one is None or other is None:
        return inf
    return abs(one - other) / max(abs(one), abs(other))


def _relation(one: float | None, other: float | None) -> str:
    if one is None or other is None:
        return "not finite" if one is None else "finite"
    if other == 0 or one / other <= 0:
        return f"{one:.2g} in place of {other:.2g}"
    ratio = one / other
    return f"{ratio:.4f}x" if abs(ratio - 1) < 0.1 else f"{ratio:.2g}x"

"""Where the difference between an arm's epochs and the baseline's comes from, by line of the user's own code.

Lines of two versions of a program are matched by their content, since an edit moves their numbers. A line that was only
touched is matched by its likeness to one of the others.

The times of lines come from epochs under a profiler, which slows them down. So a line has its share of those, and the
median epoch of the turns is shared out in this way: what lines take and what passes between operations add up to
it, and the differences of all add up to the difference. Where only arithmetic is known, it is shared out instead.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from enum import StrEnum
from typing import TypeVar

from harness.worker.wire.evidence import Between, Caller, LineUse, Product, Timed

ALIKE = 0.6
"""How much of two lines must be equal for one to be an edit of the other."""
MOSTLY = 0.8
"""The share of a line's difference from which on one of the ways that lead to it explains it."""
LEAST = 0.01
"""Lines with a smaller share of the difference come together as the rest."""


class Of(StrEnum):
    """What is explained."""

    TIME = "time"
    ARITHMETIC = "arithmetic"


@dataclass(frozen=True)
class Epochs:
    """What is known of one arm's epochs of a kind."""

    uses: Sequence[LineUse]
    timed: Timed | None
    seconds: float | None
    """The median of an epoch in the turns; None if that is not known."""
    between: Sequence[Between] = ()
    """The lines that run between operations, if enough samples tell."""


@dataclass(frozen=True)
class Change:
    """One line, in the baseline and in the arm. What is not there is 0."""

    where: str
    """`file:line` in the arm, or in the baseline if only that has it; empty for what belongs to no known line."""
    text: str
    share: float
    """The share of the difference; the shares of all changes, of what is between operations and of the rest add up
    to 1."""
    seconds: float | None
    baseline_seconds: float | None
    flops: float
    baseline_flops: float
    product: Product | None = None
    """Its largest matrix product, if the baseline has one that differs from it in one size."""
    baseline_product: Product | None = None
    via: str = ""
    """The line that leads to it, if the difference is on that way."""
    via_text: str = ""
    only_in: str = ""
    """"arm" or "baseline" if the other does not have it."""


@dataclass(frozen=True)
class Why:
    """The difference between an epoch of two arms: in the time of median epochs, or in arithmetic."""

    kind: str
    of: Of
    arm: float
    """Seconds or floating-point operations, as `of` says."""
    baseline: float
    changes: list[Change] = field(default_factory=list)
    """Those with the largest part in it first."""
    between: float = 0.0
    """The share of what passes between operations: Python and dispatch."""
    between_seconds: float | None = None
    baseline_between_seconds: float | None = None
    between_most: Between | None = None
    """The line that takes most of that in the arm that has more of it, if enough samples tell."""
    between_most_share: float = 0.0
    """Its share of the time between operations in that arm."""
    rest: float = 0.0
    """The share of all lines that are not listed."""


def explain(kind: str, arm: Epochs, baseline: Epochs) -> Why | None:
    """Explain the difference between two arms' epochs of one kind; None if nothing is known of the lines of one."""
    if not any(use.where for use in arm.uses) or not any(use.where for use in baseline.uses):
        return None
    if arm.timed and baseline.timed and arm.seconds and baseline.seconds:
        mine, theirs = _Clock(arm.timed, arm.seconds), _Clock(baseline.timed, baseline.seconds)
        return _explain_time(kind, arm, baseline, mine, theirs)
    after, before = (sum(use.flops for use in own.uses) for own in (arm, baseline))
    if not after or not before or after == before:
        return None
    pairs = _pair(arm.uses, baseline.uses, _get_flops, _get_flops, after - before)
    return _gather(Why(kind, Of.ARITHMETIC, after, before), pairs)


def _explain_time(kind: str, arm: Epochs, baseline: Epochs, mine: "_Clock", theirs: "_Clock") -> Why | None:
    difference = mine.seconds - theirs.seconds
    if not difference:
        return None
    left = [clock.seconds - sum(map(clock, own.uses)) for own, clock in ((arm, mine), (baseline, theirs))]
    longer, clock, most = (arm, mine, left[0]) if left[0] > left[1] else (baseline, theirs, left[1])
    line = next(iter(longer.between), None)
    found = Why(
        kind,
        Of.TIME,
        mine.seconds,
        theirs.seconds,
        between=(left[0] - left[1]) / difference,
        between_seconds=left[0],
        baseline_between_seconds=left[1],
        between_most=line,
        between_most_share=min(clock.scale * line.seconds / most, 1.0) if line and most > 0 else 0.0,
    )
    return _gather(found, _pair(arm.uses, baseline.uses, mine, theirs, difference))


class _Clock:
    """Gives the seconds of a line in an epoch of `seconds`, from those in the epoch that was timed."""

    def __init__(self, timed: Timed, seconds: float) -> None:
        self.seconds = seconds
        if timed.wall is not None:
            self.scale = seconds / max(timed.wall, timed.busy)
        else:
            self.scale = min(1.0, seconds / timed.busy) if timed.busy else 1.0

    def __call__(self, use: LineUse | Caller) -> float:
        return self.scale * (use.seconds or 0.0)


_Use = TypeVar("_Use", LineUse, Caller)
_Weight = Callable[[LineUse | Caller], float]


def _get_flops(use: LineUse | Caller) -> float:
    return use.flops


def _gather(found: Why, changes: Sequence[Change]) -> Why:
    shown = sorted((one for one in changes if abs(one.share) >= LEAST), key=lambda one: -abs(one.share))
    rest = sum(one.share for one in changes) - sum(one.share for one in shown)
    return replace(found, changes=shown, rest=rest)


def _pair(
    arm: Sequence[LineUse], baseline: Sequence[LineUse], mine: _Weight, theirs: _Weight, difference: float
) -> list[Change]:
    return [_compare(one, other, mine, theirs, difference) for one, other in _match(arm, baseline)]


def _compare(one: LineUse | None, other: LineUse | None, mine: _Weight, theirs: _Weight, difference: float) -> Change:
    shown = one or other
    assert shown is not None, "a pair has one side at least"
    timed = mine is not _get_flops
    after, before = (mine(one) if one else 0.0), (theirs(other) if other else 0.0)
    via = _find_way(one, other, mine, theirs)
    product, earlier = _match_products(via or (one, other))
    way = (via[0] or via[1]) if via else None
    return Change(
        shown.where,
        shown.text,
        (after - before) / difference,
        after if timed else None,
        before if timed else None,
        one.flops if one else 0.0,
        other.flops if other else 0.0,
        product,
        earlier,
        way.where if way else "",
        way.text if way else "",
        "" if one and other else "arm" if one else "baseline",
    )


def _find_way(
    one: LineUse | None, other: LineUse | None, mine: _Weight, theirs: _Weight
) -> tuple[Caller | None, Caller | None] | None:
    """Return the line that leads to most of the difference of a line, in the arm and in the baseline."""
    whole = (mine(one) if one else 0.0) - (theirs(other) if other else 0.0)
    for here, there in _match(one.callers if one else [], other.callers if other else []):
        shown = here or there
        part = (mine(here) if here else 0.0) - (theirs(there) if there else 0.0)
        if shown and shown.where and whole and part / whole >= MOSTLY:
            return here, there
    return None


def _match_products(
    pair: tuple[LineUse | Caller | None, LineUse | Caller | None],
) -> tuple[Product | None, Product | None]:
    """Return the largest product of a line that differs from one of the baseline in one size only, and that one.
    Those that both have are not different."""
    mine, theirs = ([*use.products] if use else [] for use in pair)
    for product in [product for product in mine if product not in theirs]:
        for earlier in [earlier for earlier in theirs if earlier not in mine]:
            if find_resized(product, earlier):
                return product, earlier
    return None, None


def find_resized(product: Product, earlier: Product) -> tuple[int, int] | None:
    """Return the size that differs between two products, as it was and as it is; None if several do, or none does."""
    sizes, before = (*product.left, *product.right), (*earlier.left, *earlier.right)
    if len(product.left) != len(earlier.left) or len(sizes) != len(before):
        return None
    changed = {(was, is_) for was, is_ in zip(before, sizes, strict=True) if was != is_}
    return changed.pop() if len(changed) == 1 else None


def _match(mine: Sequence[_Use], theirs: Sequence[_Use]) -> Iterator[tuple[_Use | None, _Use | None]]:
    """Yield pairs of what is the same in both; None for what the other does not have."""
    here, there = sorted(mine, key=_get_number), sorted(theirs, key=_get_number)
    for same in (_is_same_line, _has_same_text, _is_alike):
        for one in list(here):
            other = next((other for other in there if same(one, other)), None)
            if other is not None:
                here.remove(one)
                there.remove(other)
                yield one, other
    yield from ((one, None) for one in here)
    yield from ((None, other) for other in there)


def _is_same_line(one: LineUse | Caller, other: LineUse | Caller) -> bool:
    return _has_same_text(one, other) and _get_file(one) == _get_file(other)


def _has_same_text(one: LineUse | Caller, other: LineUse | Caller) -> bool:
    return (one.text or one.where) == (other.text or other.where)


def _is_alike(one: LineUse | Caller, other: LineUse | Caller) -> bool:
    return bool(one.text and other.text) and SequenceMatcher(None, one.text, other.text).ratio() >= ALIKE


def _get_file(use: LineUse | Caller) -> str:
    return use.where.rpartition(":")[0].rpartition("/")[2]


def _get_number(use: LineUse | Caller) -> int:
    number = use.where.rpartition(":")[2]
    return int(number) if number.isdecimal() else 0

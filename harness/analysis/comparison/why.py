"""Where the difference between an arm's epochs and the baseline's comes from, by line of the user's own code.

Lines of two versions of a program are matched by their content, since an edit moves their numbers. A line that was only
touched is matched by its likeness to one of the others.

The times of lines come from epochs under a profiler, which slows them down. So a line has its share of those, and the
median epoch of the turns is shared out in this way: what is traced and compiled in every epoch, what lines take and
what passes between operations add up to it, and the differences of all add up to the difference. Where only arithmetic
is known, it is shared out instead.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from harness.analysis.comparison.matching import match
from harness.analysis.comparison.reasons import By, Reason, compare_measures, divide, find_reason
from harness.analysis.comparison.tracing import Repeated, TracingChange, compare_tracings, in_median_epoch
from harness.worker.wire.evidence import Between, Caller, LineUse, Timed

MOSTLY = 0.8
"""The share of a line's difference from which on one of the ways that lead to it explains it."""
LEAST = 0.01
"""Lines with a smaller share of the difference come together as the rest."""
NOTHING = 1e-9
"""What is left of an epoch between operations is rounding if it is a smaller share of it."""
FEWEST_BLOCKS = 2
"""The number of blocks below which the time of a line that does the same may differ by chance."""


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
    repeated: Sequence[Repeated] = ()
    """What is traced and compiled in epochs that are not the first."""


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
    reason: Reason | None = None
    """What is different about it; None if that is not known, or if only one of the two has it."""
    doubtful: bool = False
    """Whether it does the same in both, and one block alone tells its time."""
    via: str = ""
    """The line that leads to it, if the difference is on that way."""
    via_text: str = ""
    only_in: str = ""
    """"arm" or "baseline" if the other does not have it."""


@dataclass(frozen=True)
class Why:
    """The difference between an epoch of two arms: in the time of median epochs, or in arithmetic.

    The shares of `tracings`, of `changes`, `between` and `rest` add up to 1.
    """

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
    """The share of all lines that are not listed, or of everything else if no line was timed in one of the two."""
    tracings: list[TracingChange] = field(default_factory=list)
    """What is traced and compiled in most epochs of one of the two, those with the largest part first."""
    untimed: bool = False
    """Whether no line was timed in one of the two, so that only tracing is known."""
    runs: float | None = None
    """The number of operations of an epoch; None if that is not known."""
    baseline_runs: float | None = None


def explain(kind: str, arm: Epochs, baseline: Epochs, blocks: int = FEWEST_BLOCKS) -> Why | None:
    """Explain the difference between two arms' epochs of one kind, of which `blocks` were measured; None if nothing is
    known of the lines of one, and no tracing makes the difference."""
    tracings: list[TracingChange] = []
    if arm.seconds and baseline.seconds and (difference := arm.seconds - baseline.seconds):
        found = compare_tracings(arm.repeated, baseline.repeated, difference, in_median_epoch)
        tracings = [one for one in found if abs(one.share) >= LEAST]
    known = all(any(use.where for use in own.uses) for own in (arm, baseline))
    if arm.seconds and baseline.seconds:
        of_time = Why(kind, Of.TIME, arm.seconds, baseline.seconds, tracings=tracings)
        mine = arm.seconds - sum(one.seconds for one in tracings)
        theirs = baseline.seconds - sum(one.baseline_seconds for one in tracings)
        if known and arm.timed and baseline.timed and mine > 0 < theirs:
            clocks = _Clock(arm.timed, mine), _Clock(baseline.timed, theirs)
            return _explain_time(of_time, arm, baseline, *clocks, blocks)
        if tracings:
            return replace(of_time, rest=1.0 - sum(one.share for one in tracings), untimed=True)
    after, before = (sum(use.flops for use in own.uses) for own in (arm, baseline))
    if not known or not after or not before or after == before:
        return None
    pairs = _pair(arm.uses, baseline.uses, _get_flops, _get_flops, after - before)
    return _gather(Why(kind, Of.ARITHMETIC, after, before), pairs)


def _explain_time(
    found: Why, arm: Epochs, baseline: Epochs, mine: "_Clock", theirs: "_Clock", blocks: int
) -> Why | None:
    difference = found.arm - found.baseline
    if not difference:
        return None
    left = [_find_left(clock, own.uses) for own, clock in ((arm, mine), (baseline, theirs))]
    longer, clock, most = (arm, mine, left[0]) if left[0] > left[1] else (baseline, theirs, left[1])
    line = next(iter(longer.between), None)
    found = replace(
        found,
        between=(left[0] - left[1]) / difference,
        between_seconds=left[0],
        baseline_between_seconds=left[1],
        between_most=line,
        between_most_share=min(clock.scale * line.seconds / most, 1.0) if line and most > 0 else 0.0,
        runs=_sum_runs(arm.uses),
        baseline_runs=_sum_runs(baseline.uses),
    )
    changes = _pair(arm.uses, baseline.uses, mine, theirs, difference)
    if blocks < FEWEST_BLOCKS:
        changes = [replace(one, doubtful=_does_the_same(one)) for one in changes]
    return _gather(found, changes)


def _find_left(clock: "_Clock", uses: Sequence[LineUse]) -> float:
    """Return the seconds of an epoch that no line takes."""
    left = clock.seconds - sum(map(clock, uses))
    return left if abs(left) > NOTHING * clock.seconds else 0.0


def _sum_runs(uses: Sequence[LineUse]) -> float | None:
    runs = [use.runs for use in uses if use.runs is not None]
    return sum(runs) if runs and len(runs) == len(uses) else None


def _does_the_same(change: Change) -> bool:
    reason = change.reason
    return reason is not None and reason.by is By.OTHER and reason.same_arithmetic and reason.same_runs


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
    return [_compare(one, other, mine, theirs, difference) for one, other in match(arm, baseline)]


def _compare(one: LineUse | None, other: LineUse | None, mine: _Weight, theirs: _Weight, difference: float) -> Change:
    shown = one or other
    assert shown is not None, "a pair has one side at least"
    timed = mine is not _get_flops
    after, before = (mine(one) if one else 0.0), (theirs(other) if other else 0.0)
    via = _find_way(one, other, mine, theirs)
    pair = via if via and via[0] and via[1] else (one, other)
    time = divide(mine(pair[0]), theirs(pair[1])) if timed and pair[0] and pair[1] else None
    reason = find_reason(compare_measures((one, other), via, time)) if one and other else None
    way = (via[0] or via[1]) if via else None
    return Change(
        shown.where,
        shown.text,
        (after - before) / difference,
        after if timed else None,
        before if timed else None,
        one.flops if one else 0.0,
        other.flops if other else 0.0,
        reason,
        via=way.where if way else "",
        via_text=way.text if way else "",
        only_in="" if one and other else "arm" if one else "baseline",
    )


def _find_way(
    one: LineUse | None, other: LineUse | None, mine: _Weight, theirs: _Weight
) -> tuple[Caller | None, Caller | None] | None:
    """Return the line that leads to most of the difference of a line, in the arm and in the baseline."""
    whole = (mine(one) if one else 0.0) - (theirs(other) if other else 0.0)
    for here, there in match(one.callers if one else [], other.callers if other else []):
        shown = here or there
        part = (mine(here) if here else 0.0) - (theirs(there) if there else 0.0)
        if shown and shown.where and whole and part / whole >= MOSTLY:
            return here, there
    return None

"""Losses of arms that are not those of a training that works."""

from collections.abc import Iterator, Sequence

from harness import rounding
from harness.analysis.comparison.unsound import Fault, Unsound
from harness.report.summary import ArmSummary, Summary
from harness.report.wording import words

MOST = 2
"""Losses of an arm that are named with all that is known of them."""
MOST_FOLLOWERS = 3
"""Losses that are named because they are not finite either, once others are not."""


def not_finite(summary: Summary) -> str:
    """What a reader must know before any time: which arms train on losses that are not finite. Empty if none does."""
    return " ".join(
        f"{arm.name} trains on losses that are not finite: {_list(arm, Fault.NOT_FINITE)}."
        for arm in _order(summary)
        if any(one.fault is Fault.NOT_FINITE for one in arm.unsound)
    )


def sentences(summary: Summary) -> Iterator[str]:
    """The losses that do not change or that rise, the baseline's first."""
    for arm in _order(summary):
        for fault in (Fault.CONSTANT, Fault.RISING):
            if any(one.fault is fault for one in arm.unsound):
                verb = "do not change" if fault is Fault.CONSTANT else "rise"
                yield f"Losses of {arm.name} {verb}: {_list(arm, fault)}."


def _order(summary: Summary) -> list[ArmSummary]:
    return sorted(summary.arms, key=lambda arm: arm.name != summary.baseline)


def _list(arm: ArmSummary, fault: Fault) -> str:
    found = [one for one in arm.unsound if one.fault is fault]
    first = [one for one in found if _fails_first(one, found)]
    named = _name(first)
    followers = [f"`{one.loss}`" for one in found if one not in first]
    if len(followers) > MOST_FOLLOWERS:
        more = len(followers) - MOST_FOLLOWERS + 1
        followers = [*followers[: MOST_FOLLOWERS - 1], words.many(more, "other")]
    return f"{named}, then {words.listed(followers)}" if followers else named


def _fails_first(one: Unsound, found: Sequence[Unsound]) -> bool:
    """Whether a loss that is not finite may be the cause: it is so from the first of these epochs on, and is no total,
    unless there are totals only."""
    if one.fault is not Fault.NOT_FINITE:
        return True
    earliest = [other for other in found if other.first == min(own.first for own in found)]
    return one in earliest and (not one.total or all(other.total for other in earliest))


def _name(found: Sequence[Unsound]) -> str:
    named = [_describe(one) for one in found[:MOST]]
    if len(found) > MOST:
        named.append(words.many(len(found) - MOST, "other"))
    return words.listed(named)


def _describe(one: Unsound) -> str:
    if one.fault is Fault.NOT_FINITE:
        return f"`{one.loss}` from epoch {one.first} on, in {one.epochs} of {words.many(one.of, 'epoch')}"
    if one.fault is Fault.CONSTANT:
        return f"`{one.loss}` is the same in all {words.many(one.of, 'epoch')}"
    assert one.before is not None and one.after is not None, "a rising loss has both"
    ends = f"from {rounding.number(one.before)} to {rounding.number(one.after)}"
    return f"`{one.loss}` {ends} over {words.many(one.of, 'epoch')}"

"""Losses of arms that are not those of a training that works."""

from collections.abc import Iterator

from harness import rounding
from harness.analysis.comparison.unsound import Fault, Unsound
from harness.report.summary import ArmSummary, Summary
from harness.report.wording import words

MOST = 2
"""Losses that are named of an arm."""


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

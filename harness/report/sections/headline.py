"""The answer of a comparison in one sentence: what a reader wants to know first."""

from collections.abc import Iterator, Sequence
from itertools import islice
from math import inf, log

from harness.analysis.stats.ratios import Ratio
from harness.analysis.stats.verdicts import COARSE, FASTER, SAME, SLOWER, UNSURE
from harness.report import units
from harness.report.sections import breakeven, programs
from harness.report.summary import ArmSummary, Summary
from harness.report.wording import words

FACTOR = 1.5
"""Differences of at least this factor are given as a factor, smaller ones in percent."""
_MOST_BREAKEVENS = 2
"""The largest number of arms of which it says from how many epochs on they pay off."""
_FEW = {0: "Estimate from an unfinished block: ", 1: "Estimate from one block: ", 2: "Estimate from two blocks: "}


def headline(summary: Summary) -> str:
    """Which arms are faster, slower, the same, unsure or failed. Empty if nothing was measured."""
    baseline = next(arm for arm in summary.arms if arm.name == summary.baseline)
    others = [arm for arm in summary.arms if arm is not baseline]
    if baseline.status == "failed":
        nothing = ", so the others have nothing to be compared with" if others else ""
        loss = f": {why}" if (why := _find_loss(baseline)) else ""
        return f"{baseline.name}{', the baseline,' if others else ''} failed {moment(baseline)}{loss}{nothing}."
    if not others:
        took = baseline.total_time
        what = "the epochs that ran took"
        if summary.whole:
            what = "one run of it takes" if programs.ran_whole(summary) else "one training takes"
        return f"{baseline.name} ran alone: {what} {units.projection(took)}." if took else ""
    clauses = [
        *_list_differences(others, baseline.name),
        *_list_same_and_unsure(others, baseline.name, summary.tolerance),
    ]
    clauses += [*_list_estimates(others, baseline.name), *_list_missing(others)]
    if not any(arm.ratio for arm in others):
        return f"Nothing could be compared with {baseline.name}: {'; '.join(clauses)}."
    judged = any(arm.verdict for arm in others)
    answer = f"{'' if judged else _FEW.get(summary.blocks, '')}{'; '.join(clauses)}."
    return " ".join([answer, *islice(breakeven.sentences(summary), _MOST_BREAKEVENS)])


def _list_differences(arms: Sequence[ArmSummary], baseline: str) -> Iterator[str]:
    """Faster arms, fastest first, then slower arms, slowest first. The first of each has its interval."""
    for verdict, sign in ((FASTER, 1), (SLOWER, -1)):
        found = sorted((arm for arm in arms if arm.verdict == verdict), key=lambda arm: sign * _get_estimate(arm))
        clauses = [
            f"{arm.name} {_describe_difference(arm, None if place else baseline)}" for place, arm in enumerate(found)
        ]
        if clauses:
            yield words.listed(clauses)


def _describe_difference(arm: ArmSummary, baseline: str | None) -> str:
    """A difference as a factor or in percent. With `baseline`, its name and the interval are added."""
    ratio = arm.ratio
    assert ratio, "a verdict rests on a ratio"
    values = [ratio.estimate, *(end for end in (ratio.low, ratio.high) if end)]
    if ratio.estimate <= 1 / FACTOR:
        shown, what = [f"{units.number(1 / value)}x" for value in values], ("is", "faster", "than")
    elif ratio.estimate >= FACTOR:
        shown, what = [f"{units.number(value)}x" for value in values], ("takes", "as long", "as")
    else:
        more = "more" if ratio.estimate > 1 else "less"
        shown, what = [units.percent(abs(value - 1)) for value in values], ("takes", f"{more} time", "than")
    clause = f"{what[0]} {shown[0]} {what[1]}"
    if len(values) == 3 and _is_wide(*values):
        least = min(values, key=lambda value: abs(log(value)))
        bound = f"{units.number(max(least, 1 / least))}x"
        verb = f"is at least {bound} faster" if least < 1 else f"takes at least {bound} as long"
        middle = f"{units.number(max(ratio.estimate, 1 / ratio.estimate))}x"
        return f"{verb} {what[2]} {baseline} (about {middle})" if baseline else verb
    if baseline is None:
        return clause
    ends = shown[1:] if ratio.estimate > 1 else shown[:0:-1]
    return f"{clause} {what[2]} {baseline}{f' [{ends[0]}, {ends[1]}]' if len(ends) == 2 else ''}"


def _is_wide(estimate: float, low: float, high: float) -> bool:
    """Whether an interval is too wide for its estimate to say much, so that only its nearer end is given."""
    return log(high / low) / 2 > COARSE * abs(log(estimate)) and abs(log(estimate)) > log(FACTOR)


def _list_same_and_unsure(arms: Sequence[ArmSummary], baseline: str, tolerance: float) -> Iterator[str]:
    same = [arm.name for arm in arms if arm.verdict == SAME]
    if same:
        is_ = "is" if len(same) == 1 else "are"
        yield f"{words.listed(same)} {is_} the same as {baseline} within {units.percent(tolerance)}"
    unsure = [f"{arm.name} ({_format_factor(arm)})" for arm in arms if arm.verdict == UNSURE]
    if unsure:
        yield f"{words.listed(unsure)} {'is' if len(unsure) == 1 else 'are'} unsure"


def _list_estimates(arms: Sequence[ArmSummary], baseline: str) -> Iterator[str]:
    """Arms without a verdict that have a ratio. A failed arm is left out, though it may have one from before."""
    found = sorted((arm for arm in arms if arm.ratio and not arm.verdict and arm.status != "failed"), key=_get_estimate)
    if found:
        first, *rest = found
        yield words.listed(
            [
                f"{first.name} costs {_format_factor(first)} what {baseline} costs",
                *(f"{arm.name} {_format_factor(arm)}" for arm in rest),
            ]
        )


def _list_missing(arms: Sequence[ArmSummary]) -> Iterator[str]:
    for arm in arms:
        if arm.status == "failed":
            loss = _find_loss(arm)
            yield f"{arm.name} failed {moment(arm)}{f' ({loss})' if loss else ''}"
        elif not arm.ratio:
            yield f"{arm.name} {'was cut off' if arm.status == 'cut off' else 'was not measured together with it'}"


def moment(arm: ArmSummary) -> str:
    """When the arm failed, such as `in epoch 3`. The reason is given further down in the report."""
    return (arm.reason or "").partition(":")[0]


def _find_loss(arm: ArmSummary) -> str:
    """Which loss made an arm fail because it was not finite; empty if it failed otherwise."""
    reason = (arm.reason or "").partition(":")[2].strip()
    return reason.partition(" (--allow")[0] if reason.startswith("its loss ") else ""


def _format_factor(arm: ArmSummary) -> str:
    """The estimate without its interval, which the table shows."""
    return units.ratio(Ratio(_get_estimate(arm)))


def _get_estimate(arm: ArmSummary) -> float:
    return arm.ratio.estimate if arm.ratio else inf

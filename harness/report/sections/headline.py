"""The answer of a comparison in a sentence: what a reader wants to know first."""

from collections.abc import Iterator, Sequence
from math import inf

from harness.analysis.stats.ratios import Ratio
from harness.analysis.stats.verdicts import FASTER, SAME, SLOWER, UNSURE
from harness.report import units
from harness.report.summary import ArmSummary, Summary

FACTOR = 1.5
"""From here on a difference is told as a factor, below it in percent."""
_FEW = {0: "By an unfinished block: ", 1: "By one block alone: ", 2: "By two blocks: "}


def headline(summary: Summary) -> str:
    """Who is faster, slower, the same, unsure, failed. Empty where nothing was found."""
    baseline = next(arm for arm in summary.arms if arm.name == summary.baseline)
    others = [arm for arm in summary.arms if arm is not baseline]
    if baseline.status == "failed":
        nothing = ": there is nothing to relate the others to" if others else ""
        return f"{baseline.name}{', the baseline,' if others else ''} failed {moment(baseline)}{nothing}."
    if not others:
        took = baseline.total_time
        what = "one training takes" if summary.whole else "its epochs took"
        return f"{baseline.name} ran alone: {what} {units.projection(took)}." if took else ""
    clauses = [*_differences(others, baseline.name), *_equal(others, baseline.name, summary.tolerance)]
    clauses += [*_estimates(others, baseline.name), *_missing(others)]
    if not any(arm.ratio for arm in others):
        return f"Nothing could be compared with {baseline.name}: {'; '.join(clauses)}."
    judged = any(arm.verdict for arm in others)
    return f"{'' if judged else _FEW.get(summary.blocks, '')}{'; '.join(clauses)}."


def _differences(arms: Sequence[ArmSummary], baseline: str) -> Iterator[str]:
    """The faster ones, the fastest first, and the slower ones, the slowest first; each first one with its interval."""
    for verdict, sign in ((FASTER, 1), (SLOWER, -1)):
        found = sorted((arm for arm in arms if arm.verdict == verdict), key=lambda arm: sign * _estimate(arm))
        told = [f"{arm.name} {_difference(arm, None if place else baseline)}" for place, arm in enumerate(found)]
        if told:
            yield units.listed(told)


def _difference(arm: ArmSummary, baseline: str | None) -> str:
    """As a factor or in percent, in the words of its direction; with its interval if it says beside what."""
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
    said = f"{what[0]} {shown[0]} {what[1]}"
    if baseline is None:
        return said
    ends = shown[1:] if ratio.estimate > 1 else shown[:0:-1]
    return f"{said} {what[2]} {baseline}{f' [{ends[0]}, {ends[1]}]' if len(ends) == 2 else ''}"


def _equal(arms: Sequence[ArmSummary], baseline: str, tolerance: float) -> Iterator[str]:
    same = [arm.name for arm in arms if arm.verdict == SAME]
    if same:
        is_ = "is" if len(same) == 1 else "are"
        yield f"{units.listed(same)} {is_} the same as {baseline} within {units.percent(tolerance)}"
    unsure = [f"{arm.name} ({_factor(arm)})" for arm in arms if arm.verdict == UNSURE]
    if unsure:
        yield f"{units.listed(unsure)} {'is' if len(unsure) == 1 else 'are'} unsure"


def _estimates(arms: Sequence[ArmSummary], baseline: str) -> Iterator[str]:
    """Of those without a verdict; one that failed may have come to some ratio before."""
    found = sorted((arm for arm in arms if arm.ratio and not arm.verdict and arm.status != "failed"), key=_estimate)
    if found:
        first, *rest = found
        yield units.listed(
            [
                f"{first.name} costs {_factor(first)} what {baseline} costs",
                *(f"{arm.name} {_factor(arm)}" for arm in rest),
            ]
        )


def _missing(arms: Sequence[ArmSummary]) -> Iterator[str]:
    for arm in arms:
        if arm.status == "failed":
            yield f"{arm.name} failed {moment(arm)}"
        elif not arm.ratio:
            yield f"{arm.name} {'was cut off' if arm.status == 'cut off' else 'was not measured beside it'}"


def moment(arm: ArmSummary) -> str:
    """When it failed, such as `in epoch 3`; why is told below."""
    return (arm.reason or "").partition(":")[0]


def _factor(arm: ArmSummary) -> str:
    """The estimate alone; the table has its interval."""
    return units.ratio(Ratio(_estimate(arm)))


def _estimate(arm: ArmSummary) -> float:
    return arm.ratio.estimate if arm.ratio else inf

"""From how many epochs on a change pays off, if it costs more at the start and less later, or the other way round."""

from collections.abc import Iterator

from harness.analysis.epochs.accounting import Accounted
from harness.analysis.stats.ratios import Ratio
from harness.report import units
from harness.report.summary import ArmSummary, Summary
from harness.report.wording import words

ONCE_SHARE = 0.2
"""The share of the time of the epochs that ran from which on what an arm spends once is worth a sentence."""
ONCE_DIFFERENCE = 0.25
"""The least difference of what two arms spend once, as a share of the larger one. It is of one process each and has no
interval, so it must be large."""
FAR_OFF = 1e6
"""More epochs than this are as good as never."""


def sentences(summary: Summary) -> Iterator[str]:
    """One for each arm whose start and whose epochs differ from the baseline's in opposite ways."""
    baseline = next(arm for arm in summary.arms if arm.name == summary.baseline)
    for arm in summary.arms:
        if arm is not baseline and arm.status == "ok":
            yield from _compare(arm, baseline)


def _compare(arm: ArmSummary, baseline: ArmSummary) -> Iterator[str]:
    mine, theirs, ratio = arm.accounting, baseline.accounting, _find_clear_ratio(arm)
    if mine is None or theirs is None or ratio is None or mine.trend or theirs.trend or not theirs.steady.epochs:
        return
    epoch = (theirs.steady.seconds + theirs.periodic.seconds) / (theirs.steady.epochs + theirs.periodic.epochs)
    once = [_measure_once(mine, epoch * ratio.estimate), _measure_once(theirs, epoch)]
    more_once, saved = once[0] - once[1], epoch * (1 - ratio.estimate)
    spent = max(once[0] / mine.seconds, once[1] / theirs.seconds)
    if spent < ONCE_SHARE or abs(more_once) < ONCE_DIFFERENCE * max(once) or not 0 < more_once / saved < FAR_OFF:
        return
    number = f"about {words.many(max(round(more_once / saved), 1), 'epoch')}"
    more, end = ("more", "it pays off after") if more_once > 0 else ("less", "it is ahead for")
    yield (
        f"The start of {arm.name} costs {units.seconds(abs(more_once))} {more} than that of {baseline.name}, and each"
        f" later epoch {units.number(ratio.estimate)}x of one: {end} {number}."
    )


def _find_clear_ratio(arm: ArmSummary) -> Ratio | None:
    """The ratio of the time of an epoch, if there is one kind of them, and its interval is clear of 1."""
    ratios = list(arm.ratio_by_kind.values())
    clear = [one for one in ratios if one.low and one.high and not one.low <= 1 <= one.high]
    return clear[0] if len(ratios) == 1 and clear else None


def _measure_once(found: Accounted, epoch: float) -> float:
    """Seconds that happen once, beyond what these epochs would take otherwise."""
    return found.once.seconds - found.once.epochs * epoch

"""From how many epochs on a change pays off, if it costs more at the start and less later, or the other way round."""

from collections.abc import Iterator
from dataclasses import dataclass

from harness.analysis.epochs.accounting import Accounted
from harness.report import units
from harness.report.summary import ArmSummary, Summary
from harness.report.wording import words

ONCE_SHARE = 0.2
"""The share of the time of the epochs that ran from which on what an arm spends once is worth a sentence."""
FAR_OFF = 1e6
"""More epochs than this are as good as never."""


@dataclass(frozen=True)
class Parts:
    """What the epochs of one process cost."""

    epoch: float
    """Seconds of an epoch, periodic work included and what happens once left out."""
    once: float
    """Seconds that happen once, beyond what these epochs would take otherwise."""

    @classmethod
    def of(cls, found: Accounted | None) -> "Parts | None":
        """None if there is no steady epoch."""
        if found is None or found.trend or not found.steady.epochs:
            return None
        later = found.steady.epochs + found.periodic.epochs
        epoch = (found.steady.seconds + found.periodic.seconds) / later
        return cls(epoch, found.once.seconds - found.once.epochs * epoch)


def sentences(summary: Summary) -> Iterator[str]:
    """One for each arm whose start and whose epochs differ from the baseline's in opposite ways."""
    baseline = next(arm for arm in summary.arms if arm.name == summary.baseline)
    for arm in summary.arms:
        if arm is not baseline and arm.status == "ok":
            yield from _compare(arm, baseline)


def _compare(arm: ArmSummary, baseline: ArmSummary) -> Iterator[str]:
    mine, theirs = Parts.of(arm.accounting), Parts.of(baseline.accounting)
    if mine is None or theirs is None or arm.accounting is None or baseline.accounting is None:
        return
    spent = max(mine.once / arm.accounting.seconds, theirs.once / baseline.accounting.seconds)
    more_once, saved = mine.once - theirs.once, theirs.epoch - mine.epoch
    if spent < ONCE_SHARE or more_once * saved <= 0 or more_once / saved > FAR_OFF:
        return
    number = max(round(more_once / saved), 1)
    first, steady = units.seconds(abs(more_once)), units.number(mine.epoch / theirs.epoch)
    count = f"about {words.many(number, 'epoch')}"
    if more_once > 0:
        yield (
            f"The start of {arm.name} costs {first} more than that of {baseline.name}, and each later epoch {steady}x"
            f" of one: it pays off after {count}."
        )
    else:
        yield (
            f"The start of {arm.name} costs {first} less than that of {baseline.name}, and each later epoch {steady}x"
            f" of one: it is ahead for {count}."
        )

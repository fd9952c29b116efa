"""Whether a machine is fit to measure on, from two arms whose answers are known: a null arm and a planted slowdown.

Fit means that the measured answers of both are correct. Unfit means that one of them is wrong. Unsure means that there
are too few blocks, or too much scatter, for an answer.
"""

from dataclasses import dataclass
from enum import StrEnum
from math import log

from harness.analysis.stats.ratios import Ratio
from harness.analysis.stats.verdicts import SAME, SLOWER, UNSURE, Answer, Verdict


class Fitness(StrEnum):
    """Whether a machine is fit to measure on."""

    FIT = "fit"
    UNFIT = "unfit"
    UNSURE = "unsure"


@dataclass(frozen=True)
class Control:
    """An arm whose answer is known, and what was measured of it."""

    ratio: Ratio | None
    verdict: Verdict | None
    """None if there are too few blocks."""


class Doubt(StrEnum):
    """A reason why a machine is not known to be fit."""

    IDENTICAL_DIFFER = "identical arms differ"
    IDENTICAL_APART = "identical arms differ by more than half the tolerance"
    IDENTICAL_UNSURE = "identical arms are unsure"
    PLANTED_MISJUDGED = "the planted slowdown is misjudged"
    PLANTED_UNSURE = "the planted slowdown was not detected for sure"
    TOO_FEW_BLOCKS = "too few blocks"


@dataclass(frozen=True, kw_only=True)
class SelfCheck:
    answer: Fitness
    doubts: tuple[Doubt, ...]
    """The reasons why it is not fit."""
    planted: float
    """The planted slowdown, as a share."""
    tolerance: float
    null: Answer | None
    """The verdict on the null arm; None if there are too few blocks."""
    slowed: Answer | None
    """The verdict on the slowed arm."""
    smallest_visible_ratio: float | None
    """The smallest difference that could have shown in either arm, as a ratio above 1."""

    @property
    def fit(self) -> bool:
        return self.answer == Fitness.FIT


def self_check(null: Control, slowed: Control, planted: float, tolerance: float) -> SelfCheck:
    """Decide whether a machine is fit to detect differences beyond `tolerance`, given a planted slowdown of
    `planted`."""
    errors = [*_find_null_errors(null, tolerance), *_find_planted_errors(slowed)]
    missing = _find_missing(null, slowed)
    seen = [control.verdict.smallest_visible for control in (null, slowed) if control.verdict]
    return SelfCheck(
        answer=Fitness.UNFIT if errors else Fitness.UNSURE if missing else Fitness.FIT,
        doubts=(*errors, *missing),
        planted=planted,
        tolerance=tolerance,
        null=null.verdict.answer if null.verdict else None,
        slowed=slowed.verdict.answer if slowed.verdict else None,
        smallest_visible_ratio=max(seen) if len(seen) == 2 else None,
    )


def _find_null_errors(null: Control, tolerance: float) -> list[Doubt]:
    if null.verdict is None or null.ratio is None or null.verdict.answer == UNSURE:
        return []  # scatter alone may explain any ratio
    if null.verdict.answer != SAME:
        return [Doubt.IDENTICAL_DIFFER]
    if abs(log(null.ratio.estimate)) > log(1 + tolerance) / 2:
        return [Doubt.IDENTICAL_APART]
    return []


def _find_planted_errors(slowed: Control) -> list[Doubt]:
    if slowed.verdict is None or slowed.verdict.answer in (SLOWER, UNSURE):
        return []
    return [Doubt.PLANTED_MISJUDGED]


def _find_missing(null: Control, slowed: Control) -> list[Doubt]:
    if null.verdict is None or slowed.verdict is None:
        return [Doubt.TOO_FEW_BLOCKS]
    found = []
    if null.verdict.answer == UNSURE:
        found.append(Doubt.IDENTICAL_UNSURE)
    if slowed.verdict.answer == UNSURE:
        found.append(Doubt.PLANTED_UNSURE)
    return found

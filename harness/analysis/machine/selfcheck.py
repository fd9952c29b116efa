"""Whether a machine is fit to measure on, from two arms whose answers are known: a null arm and a planted slowdown.

Fit means that the measured answers of both are correct. Unfit means that one of them is wrong. Unsure means that there
are too few blocks, or too much scatter, for an answer.
"""

from dataclasses import dataclass
from enum import StrEnum
from math import log

from harness import rounding
from harness.analysis.stats.levels import FIRST_LOOK
from harness.analysis.stats.ratios import Ratio
from harness.analysis.stats.verdicts import SAME, SLOWER, UNSURE, Verdict


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


@dataclass(frozen=True)
class SelfCheck:
    answer: Fitness
    why: tuple[str, ...]
    """The reasons why it is not fit."""
    planted: float
    """The planted slowdown, as a share."""
    smallest_visible_ratio: float | None
    """The smallest difference that could have shown in either arm, as a ratio above 1."""

    @property
    def fit(self) -> bool:
        return self.answer == Fitness.FIT


def self_check(null: Control, slowed: Control, planted: float, tolerance: float) -> SelfCheck:
    """Decide whether a machine is fit to detect differences beyond `tolerance`, given a planted slowdown of
    `planted`."""
    errors = [*_find_null_errors(null, tolerance), *_find_planted_errors(slowed, planted)]
    missing = _find_missing(null, slowed, planted)
    seen = [control.verdict.smallest_visible for control in (null, slowed) if control.verdict]
    return SelfCheck(
        Fitness.UNFIT if errors else Fitness.UNSURE if missing else Fitness.FIT,
        (*errors, *missing),
        planted,
        max(seen) if len(seen) == 2 else None,
    )


def _find_null_errors(null: Control, tolerance: float) -> list[str]:
    if null.verdict is None or null.ratio is None or null.verdict.answer == UNSURE:
        return []  # scatter alone may explain any ratio
    if null.verdict.answer != SAME:
        return [f"two identical arms differ: the second one is called {null.verdict.answer}"]
    if abs(log(null.ratio.estimate)) > log(1 + tolerance) / 2:
        return [f"two identical arms differ by more than half the tolerance of {rounding.percent(tolerance)}"]
    return []


def _find_planted_errors(slowed: Control, planted: float) -> list[str]:
    if slowed.verdict is None or slowed.verdict.answer in (SLOWER, UNSURE):
        return []
    return [f"a planted slowdown of {rounding.percent(planted)} is called {slowed.verdict.answer}"]


def _find_missing(null: Control, slowed: Control, planted: float) -> list[str]:
    if null.verdict is None or slowed.verdict is None:
        return [f"a verdict needs {FIRST_LOOK} blocks, and there were fewer"]
    found = []
    if null.verdict.answer == UNSURE:
        found.append("two identical arms are unsure, so it is not known whether they are the same")
    if slowed.verdict.answer == UNSURE:
        found.append(f"a planted slowdown of {rounding.percent(planted)} was not detected for sure")
    return found

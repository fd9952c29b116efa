"""Verdicts on measured ratios: faster, slower, same or unsure.

With m = ln(1 + tolerance) and the interval of an arm's log-ratio: slower if the whole interval lies above m, faster if
it lies below -m, same if it lies between. `SAME` is then a positive finding, not the lack of a difference (two
one-sided tests: D. J. Schuirmann, J. Pharmacokinet. Biopharm. 15 (1987) 657).

Several arms have several chances to look different by accident. Holm's procedure (S. Holm, Scand. J. Statist. 6 (1979)
65) keeps the probability that any of them does at 5 %: the clearest arm must pass the strictest level.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import exp, log

import numpy as np
from scipy import stats

from harness.analysis.stats.estimates import error_of_mean
from harness.analysis.stats.levels import FIRST_LOOK, level


class Answer(StrEnum):
    """The verdict on the measured ratio of an arm."""

    FASTER = "faster"
    SLOWER = "slower"
    SAME = "same"
    UNSURE = "unsure"


FASTER, SLOWER, SAME, UNSURE = Answer

COARSE = 1 / 3
"""A difference counts only if its interval's half-width is below the tolerance, or below this share of the difference,
or if the whole interval lies beyond `LARGE`.

Under other load, blocks scatter by several tolerances, and three of them sometimes agree on a difference by chance.
"""
LARGE = log(1.5)
"""A log-ratio that three blocks do not agree on by chance, however much they scatter."""


def widest(log_ratio: float, margin: float, coarse: float = COARSE) -> float:
    """Return the largest half-width of an interval with which a difference of `log_ratio` counts."""
    return max(margin, coarse * abs(log_ratio), abs(log_ratio) - LARGE)


@dataclass(frozen=True)
class Verdict:
    answer: Answer
    smallest_visible: float
    """The smallest difference that these blocks could have shown, as a ratio above 1."""


def verdicts(
    logs: Mapping[str, Sequence[float]],
    tolerance: float,
    fewest: int,
    most: int,
    coarse: float = COARSE,
    common: Mapping[str, float] | None = None,
) -> dict[str, Verdict]:
    """Return the verdict on every arm with at least three blocks, from its log-ratios to the baseline by block.

    `fewest` and `most` are the numbers of blocks between which there are looks; see `levels`. `coarse` replaces
    `COARSE`. `common` has, by arm, the standard deviation of an error that all its blocks have in common.
    """
    margin = log(1 + tolerance)
    errors = common or {}
    tests = {
        arm: _Test(np.asarray(values), margin, errors.get(arm, 0.0))
        for arm, values in logs.items()
        if len(values) >= FIRST_LOOK
    }
    found: dict[str, Verdict] = {}
    settled, shown = True, level(fewest, most)
    for rank, (arm, test) in zip(
        range(len(tests), 0, -1), sorted(tests.items(), key=lambda item: item[1].p_value), strict=True
    ):
        at = level(fewest, most, rank)
        settled = settled and test.p_value < at
        half = test.half_width(shown)
        narrow = half <= widest(test.middle, margin, coarse)
        visible = max(margin + test.half_width(at), min(half / coarse, half + LARGE) if half > margin else 0.0)
        found[arm] = Verdict(test.answer(at, narrow) if settled else UNSURE, exp(min(visible, 700.0)))
    return {arm: found[arm] for arm in tests}


class _Test:
    """Student's t over the blocks of one arm, compared with the margin."""

    def __init__(
        self, values: "np.ndarray[tuple[int], np.dtype[np.float64]]", margin: float, common: float = 0.0
    ) -> None:
        self._margin = margin
        self.middle = float(values.mean())
        error, self._freedom = error_of_mean(values, common)
        # Only simulated blocks agree to the last bit; those of a real clock scatter more than this.
        self._error = max(error, 1e-12)

    @property
    def p_value(self) -> float:
        """The two-sided level at which the interval begins to lie entirely above, below or between the margins."""
        above = (self.middle - self._margin) / self._error
        below = (self.middle + self._margin) / self._error
        slower, faster = stats.t.sf(above, self._freedom), stats.t.cdf(below, self._freedom)
        same = max(stats.t.cdf(above, self._freedom), stats.t.sf(below, self._freedom))
        return float(2 * min(slower, faster, same))

    def half_width(self, at: float) -> float:
        return float(stats.t.ppf(1 - at / 2, self._freedom)) * self._error

    def answer(self, at: float, narrow: bool) -> Answer:
        """Return the answer at this level; a difference counts only if the interval that is shown is `narrow`
        enough."""
        half = self.half_width(at)
        if abs(self.middle) + half < self._margin:
            return SAME
        if abs(self.middle) - half < self._margin or not narrow:
            return UNSURE
        return SLOWER if self.middle > 0 else FASTER

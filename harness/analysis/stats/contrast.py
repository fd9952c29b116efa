"""Compares the times of a head with the mean of two runs of its base, block by block.

The second run of the base makes the estimate more precise, and its distance from the first one shows what no difference
looks like on this machine at this time. In each block the logarithms of the three times have two contrasts, head -
(base + base_repeat) / 2 and base_repeat - base, which are independent if the arms scatter alike. Both then estimate
that scatter, and the interval is Student's t with 2 (K - 1) degrees of freedom for K blocks: the residual variance of a
layout of blocks and arms (G. E. P. Box, J. S. Hunter and W. G. Hunter, "Statistics for experimenters", 2nd ed. 2005,
chapter 4). If the head scatters more than its bases do, only its own contrast estimates the error, with the degrees of
freedom that the Welch-Satterthwaite equation gives for the two (F. E. Satterthwaite, Biometrics Bulletin 2 (1946) 110).
That is nearly enough: if a head scatters four times as much and lies at the margin, 4.0 % pass instead of 2.5 %
(`benchmarks/experiments/gate_answers.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import exp, log, sqrt

import numpy as np
from scipy import stats

from harness.analysis.stats.levels import FIRST_LOOK
from harness.analysis.stats.ratios import Ratio
from harness.analysis.stats.verdicts import COARSE, widest


class Contrasted(StrEnum):
    """How a head compares with its base, as far as the blocks show."""

    WORSE = "worse"
    BETTER = "better"
    FINE = "fine"
    UNSURE = "unsure"


WORSE, BETTER, FINE, UNSURE = Contrasted
_HEAD_VARIANCE, _NULL_VARIANCE = 1.5, 2.0
"""The variances of the two contrasts, in units of the variance of one arm."""


@dataclass(frozen=True)
class Contrast:
    """Log-ratios by block, all relative to the first run of the base."""

    head: Sequence[float]
    base_repeat: Sequence[float]
    shared: bool = True
    """Whether the three arms of a block were alive at the same time. If not, each contrast has a base of its own, and
    neither shows the scatter of the other."""

    @property
    def blocks(self) -> int:
        return len(self.head)

    @property
    def middle(self) -> float:
        """The log-ratio of the head to the mean of its bases."""
        return float(np.mean(self.own))

    @property
    def null(self) -> float:
        """The log-ratio of the two bases, which is due to chance alone."""
        return float(np.mean(self.base_repeat))

    @property
    def own(self) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
        """The log-ratio of the head to the mean of its bases, by block."""
        return np.asarray(self.head, dtype=float) - np.asarray(self.base_repeat, dtype=float) / 2

    @property
    def _standard_error(self) -> tuple[float, float]:
        """The standard error of `middle` and its degrees of freedom. If the head scatters more than the base, a steady
        base does not make the head any more certain."""
        own = float(np.var(self.own, ddof=1))
        null = _HEAD_VARIANCE / _NULL_VARIANCE * float(np.var(self.base_repeat, ddof=1))
        variance, freedom = own, float(self.blocks - 1)
        if self.shared and own <= null:
            variance, freedom = (own + null) / 2, 2 * freedom
        elif self.shared:
            freedom *= (1 + null / own) ** 2 / (1 + (null / own) ** 2)
        return max(sqrt(variance / self.blocks), 1e-12), freedom

    def half_width(self, at: float) -> float:
        """Return half the width of the interval that misses with probability `at`."""
        error, freedom = self._standard_error
        return float(stats.t.ppf(1 - at / 2, freedom)) * error

    def ratio(self, at: float) -> Ratio:
        """Return the ratio with the interval that misses with probability `at`; a single block gives no interval."""
        if self.blocks < 2:
            return Ratio(exp(self.middle))
        half = min(self.half_width(at), 300.0)
        return Ratio(exp(self.middle), exp(self.middle - half), exp(self.middle + half))

    def p_worse(self, margin: float) -> float:
        """Return the two-sided level at which the interval begins to lie entirely above `margin`."""
        error, freedom = self._standard_error
        return float(2 * stats.t.sf((self.middle - margin) / error, freedom))

    def answer(self, tolerance: float, shown: float, strict: float) -> Contrasted:
        """Decide whether the head is worse by more than `tolerance`, a share.

        `FINE` is a positive finding: the whole interval at the level `shown` lies below the margin. `WORSE` must hold
        at the stricter level `strict`, which corrects for the number of metrics, and with an interval that is narrow
        enough (see `verdicts.widest`). The answer is unsure if the two bases are `apart`.
        """
        margin = log(1 + tolerance)
        if self.blocks < FIRST_LOOK or self.apart(tolerance):
            return UNSURE
        half = self.half_width(shown)
        if self.middle + half < margin:
            return BETTER if self.middle + half < -margin else FINE
        if self.p_worse(margin) < strict and half <= widest(self.middle, margin):
            return WORSE
        return UNSURE

    def apart(self, tolerance: float) -> bool:
        """Whether two runs of the base differ by more than half the tolerance: no difference then looks too much like
        the difference in question. For a large difference, the limit is half of `verdicts.COARSE` of it."""
        return abs(self.null) > max(log(1 + tolerance), COARSE * abs(self.middle)) / 2

    def smallest_visible(self, tolerance: float, at: float) -> float | None:
        """Return the smallest ratio above 1 that these blocks would have shown; None for fewer than two blocks."""
        if self.blocks < 2:
            return None
        return exp(min(log(1 + tolerance) + self.half_width(at), 300.0))


def answers(contrasts: Sequence[tuple[Contrast, float]], levels: Sequence[float]) -> list[Contrasted]:
    """Return the answer to each contrast with its tolerance. Holm's procedure limits the chance that one of several is
    called worse by accident: `levels` are those of rank 1, 2, ... and the clearest contrast must pass the strictest
    level."""
    ready = [i for i, (contrast, _) in enumerate(contrasts) if contrast.blocks >= FIRST_LOOK]
    found: list[Contrasted] = [UNSURE] * len(contrasts)
    in_order = sorted(ready, key=lambda i: contrasts[i][0].p_worse(log(1 + contrasts[i][1])))
    settled = True
    for rank, i in zip(range(len(in_order), 0, -1), in_order, strict=True):
        contrast, tolerance = contrasts[i]
        strict = levels[rank - 1]
        settled = settled and contrast.p_worse(log(1 + tolerance)) < strict
        found[i] = contrast.answer(tolerance, levels[0], strict if settled else 0.0)
    return found

"""A head against two runs of its base: how much longer it takes than the mean of both, block by block.

The second base sharpens the estimate, and its distance from the first one shows what a difference of nothing looks like
on this machine at this hour. In each block the logarithms of the three times have two contrasts, head - (base + again)
/ 2 and again - base, which are independent where the arms scatter alike; so both tell of that scatter, and the interval
is Student's t with 2 (K - 1) degrees of freedom over K blocks: the residual variance of a layout of blocks and arms
(G. E. P. Box, J. S. Hunter and W. G. Hunter, "Statistics for experimenters", 2nd ed. 2005, chapter 4). Where the head
scatters more than its bases do, its own contrast tells of the error alone, with as many degrees of freedom as the
Welch-Satterthwaite equation gives the two (F. E. Satterthwaite, Biometrics Bulletin 2 (1946) 110). That is nearly
enough: of a head that scatters four times as much, and is at the margin, 4.0 % pass instead of 2.5 %
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
from harness.analysis.stats.verdicts import widest


class Contrasted(StrEnum):
    """What a head is beside its base, as far as its blocks tell."""

    WORSE = "worse"
    BETTER = "better"
    FINE = "fine"
    UNSURE = "unsure"


WORSE, BETTER, FINE, UNSURE = Contrasted
_HEAD, _NULL = 1.5, 2.0
"""The variances of the two contrasts, in those of one arm."""


@dataclass(frozen=True)
class Contrast:
    """Log-ratios by block, all to the first base."""

    head: Sequence[float]
    again: Sequence[float]
    shared: bool = True
    """Whether the three arms of a block lived together. Where they did not, the contrasts have bases of their own and
    say nothing of each other's scatter."""

    @property
    def blocks(self) -> int:
        return len(self.head)

    @property
    def middle(self) -> float:
        """The log-ratio of the head to the mean of its bases."""
        return float(np.mean(self.own))

    @property
    def null(self) -> float:
        """The log-ratio of the two bases, which is nothing but chance."""
        return float(np.mean(self.again))

    @property
    def own(self) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
        """The head relative to the mean of its bases, by block."""
        return np.asarray(self.head, dtype=float) - np.asarray(self.again, dtype=float) / 2

    @property
    def _error(self) -> tuple[float, float]:
        """The standard error of `middle`, and its degrees of freedom. Where the head scatters more than the base does,
        the base's steadiness is no news of it."""
        own = float(np.var(self.own, ddof=1))
        null = _HEAD / _NULL * float(np.var(self.again, ddof=1))
        variance, freedom = own, float(self.blocks - 1)
        if self.shared and own <= null:
            variance, freedom = (own + null) / 2, 2 * freedom
        elif self.shared:
            freedom *= (1 + null / own) ** 2 / (1 + (null / own) ** 2)
        return max(sqrt(variance / self.blocks), 1e-12), freedom

    def half_width(self, at: float) -> float:
        """Of the interval that misses with probability `at`."""
        error, freedom = self._error
        return float(stats.t.ppf(1 - at / 2, freedom)) * error

    def ratio(self, at: float) -> Ratio:
        """The interval that misses with probability `at`; none from a single block."""
        if self.blocks < 2:
            return Ratio(exp(self.middle))
        half = min(self.half_width(at), 300.0)
        return Ratio(exp(self.middle), exp(self.middle - half), exp(self.middle + half))

    def p_worse(self, margin: float) -> float:
        """Two-sided: the level at which the interval begins to lie wholly above `margin`."""
        error, freedom = self._error
        return float(2 * stats.t.sf((self.middle - margin) / error, freedom))

    def answer(self, tolerance: float, shown: float, strict: float) -> Contrasted:
        """Whether the head is worse by more than `tolerance`, a share.

        Fine is a finding: the whole interval at the level `shown` lies below the margin. Worse must hold at the
        stricter level `strict`, which pays for asking of several metrics, and with an interval that is fine enough
        (see `verdicts.widest`). Nothing is said where the two bases are `apart`.
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
        """Whether two runs of the base differ by more than half the tolerance: what a difference of nothing looks like
        here is then too much like what is looked for. Of a large difference, by half of what `verdicts.widest` lets
        pass."""
        return abs(self.null) > widest(self.middle, log(1 + tolerance)) / 2

    def smallest_visible(self, tolerance: float, at: float) -> float | None:
        """The smallest ratio above 1 that these blocks would have shown; None of fewer than two."""
        if self.blocks < 2:
            return None
        return exp(min(log(1 + tolerance) + self.half_width(at), 300.0))


def answers(contrasts: Sequence[tuple[Contrast, float]], levels: Sequence[float]) -> list[Contrasted]:
    """The answer to each contrast with its tolerance. Holm's procedure guards against finding one of several worse by
    luck: `levels` are those of rank 1, 2, ... and the clearest must pass the strictest."""
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

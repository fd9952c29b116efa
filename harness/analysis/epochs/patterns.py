"""What recurs in each process of an arm: periodic work, and single stalls.

All processes of an arm run the same program from the same seed. What takes long in the same epoch of nearly every
process is therefore caused by the arm, and what does so in a single process by the machine. A period is looked for in
two ways:

- epochs that stand out one by one are compared with every period: it fits if all epochs of some of its phases are
  heavy, and no others are;
- if so many are heavy that none stands out, or each so slightly that noise hides it, the phases of each period are
  split at their largest gap, and the epochs of the heavy ones are compared with the others (H. B. Mann and D. R.
  Whitney, Ann. Math. Statist. 18 (1947) 50), with Bonferroni's correction for every period and every way to split its
  phases.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from math import comb, log

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]
Indices = NDArray[np.int_]

STANDS_OUT = 6.0
"""How many robust standard deviations above the level an epoch must be to stand out, in the median over processes."""
MIN_EXCESS = log(1.02)
"""The smallest excess over the level, as a logarithm, of an epoch that stands out."""
NEARLY_ALL = 0.75
"""The share of the processes that ran an epoch in which it must stand out, by half as much."""
CONSISTENT = 0.9
"""The share of a phase's epochs that must be heavy."""
PERIOD_ERROR = 1e-3
"""The probability of finding a period where there is none."""
FEWEST_PER_PHASE = 4
"""The number of epochs that each phase of a period must have if no epoch stands out by itself."""
PASSES = 2
"""Rounds of estimating settling and pattern in turn, since each can only be estimated with the other."""
FEWEST_BOTH = 8
"""If at least this many epochs settled in one process and counted in another, settling is estimated from these
alone."""
LEAST_SCATTER = 1e-4
"""Two patterns that leave less scatter than this, as a logarithm, explain the epochs equally well."""
POLISHES = 3
"""Rounds of fitting the processes' levels to each other."""
LONGEST, LONGEST_EXACT = 60, 500
"""The number of epochs in the longest period that is looked for: if no epoch stands out, and if some do."""
MIN_EXPLAINED = 10.0
"""The share of the variance that a period explains, times the number of epochs, below which no test would find it."""


@dataclass(frozen=True)
class Pattern:
    """The time of the epochs of one kind and arm, in units of a steady epoch. Epochs that are not listed take one."""

    period: int | None = None
    phases: Mapping[int, float] = field(default_factory=dict)
    """Factors by index modulo the period, for epochs that take longer (or shorter) than the others."""
    events: Mapping[int, float] = field(default_factory=dict)
    """Factors by index, for epochs that stand out, but not periodically."""
    settling: float = 1.0
    """How many times as long as a counted epoch a settling epoch takes."""

    def at(self, indices: Indices) -> Floats:
        """Return the factors of (n,) epochs."""
        found = np.ones(len(indices))
        for phase, factor in self.phases.items():
            found[indices % (self.period or 1) == phase] = factor
        for index, factor in self.events.items():
            found[indices == index] = factor
        return found

    @property
    def mean(self) -> float:
        """The average factor of an epoch over a period, without single events."""
        return 1 + sum(factor - 1 for factor in self.phases.values()) / (self.period or 1)

    def seen_in(self, epochs: pd.DataFrame) -> "Pattern":
        """Return the same pattern with the factors that one process shows, so that its noise is part of the scatter
        between blocks. `epochs` are those of that process, as in `find_pattern`."""
        relative = (epochs["relative"] / np.where(epochs["settling"], self.settling, 1.0)).to_numpy()
        indices = epochs["index"].to_numpy()
        listed = np.isin(indices, list(self.events))
        if self.period:
            listed |= np.isin(indices % self.period, list(self.phases))
        if listed.all() or not listed.any():
            return self
        level = float(np.mean(relative[~listed]))

        def factor(own: NDArray[np.bool_], usual: float) -> float:
            return float(np.mean(relative[own])) / level if own.any() else usual

        phases = {phase: factor(indices % (self.period or 1) == phase, usual) for phase, usual in self.phases.items()}
        events = {index: factor(indices == index, usual) for index, usual in self.events.items()}
        return Pattern(self.period, phases, events, self.settling)


STEADY = Pattern()


def find_pattern(epochs: pd.DataFrame) -> Pattern:
    """Return the pattern of one kind of one arm. `epochs` are those of all its processes that should take the same
    time: rows of `analysis.epochs.table` with a column `process`, and `relative`, the time of each in units of its
    process's level."""
    if epochs.empty:
        return STEADY
    epochs = _fit_levels(epochs)
    # Settling epochs may all be heavy ones, or none of them: then settling and the pattern look alike, so the fit
    # starts once from each, and the simpler one of those that explain the epochs equally well is right.
    starts = dict.fromkeys((_estimate_settling(epochs, STEADY), 1.0))
    return min((_fit_both(epochs, start) for start in starts), key=lambda pattern: _measure_misfit(epochs, pattern))


def _fit_both(epochs: pd.DataFrame, settling: float) -> Pattern:
    """Return the pattern after estimating it and settling in turn, beginning with this estimate of settling."""
    pattern = STEADY
    for number in range(PASSES):
        settling = _estimate_settling(epochs, pattern) if number else settling
        corrected = epochs["relative"] / np.where(epochs["settling"], settling, 1.0)
        pattern = _fit_pattern(_fit_levels(epochs.assign(relative=corrected)))
    return Pattern(pattern.period, pattern.phases, pattern.events, settling)


def _measure_misfit(epochs: pd.DataFrame, pattern: Pattern) -> float:
    """Return the Bayesian information criterion of a pattern, with noise of a Laplace distribution in logarithms
    (G. Schwarz, Ann. Statist. 6 (1978) 461)."""
    factors = pattern.at(epochs["index"].to_numpy()) * np.where(epochs["settling"], pattern.settling, 1.0)
    left = np.log(epochs["relative"] / factors)
    scatter = float((left - left.groupby(epochs["process"]).transform("median")).abs().mean())
    numbers = len(pattern.phases) + len(pattern.events) + (pattern.period is not None) + (pattern.settling != 1.0)
    return 2 * len(epochs) * log(max(scatter, LEAST_SCATTER)) + numbers * log(len(epochs))


def _fit_levels(epochs: pd.DataFrame) -> pd.DataFrame:
    """Return the same epochs in units of levels that fit each other. The median of a process jumps if half of its
    epochs are heavy, so each process is compared with the others epoch by epoch (J. W. Tukey's median polish, 1977)."""
    logs = np.log(epochs.groupby(["index", "process"])["relative"].mean().unstack("process"))
    levels = logs.mean()
    for _ in range(POLISHES):
        usual = (logs - levels).median(axis=1)
        levels = logs.sub(usual, axis=0).median()
    return epochs.assign(relative=epochs["relative"] / np.exp(epochs["process"].map(levels)))


def _estimate_settling(epochs: pd.DataFrame, pattern: Pattern) -> float:
    """Return how many times as long settling epochs take, with the known pattern divided out: from the same epochs, if
    they settled in one process and counted in another; from all epochs, if few did."""
    logs = np.log(epochs["relative"] / pattern.at(epochs["index"].to_numpy()))
    by_settling = logs.groupby([epochs["index"], epochs["settling"]]).mean().unstack("settling")
    if set(by_settling.columns) != {False, True}:
        return 1.0
    both = (by_settling[True] - by_settling[False]).dropna()
    apart = by_settling[True].median() - by_settling[False].median()
    return float(np.exp(both.median() if len(both) >= FEWEST_BOTH else apart))


def _fit_pattern(epochs: pd.DataFrame) -> Pattern:
    by_process = epochs.groupby(["index", "process"])["relative"].mean().unstack("process")
    logs = np.log(by_process)
    middle = logs.median(axis=1).to_numpy()
    indices = by_process.index.to_numpy(dtype=int)
    heavy, sure = _find_heavy(middle, logs.to_numpy())
    period, phases = _find_exact_period(indices, heavy, repeated=logs.shape[1] > 1)
    if period is None:
        period, phases = _find_hidden_period(indices, middle)
    usual = by_process.median(axis=1).to_numpy()
    in_phase = np.isin(indices % period, list(phases)) if period else np.zeros(len(indices), dtype=bool)
    light = usual[~in_phase & ~heavy]
    level = float(np.mean(light)) if len(light) else 1.0
    events = np.flatnonzero(heavy & sure & ~in_phase)
    return Pattern(
        period,
        {phase: float(np.mean(usual[indices % period == phase])) / level for phase in phases} if period else {},
        {int(indices[place]): float(usual[place]) / level for place in events},
    )


def _find_heavy(middle: Floats, logs: Floats) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return two masks: epochs that take longer than the others in nearly every process that ran them; and epochs that
    more than one process ran, if there are several processes, so that the machine is not the cause."""
    centre = np.median(middle)
    scatter = 1.4826 * float(np.median(np.abs(middle - centre)))
    limit = max(STANDS_OUT * scatter, MIN_EXCESS)
    ran = np.isfinite(logs)
    agreeing = (logs - centre > limit / 2).sum(axis=1) / np.maximum(ran.sum(axis=1), 1)
    found: NDArray[np.bool_] = (middle - centre > limit) & (agreeing >= NEARLY_ALL)
    return found, ran.sum(axis=1) >= min(2, logs.shape[1])


def _find_exact_period(indices: Indices, heavy: NDArray[np.bool_], repeated: bool) -> tuple[int | None, list[int]]:
    """Return the shortest period that explains the most heavy epochs, and its heavy phases; None if no period does.

    Any two epochs have some period. So a period must explain most of the heavy epochs, or more of them than chance
    would. If they were not `repeated` by other processes, the machine may be the cause of some, and it must explain all
    of them, or more than chance would.
    """
    found: list[tuple[int, int, list[int]]] = []
    span = int(indices.max()) - int(indices.min()) + 1 if heavy.sum() > 1 else 0
    for period in range(2, min(span // 2, LONGEST_EXACT) + 1):
        phase = indices % period
        ran = np.bincount(phase, minlength=period)
        share = np.bincount(phase, heavy, minlength=period) / np.maximum(ran, 1)
        likely = np.flatnonzero((ran > 1) & (share >= CONSISTENT))
        phases = [int(one) for one in likely if _is_observed(indices, heavy, np.flatnonzero(phase == one))]
        explained = int(heavy[np.isin(phase, phases)].sum())
        enough = 2 * explained > heavy.sum() if repeated else explained == heavy.sum()
        certain = enough or _exceeds_chance(explained, heavy, period, len(phases))
        if explained > 1 and len(phases) < period and certain:
            found.append((explained, period, phases))
    most = max((explained for explained, _, _ in found), default=0)
    return next(((period, phases) for explained, period, phases in found if explained >= CONSISTENT * most), (None, []))


def _exceeds_chance(explained: int, heavy: NDArray[np.bool_], period: int, phases: int) -> bool:
    """Whether so many of the heavy epochs would hardly fall into so many phases of a period by chance, with
    Bonferroni's correction for all choices of the phases, and for all periods up to this one."""
    if not phases:
        return False
    size = round(len(heavy) / period * phases)
    chance = float(stats.hypergeom.sf(explained - 1, len(heavy), int(heavy.sum()), max(size, explained)))
    return chance * comb(period, phases) * period < PERIOD_ERROR


def _is_observed(indices: Indices, heavy: NDArray[np.bool_], own: Indices) -> bool:
    """Whether two consecutive epochs of a phase, `own` of all, were observed with all epochs between them. Those of a
    sample with gaps would fit periods that were never observed."""
    period = int(np.diff(indices[own]).min())
    return any(
        heavy[first] and heavy[second] and indices[second] - indices[first] == second - first == period
        for first, second in pairwise(own.tolist())
    )


def _find_hidden_period(indices: Indices, logs: Floats) -> tuple[int | None, list[int]]:
    """Return the period whose phases differ though no epoch stands out; None if chance would explain it."""
    found = sorted(_test_periods(indices, logs))
    significant = [one for one in found if one[0] < PERIOD_ERROR]
    if not significant:
        return None, []
    # Multiples of a period split its epochs as well as it does: take the shortest that explains nearly as much.
    most = max(explained for _, _, explained, _ in significant)
    _, period, _, phases = min((one for one in significant if one[2] >= 0.9 * most), key=lambda one: (one[1], one[0]))
    return period, phases


def _test_periods(indices: Indices, logs: Floats) -> Iterator[tuple[float, int, float, list[int]]]:
    """Yield the corrected p-value of each period, the period, the share of the variance that it explains, and its heavy
    phases."""
    periods = range(2, min(len(indices) // FEWEST_PER_PHASE, LONGEST) + 1)
    total = float(np.var(logs))
    for period in periods if total > 0 else ():
        phase = indices % period
        counts = np.bincount(phase, minlength=period)
        if counts.min() < FEWEST_PER_PHASE - 1:
            continue
        levels = np.bincount(phase, logs, minlength=period) / counts
        order = np.argsort(levels)
        cut = int(np.argmax(np.diff(levels[order]))) + 1
        heavy = np.isin(phase, order[cut:])
        high, low = logs[heavy], logs[~heavy]
        between = len(low) * len(high) / len(logs) ** 2 * float(high.mean() - low.mean()) ** 2
        if between / total * len(logs) < MIN_EXPLAINED:
            continue
        chance = float(stats.mannwhitneyu(high, low, alternative="greater").pvalue)
        yield chance * comb(period, cut) * len(periods), period, between / total, sorted(order[cut:].tolist())

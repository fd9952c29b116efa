"""Decides whether to run another block: from the third block on, until every verdict is clear.

It also stops if continuing could not make things clear: at once if arms have failed and nothing is left to compare, if
a time budget would run out within the block, and, without a time limit, if the blocks scatter so much that even all
planned ones would leave the arm unsure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import log, sqrt

import numpy as np
from scipy import stats

from harness.analysis.comparison.replication import Scatter, adapt
from harness.analysis.comparison.shares_of_changes import block_shares, coarsest
from harness.analysis.epochs import table as epoch_table
from harness.analysis.epochs.projection import Projection
from harness.analysis.stats.estimates import add_common
from harness.analysis.stats.levels import FIRST_LOOK, level, looks_after, next_look
from harness.analysis.stats.verdicts import COARSE, UNSURE, verdicts, widest
from harness.record.lines import Lines
from harness.record.schema import Look, LookReason

CONFIDENCE = 0.8
"""The confidence with which the blocks must scatter too much for this to end a run."""


@dataclass(frozen=True, kw_only=True)
class Looks:
    """When to stop, according to a plan."""

    fewest: int
    most: int
    tolerance: float
    budget: float | None = None
    """Seconds of the whole command, including its start and its report."""
    patience: float | None = None
    """Seconds within which any block beyond the fewest must end."""
    coarse: float = COARSE
    """See `verdicts`."""


@dataclass(frozen=True)
class Decision:
    """Whether to run another block, and why; see `Look`."""

    go_on: bool
    reason: LookReason
    names: list[str] = field(default_factory=list)
    number: int | None = None
    seconds: float | None = None

    def after(self, block: int) -> Look:
        """Return the line of the record that says so."""
        return Look(block, self.go_on, self.reason, self.names, self.number, seconds=self.seconds)


def decide(
    looks: Looks,
    logs: Mapping[str, Sequence[float]],
    blocks: Sequence[float],
    elapsed: float,
    common: Mapping[str, float] | None = None,
) -> Decision:
    """Decide whether to run another block.

    `logs` has the log-ratios to the baseline by block of every arm that has not failed, `blocks` the seconds that each
    block took, and `elapsed` those since the command began. `common` is that of `verdicts`.
    """
    done = len(blocks)
    if done >= looks.most:
        return Decision(False, LookReason.ALL_BLOCKS, number=done)
    if looks.budget is not None and elapsed + estimate_next(blocks) > looks.budget:
        return Decision(False, LookReason.BUDGET)
    if done < looks.fewest != FIRST_LOOK:
        return Decision(True, LookReason.FEWEST)
    if done < FIRST_LOOK:
        return Decision(True, LookReason.NO_VERDICT_YET)
    late = looks.patience is not None and elapsed + estimate_next(blocks) > looks.patience
    planned = next_look(looks.fewest, looks.most, done)
    if planned != done and not late:
        return Decision(True, LookReason.BETWEEN_LOOKS, number=planned)
    if not logs:
        return Decision(False, LookReason.NOTHING_TO_COMPARE)
    found = verdicts(logs, looks.tolerance, looks.fewest, looks.most, looks.coarse, common)
    unsure = [arm for arm, verdict in found.items() if verdict.answer == UNSURE]
    if not unsure:
        return Decision(False, LookReason.CLEAR, number=len(found))
    errors = common or {}
    hopeful = [
        arm for arm in unsure if looks.budget is not None or not _is_hopeless(looks, logs[arm], errors.get(arm, 0.0))
    ]
    if not hopeful:
        return Decision(False, LookReason.HOPELESS, unsure)
    if late:
        return Decision(False, LookReason.PATIENCE, hopeful)
    return Decision(True, LookReason.UNSURE, hopeful, seconds=_foresee(looks, logs, blocks, common))


def _foresee(
    looks: Looks, logs: Mapping[str, Sequence[float]], blocks: Sequence[float], common: Mapping[str, float] | None
) -> float | None:
    """Return the seconds until all arms will probably be clear; None if they will not be within all blocks.

    That is so if each block's ratio is as far from the mean as so far.
    """
    done = len(blocks)
    for number in looks_after(looks.fewest, looks.most):
        if number > done:
            then = {arm: _extend(values, number) for arm, values in logs.items()}
            found = verdicts(then, looks.tolerance, looks.fewest, looks.most, looks.coarse, common)
            if all(verdict.answer != UNSURE for verdict in found.values()):
                return (number - done) * estimate_next(blocks)
    return None


def _extend(values: Sequence[float], number: int) -> list[float]:
    """Return as many values with the same mean and standard deviation."""
    mean, scatter = float(np.mean(values)), float(np.std(values, ddof=1))
    signs = np.resize([1.0, -1.0], number) - (number % 2) / number
    return list(mean + scatter * signs / float(np.std(signs, ddof=1)))


def estimate_next(blocks: Sequence[float]) -> float:
    """Return the most seconds that another block would take. The first two are not typical: they did what is done once
    in a run, and the second may have imported for all later ones."""
    return max(blocks[2:] or blocks[1:] or blocks, default=0.0)


def look(record: Lines, elapsed: float, every_arm: bool = False) -> Look:
    """Decide what to do after the latest block of a comparison, `elapsed` seconds after the command began. With
    `every_arm`, nothing is left to compare once any arm has failed."""
    plan = record.plan
    block = record.blocks_done[-1].block
    over = _find_decisive_failure(record, every_arm)
    if over:
        return over.after(block)
    found = _measure(record) if _is_worthwhile(record) else _Measured({})
    coarse = coarsest(plan.ablation) if plan.ablation else COARSE
    looks = Looks(
        fewest=plan.fewest,
        most=record.most,
        tolerance=plan.tolerance,
        budget=plan.budget,
        patience=plan.patience,
        coarse=coarse,
    )
    seconds = [end.seconds or 0.0 for end in record.blocks_done]
    decision = decide(looks, found.logs, seconds, elapsed, found.common)
    return adapt(decision.after(block), record, elapsed, found.scatters)


@dataclass(frozen=True)
class _Measured:
    """How the arms that have not failed compare with the baseline."""

    logs: Mapping[str, Sequence[float]]
    """Log-ratios by block."""
    common: Mapping[str, float] = field(default_factory=dict)
    """The standard deviation of an error that these have in common."""
    scatters: Sequence[Scatter] | None = ()
    """How they scatter; None if they depend on how many epochs a block runs."""


def _is_worthwhile(record: Lines) -> bool:
    """Whether the blocks so far decide anything. With many blocks, to analyse them takes a good part of another one."""
    plan, done = record.plan, len(record.blocks_done)
    return done < FIRST_LOOK or plan.patience is not None or next_look(plan.fewest, record.most, done) == done


def _measure(record: Lines) -> _Measured:
    table = epoch_table.table(record)
    if record.plan.ablation:
        return _Measured(block_shares(record, table))
    others = [arm.label for arm in record.arms if arm.label != record.baseline and not record.failure(arm.label)]
    costs = Projection(record, table)
    logs = {arm: list(costs.logs_by_block(arm).values()) for arm in others}
    common = {arm: costs.common_error(arm) for arm in others}
    if not costs.is_uniform:
        return _Measured(logs, common, None)
    scatters = [Scatter(within, logs[arm]) for arm in others if (within := costs.scatter(arm)) is not None]
    return _Measured(logs, common, scatters)


def _find_decisive_failure(record: Lines, every_arm: bool) -> Decision | None:
    """Return which failures have left nothing to compare; None if something is left.

    A baseline alone has nothing to be compared with, and a self-check needs all of its arms. An arm that ran alone from
    the start, to measure its time, is no such case.
    """
    failed = [arm.label for arm in record.arms if record.failure(arm.label)]
    others = [arm.label for arm in record.arms if arm.label != record.baseline]
    if record.baseline in failed:
        return Decision(False, LookReason.BASELINE_FAILED, [record.baseline]) if others else None
    if others and set(others) <= set(failed):
        return Decision(False, LookReason.OTHERS_FAILED, others)
    if failed and every_arm:
        return Decision(False, LookReason.ARM_FAILED, failed)
    return None


def _is_hopeless(looks: Looks, values: Sequence[float], common: float) -> bool:
    """Whether the blocks scatter so much, or have so large an error in common, that all planned ones would still be
    unsure."""
    half = least_half_width(values, looks.fewest, looks.most, looks.most - 1, common)
    return half > widest(float(np.mean(values)), log(1 + looks.tolerance), looks.coarse)


def least_half_width(values: Sequence[float], fewest: int, most: int, freedom: int, common: float = 0.0) -> float:
    """Return half the width that the interval will have after `most` blocks, whose scatter has `freedom` degrees of
    freedom, with an error of the standard deviation `common` that all blocks have in common.

    The scatter of a few blocks is itself uncertain, so the smallest plausible value is used (chi-squared).
    """
    seen = len(values) - 1
    scatter = float(np.std(values, ddof=1)) * sqrt(seen / float(stats.chi2.ppf(CONFIDENCE, seen)))
    error, freedom_of_all = add_common(scatter / sqrt(most), freedom, common)
    return float(stats.t.ppf(1 - level(fewest, most) / 2, freedom_of_all)) * error

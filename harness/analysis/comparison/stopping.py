"""Whether another block is worth its time: after every block from the third on, until every verdict is clear.

It also ends where going on could not make things clear: at once when arms have failed and nothing is left to compare,
when a budget of time would run out within the block, and, where nobody has said how long it may take, when the blocks
scatter so much that even all that are planned would leave the arm unsure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log, sqrt

import numpy as np
from scipy import stats

from harness.analysis.comparison.ablation import block_shares, coarsest
from harness.analysis.epochs import table as epoch_table
from harness.analysis.epochs.projection import schedule_logs
from harness.analysis.stats.levels import FIRST_LOOK, level
from harness.analysis.stats.verdicts import COARSE, UNSURE, verdicts, widest
from harness.record.lines import Lines
from harness.record.schema import Look

DOUBT = 0.8
"""How sure it must be that the blocks scatter too much, before that ends a run."""


@dataclass(frozen=True)
class Looks:
    """What a plan says of when to stop."""

    fewest: int
    most: int
    tolerance: float
    budget: float | None = None
    """Seconds of the whole command, its start and its report included."""
    patience: float | None = None
    """Seconds after which nobody waits for another block than the fewest."""
    coarse: float = COARSE
    """See `verdicts`."""


@dataclass(frozen=True)
class Decision:
    go_on: bool
    why: str


def decide(looks: Looks, logs: Mapping[str, Sequence[float]], blocks: Sequence[float], elapsed: float) -> Decision:
    """Whether to run another block after some.

    `logs` holds every living arm's log-ratios to the baseline by block, `blocks` the seconds that each block took, and
    `elapsed` those since the command began.
    """
    done = len(blocks)
    if done >= looks.most:
        return Decision(False, f"all {done} blocks are done" if done > 1 else "its block is done")
    if looks.budget is not None and elapsed + _next(blocks) > looks.budget:
        return Decision(False, f"another block would not fit into the budget of {looks.budget:g} s")
    if done < looks.fewest != FIRST_LOOK:
        return Decision(True, f"there are to be {looks.fewest} blocks at least")
    if done < FIRST_LOOK:
        return Decision(True, f"a verdict takes {FIRST_LOOK} blocks")
    if not logs:
        return Decision(False, "there is nothing to compare")
    found = verdicts(logs, looks.tolerance, looks.fewest, looks.most, looks.coarse)
    unsure = [arm for arm, verdict in found.items() if verdict.answer == UNSURE]
    if not unsure:
        return Decision(False, "every verdict is clear" if len(found) > 1 else "the verdict is clear")
    hopeful = [arm for arm in unsure if looks.budget is not None or not _hopeless(looks, logs[arm])]
    if not hopeful:
        return Decision(False, f"{_names(unsure)} would stay unsure in {looks.most} blocks")
    still = f"{_names(hopeful)} {'is' if len(hopeful) == 1 else 'are'} unsure"
    if looks.patience is not None and elapsed + _next(blocks) > looks.patience:
        return Decision(False, f"{still}, but another block would end after {looks.patience:g} s (--budget, --blocks)")
    return Decision(True, still)


def _next(blocks: Sequence[float]) -> float:
    """Seconds that another block would take, at most. The first one did what is done once in a run."""
    return max(blocks[1:] or blocks, default=0.0)


def look(record: Lines, elapsed: float, every_arm: bool = False) -> Look:
    """What to do after the latest block of a comparison, `elapsed` seconds after the command began. `every_arm` says
    that nothing is left to compare once any has failed."""
    plan = record.plan
    over = nothing_left(record, every_arm)
    if over:
        return Look(record.blocks_done[-1].block, False, over)
    table = epoch_table.table(record)
    logs: Mapping[str, Sequence[float]] = {}
    if plan.ablation:
        logs = block_shares(record, table)
    else:
        others = [arm.label for arm in plan.arms if arm.label != plan.baseline and not record.failure(arm.label)]
        logs = {arm: schedule_logs(record, table, arm) for arm in others}
    coarse = coarsest(plan.ablation) if plan.ablation else COARSE
    looks = Looks(plan.fewest, plan.blocks, plan.tolerance, plan.budget, plan.patience, coarse)
    seconds = [end.seconds or 0.0 for end in record.blocks_done]
    decision = decide(looks, logs, seconds, elapsed)
    return Look(record.blocks_done[-1].block, decision.go_on, decision.why)


def nothing_left(record: Lines, every_arm: bool = False) -> str | None:
    """Which failures have left nothing to compare, in words; None where something is left.

    A baseline alone is compared with nothing, and a self-check takes all of its arms. One arm that ran alone from the
    start, whose time is what was asked for, is no such case.
    """
    plan = record.plan
    failed = [arm.label for arm in plan.arms if record.failure(arm.label)]
    others = [arm.label for arm in plan.arms if arm.label != plan.baseline]
    if plan.baseline in failed:
        return f"{plan.baseline}, the baseline, failed, so there is nothing to compare" if others else None
    if others and set(others) <= set(failed):
        return f"{_names(others)} failed, so there is nothing left to compare with {plan.baseline}"
    if failed and every_arm:
        return f"{_names(failed)} failed, and all arms are needed"
    return None


def _hopeless(looks: Looks, values: Sequence[float]) -> bool:
    """Whether the blocks scatter so much that all planned ones would tell nothing."""
    half = least_half_width(values, looks.fewest, looks.most, looks.most - 1)
    return half > widest(float(np.mean(values)), log(1 + looks.tolerance), looks.coarse)


def least_half_width(values: Sequence[float], fewest: int, most: int, freedom: int) -> float:
    """Half the width that the interval will have after `most` blocks, with so many degrees of freedom.

    The scatter of a few blocks is itself uncertain: what counts is the least that they make plausible (chi-squared).
    """
    seen = len(values) - 1
    scatter = float(np.std(values, ddof=1)) * sqrt(seen / float(stats.chi2.ppf(DOUBT, seen)))
    return float(stats.t.ppf(1 - level(fewest, most) / 2, freedom)) * scatter / sqrt(most)


def _names(arms: Sequence[str]) -> str:
    return arms[0] if len(arms) == 1 else f"{', '.join(arms[:-1])} and {arms[-1]}"

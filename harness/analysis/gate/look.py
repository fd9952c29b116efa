"""Decides whether a gate runs another block: it stops as soon as its answer cannot change any more."""

from math import log

from harness import rounding
from harness.analysis.comparison.stopping import least_half_width
from harness.analysis.gate import judge
from harness.analysis.gate.check import UNSURE
from harness.analysis.stats.contrast import Contrast
from harness.analysis.stats.levels import FIRST_LOOK
from harness.analysis.stats.verdicts import widest
from harness.plan.plan import AMPLE
from harness.record.lines import Lines
from harness.record.schema import Look


def look(record: Lines, elapsed: float) -> Look:
    """Decide what to do after the latest block of a gate, `elapsed` seconds after the command began."""
    go_on, why = _decide(record, elapsed)
    return Look(record.blocks_done[-1].block, go_on, why)


def _decide(record: Lines, elapsed: float) -> tuple[bool, str]:
    plan, done = record.plan, len(record.blocks_done)
    assert plan.gate is not None, "a gate's record has its rules"
    alive = [triple for triple in plan.gate.triples if not any(record.failure(arm) for arm in triple.arms)]
    if not alive:
        return False, "an arm failed, so there is nothing to compare"
    if done >= plan.blocks:
        return False, f"all {done} blocks are done" if done > 1 else "the only block is done"
    seconds = [end.seconds or 0.0 for end in record.blocks_done]
    if plan.budget is not None and elapsed + max(seconds[1:] or seconds) > plan.budget:
        return False, f"another block would not fit into the budget of {rounding.exact_seconds(plan.budget)}"
    if record.stored:
        return done < plan.fewest, f"{plan.fewest} blocks are needed"
    times = judge.timed_checks(record)
    if not times:
        return False, "no time is gated"
    if done < plan.fewest != FIRST_LOOK:
        return True, f"{plan.fewest} blocks were asked for"
    if done < FIRST_LOOK:
        return True, f"a verdict needs {FIRST_LOOK} blocks"
    if judge.regressed(record):  # other checks cannot change the answer
        return False, "a time has regressed"
    unsure = [(contrast, check) for contrast, check in times if check.answer == UNSURE]
    if not unsure:
        return False, "every check has an answer"
    if (
        plan.budget is None
        and elapsed > AMPLE
        and all(_is_hopeless(record, contrast, check.tolerance) for contrast, check in unsure)
    ):
        return False, f"unsure times would stay unsure in {plan.blocks} blocks"
    return True, f"{len(unsure)} of {len(times)} times {'is' if len(unsure) == 1 else 'are'} unsure"


def _is_hopeless(record: Lines, contrast: Contrast, tolerance: float | str | None) -> bool:
    """Whether the blocks scatter so much that even all planned ones would not give an answer; see `stopping`."""
    assert isinstance(tolerance, float), "a time's tolerance is a share"
    plan = record.plan
    half = least_half_width(list(contrast.own), plan.fewest, plan.blocks, 2 * (plan.blocks - 1))
    return half > widest(contrast.middle, log(1 + tolerance))

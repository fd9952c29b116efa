"""Decides whether a gate runs another block: it stops as soon as its answer cannot change any more."""

from collections.abc import Sequence
from math import log

from harness.analysis.comparison.replication import adapt
from harness.analysis.comparison.stopping import Decision, estimate_next, least_half_width
from harness.analysis.gate import judge
from harness.analysis.gate.check import UNSURE, Check
from harness.analysis.metrics.registry import METRICS
from harness.analysis.stats.contrast import Contrast
from harness.analysis.stats.levels import FIRST_LOOK, next_look
from harness.analysis.stats.verdicts import widest
from harness.plan.plan import AMPLE
from harness.record.lines import Lines
from harness.record.schema import Look, LookReason


def look(record: Lines, elapsed: float) -> Look:
    """Decide what to do after the latest block of a gate, `elapsed` seconds after the command began."""
    found = _decide(record, elapsed).after(record.blocks_done[-1].block)
    return adapt(found, record, elapsed)


def _decide(record: Lines, elapsed: float) -> Decision:
    plan, done = record.plan, len(record.blocks_done)
    assert plan.gate is not None, "a gate's record has its rules"
    alive = [triple for triple in plan.gate.triples if not any(record.failure(arm) for arm in triple.arms)]
    if not alive:
        return Decision(False, LookReason.ARM_FAILED, [arm.label for arm in record.arms if record.failure(arm.label)])
    if done >= record.most:
        return Decision(False, LookReason.ALL_BLOCKS, number=done)
    seconds = [end.seconds or 0.0 for end in record.blocks_done]
    if plan.budget is not None and elapsed + estimate_next(seconds) > plan.budget:
        return Decision(False, LookReason.BUDGET)
    if record.stored:
        more = done < plan.fewest
        return Decision(True, LookReason.FEWEST) if more else Decision(False, LookReason.ALL_BLOCKS, number=done)
    times = judge.timed_checks(record)
    if not times:
        return Decision(False, LookReason.NO_TIMES)
    if done < plan.fewest != FIRST_LOOK:
        return Decision(True, LookReason.FEWEST)
    if done < FIRST_LOOK:
        return Decision(True, LookReason.NO_VERDICT_YET)
    planned = next_look(plan.fewest, record.most, done)
    if planned != done:
        return Decision(True, LookReason.BETWEEN_LOOKS, number=planned)
    if judge.regressed(record, times):  # other checks cannot change the answer
        return Decision(False, LookReason.REGRESSED)
    unsure = [(contrast, check) for contrast, check in times if check.answer == UNSURE]
    if not unsure:
        return Decision(False, LookReason.CLEAR, number=len(times))
    if (
        plan.budget is None
        and elapsed > AMPLE
        and all(_is_hopeless(record, contrast, check.tolerance) for contrast, check in unsure)
    ):
        return Decision(False, LookReason.HOPELESS, _name_times(unsure))
    return Decision(True, LookReason.UNSURE, _name_times(unsure))


def _name_times(unsure: Sequence[tuple[Contrast, Check]]) -> list[str]:
    """Name gated times by variant and metric."""
    return list(dict.fromkeys(f"the {METRICS[check.metric].title} of {check.variant}" for _, check in unsure))


def _is_hopeless(record: Lines, contrast: Contrast, tolerance: float | str | None) -> bool:
    """Whether the blocks scatter so much that even all planned ones would not give an answer; see `stopping`."""
    assert isinstance(tolerance, float), "a time's tolerance is a share"
    plan = record.plan
    half = least_half_width(list(contrast.own), plan.fewest, record.most, 2 * (record.most - 1))
    return half > widest(contrast.middle, log(1 + tolerance))

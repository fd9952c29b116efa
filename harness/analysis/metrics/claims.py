"""Decides whether a run confirms or refutes a claim.

A claim draws a line through the ratios: ten times less is everything at 1/10 and below. It is confirmed if the whole
interval is on its side, refuted if the whole interval is on the other side, and unsure otherwise; counts have no
interval. A verdict takes three blocks, as elsewhere. Each claim is judged separately, with an interval at the same
level as any other of the run.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import hypot, inf, log

from harness.analysis.comparison.exact import Pair
from harness.analysis.comparison.losses import Losses, Relation, losses
from harness.analysis.epochs import table as epoch_table
from harness.analysis.epochs.projection import Projection
from harness.analysis.metrics.arm import MeasuredArm
from harness.analysis.metrics.base import Logs, Metric
from harness.analysis.metrics.registry import metric_of
from harness.analysis.metrics.results import sizes_of
from harness.analysis.stats.estimates import Estimate, mean
from harness.analysis.stats.levels import FIRST_LOOK, level
from harness.analysis.stats.ratios import Ratio, of_logs
from harness.plan.claims import Claim, ClaimRelation
from harness.plan.gate_rules import GROWTH, LOSSES, OBJECTIVE, TOTAL_TIME
from harness.record.lines import Lines


class ClaimAnswer(StrEnum):
    """The result of checking a claim against a run."""

    CONFIRMED = "confirmed"
    REFUTED = "refuted"
    UNSURE = "unsure"
    ABSENT = "not in this run"
    """An arm is missing."""
    UNKNOWN = "not measured"


CONFIRMED, REFUTED, UNSURE, ABSENT, UNKNOWN = ClaimAnswer


class ClaimReason(StrEnum):
    """What decided a verdict on a claim, if its figures do not show it."""

    NO_ARM = "an arm is missing"
    """`arms` has the missing ones."""
    FAILED = "an arm failed"
    """`arms` has the failed ones."""
    NOT_RECORDED = "not recorded"
    """`detail` is why a process could not observe it, if it said so."""
    TOO_FEW_BLOCKS = "too few blocks"
    NO_LOSSES = "no losses recorded"
    LOSSES = "losses"
    """`losses` has their relation."""


@dataclass(frozen=True, kw_only=True)
class ClaimWhy:
    """Why a claim has its verdict."""

    reason: ClaimReason
    arms: tuple[str, ...] = ()
    detail: str | None = None
    losses: Losses | None = None


@dataclass(frozen=True, kw_only=True)
class Checked:
    """A claim and its result in a run."""

    claim: Claim
    baseline: str
    """What the arm was compared with."""
    verdict: ClaimAnswer
    ratio: Ratio | None = None
    """The arm's figure relative to the baseline's; counts and a single block have no interval."""
    counts: Pair | None = None
    """The figures themselves, for what is counted."""
    why: ClaimWhy | None = None
    """The reason for the verdict, if the ratio does not show it."""


def check(claims: Sequence[Claim], record: Lines) -> list[Checked]:
    """Check each claim against a run. Raises BadInput for an unknown metric."""
    if not claims:
        return []
    costs = Projection(record, epoch_table.table(record))
    return [_check_claim(claim, costs) for claim in claims]


def _check_claim(claim: Claim, costs: Projection) -> Checked:
    record = costs.record
    metric, member = metric_of(claim.metric, f"the claim {claim.words!r}")
    grows = metric.name == GROWTH
    baseline = f"{claim.arm} at first" if grows else claim.baseline or record.baseline
    labels = {claim.arm} if grows else {claim.arm, baseline}
    absent = sorted(labels - {arm.label for arm in record.arms})
    if absent:
        why = ClaimWhy(reason=ClaimReason.NO_ARM, arms=tuple(absent))
        return Checked(claim=claim, baseline=baseline, verdict=ABSENT, why=why)
    failed = sorted(arm for arm in labels if record.failure(arm))
    if failed:
        why = ClaimWhy(reason=ClaimReason.FAILED, arms=tuple(failed))
        return Checked(claim=claim, baseline=baseline, verdict=UNKNOWN, why=why)
    if metric.name in (OBJECTIVE, LOSSES):
        return _check_losses(claim, metric, baseline, record)
    mine, theirs = (MeasuredArm(costs, label) for label in (claim.arm, claim.arm if grows else baseline))
    margin = log(1 + (claim.tolerance or record.plan.tolerance))
    if metric.deterministic:
        counts = _measure_sizes(mine, member) if grows else _measure_pair(metric, member, mine, theirs)
        if counts is None:
            why = ClaimWhy(reason=ClaimReason.NOT_RECORDED, detail=_find_reason(metric, mine, theirs))
            return Checked(claim=claim, baseline=baseline, verdict=UNKNOWN, why=why)
        found = Estimate(_compute_log_ratio(counts))
        shown = Ratio(counts.arm / counts.baseline) if counts.baseline else None
        return Checked(claim=claim, baseline=baseline, verdict=answer(claim, found, margin), ratio=shown, counts=counts)
    logs = _compute_log_ratios(metric, member or claim.kind, mine, theirs)
    if not logs:
        why = ClaimWhy(reason=ClaimReason.NOT_RECORDED, detail=_find_reason(metric, mine, theirs))
        return Checked(claim=claim, baseline=baseline, verdict=UNKNOWN, why=why)
    common = 0.0
    if metric.name == TOTAL_TIME and not record.plan.trains:
        common = hypot(*(costs.common_error(one.label) for one in (mine, theirs) if one.label != costs.record.baseline))
    found = mean(list(logs.values()), level(record.plan.fewest, record.most), common)
    if len(logs) < FIRST_LOOK:
        return Checked(
            claim=claim,
            baseline=baseline,
            verdict=UNSURE,
            ratio=of_logs(found),
            why=ClaimWhy(reason=ClaimReason.TOO_FEW_BLOCKS),
        )
    return Checked(claim=claim, baseline=baseline, verdict=answer(claim, found, margin), ratio=of_logs(found))


def answer(claim: Claim, found: Estimate, margin: float) -> ClaimAnswer:
    """Return the verdict on a log-ratio with its interval; differences within `margin` of 0 do not matter."""
    low = found.estimate if found.low is None else found.low
    high = found.estimate if found.high is None else found.high
    if claim.relation in (ClaimRelation.MORE, ClaimRelation.NOT_LESS):  # the same line, seen from the other side
        low, high = -high, -low
    if claim.relation == ClaimRelation.SAME:
        return CONFIRMED if -margin <= low and high <= margin else REFUTED if low > margin or high < -margin else UNSURE
    negated = claim.relation in (ClaimRelation.NOT_LESS, ClaimRelation.NOT_MORE)
    line = -log(claim.factor) if claim.factor else margin if negated else -margin
    return CONFIRMED if high <= line else REFUTED if low > line else UNSURE


def _compute_log_ratios(metric: Metric, part: str | None, mine: MeasuredArm, theirs: MeasuredArm) -> Logs:
    """Return the log-ratio of two arms for each block, or seed, that has both."""
    if metric.logs is None:
        return {}
    own, other = metric.logs(mine, part), metric.logs(theirs, part)
    return {block: own[block] - other[block] for block in sorted(own.keys() & other.keys())}


def _measure_pair(metric: Metric, member: str, mine: MeasuredArm, theirs: MeasuredArm) -> Pair | None:
    """Return the values of a deterministic metric for both arms; None if one is missing."""
    own, other = metric.of(mine, member).value, metric.of(theirs, member).value
    return None if own is None or other is None else Pair(other, own)


def _measure_sizes(arm: MeasuredArm, name: str) -> Pair | None:
    """Return a size at the start of the schedule's first stretch and at the start of its last one."""
    sizes = sizes_of(arm, name)
    return Pair(sizes[0], sizes[-1]) if len(sizes) > 1 else None


def _find_reason(metric: Metric, *arms: MeasuredArm) -> str | None:
    """Return why a metric could not be observed in one of these arms, if a process said so."""
    return next(filter(None, (metric.of(arm).unavailable for arm in arms)), None)


def _compute_log_ratio(pair: Pair) -> float:
    if pair.same:
        return 0.0
    if pair.arm > 0 and pair.baseline > 0:
        return log(pair.arm / pair.baseline)
    return -inf if pair.arm < pair.baseline else inf


def _check_losses(claim: Claim, metric: Metric, baseline: str, record: Lines) -> Checked:
    """Check whether both arms minimise the same objective, or have the same losses bit for bit."""
    found = losses(record, claim.arm) if baseline == record.baseline else None
    if found is None:
        why = ClaimWhy(reason=ClaimReason.NO_LOSSES)
        return Checked(claim=claim, baseline=baseline, verdict=UNKNOWN, why=why)
    stated = {line.arm for line in record.objectives}
    if found.relation == Relation.SAME:
        verdict = CONFIRMED
    elif found.relation == Relation.NOT_REPEATABLE:
        verdict = UNSURE
    elif metric.name == LOSSES or found.relation == Relation.OTHER_OBJECTIVE:
        verdict = REFUTED
    else:
        verdict = CONFIRMED if {claim.arm, baseline} <= stated else UNSURE
    why = ClaimWhy(reason=ClaimReason.LOSSES, losses=found)
    return Checked(claim=claim, baseline=baseline, verdict=verdict, why=why)

"""Is a claim confirmed or refuted by a run?

The claim draws a line through the ratios: ten times less is all at 1/10 and below. It is confirmed where the whole
interval is on its side, refuted where all is on the other, and else unsure; what is counted has no interval. A verdict
takes three blocks, as any does. Each claim is judged by itself, by an interval as sure as any other of the run.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import inf, log

from harness.analysis.comparison.exact import Pair
from harness.analysis.comparison.losses import Relation, losses
from harness.analysis.epochs import table as epoch_table
from harness.analysis.epochs.projection import Projection
from harness.analysis.metrics.arm import MeasuredArm
from harness.analysis.metrics.base import Logs, Metric
from harness.analysis.metrics.registry import metric_of
from harness.analysis.metrics.results import sizes_of
from harness.analysis.stats.estimates import Estimate, mean
from harness.analysis.stats.levels import FIRST_LOOK, level
from harness.analysis.stats.ratios import Ratio, of_logs
from harness.plan.claims import Claim
from harness.plan.gate_rules import GROWTH, LOSSES, OBJECTIVE
from harness.record.lines import Lines


class ClaimAnswer(StrEnum):
    """What a run says of a claim."""

    CONFIRMED = "confirmed"
    REFUTED = "refuted"
    UNSURE = "unsure"
    ABSENT = "not in this run"
    """An arm is not."""
    UNKNOWN = "not measured"


CONFIRMED, REFUTED, UNSURE, ABSENT, UNKNOWN = ClaimAnswer


@dataclass(frozen=True)
class Checked:
    """A claim, and what a run says of it."""

    claim: Claim
    baseline: str
    """What the arm was held against."""
    verdict: ClaimAnswer
    ratio: Ratio | None = None
    """The arm's figure relative to the baseline's; without an interval where it is counted, or of one block."""
    counts: Pair | None = None
    """Of what is counted, the figures themselves."""
    why: str | None = None
    """What is to be said where there is no ratio."""


def check(claims: Sequence[Claim], record: Lines) -> list[Checked]:
    """Hold each claim against a run. Raises BadInput for a metric that there is not."""
    if not claims:
        return []
    costs = Projection(record, epoch_table.table(record))
    return [_check(claim, costs) for claim in claims]


def _check(claim: Claim, costs: Projection) -> Checked:
    record = costs.record
    metric, member = metric_of(claim.metric, f"the claim {claim.words!r}")
    grows = metric.name == GROWTH
    baseline = f"{claim.arm} at first" if grows else claim.baseline or record.plan.baseline
    labels = {claim.arm} if grows else {claim.arm, baseline}
    absent = sorted(labels - {arm.label for arm in record.plan.arms})
    if absent:
        return Checked(claim, baseline, ABSENT, why=f"it has no {' and no '.join(absent)}")
    failed = sorted(arm for arm in labels if record.failure(arm))
    if failed:
        return Checked(claim, baseline, UNKNOWN, why=f"{' and '.join(failed)} failed")
    if metric.name in (OBJECTIVE, LOSSES):
        return _relation(claim, metric, baseline, record)
    mine, theirs = (MeasuredArm(costs, label) for label in (claim.arm, claim.arm if grows else baseline))
    margin = log(1 + (claim.tolerance or record.plan.tolerance))
    if metric.deterministic:
        counts = _sizes(mine, member) if grows else _figures(metric, member, mine, theirs)
        if counts is None:
            return Checked(claim, baseline, UNKNOWN, why=_why_lacking(claim, metric, mine, theirs))
        found = Estimate(_log_ratio(counts))
        shown = Ratio(counts.arm / counts.baseline) if counts.baseline else None
        return Checked(claim, baseline, answer(claim, found, margin), shown, counts)
    logs = _between(metric, member or claim.kind, mine, theirs)
    if not logs:
        return Checked(claim, baseline, UNKNOWN, why=f"{claim.metric} of both is not in the record")
    found = mean(list(logs.values()), level(record.plan.fewest, record.plan.blocks))
    if len(logs) < FIRST_LOOK:
        return Checked(claim, baseline, UNSURE, of_logs(found), why=f"a verdict takes {FIRST_LOOK} blocks")
    return Checked(claim, baseline, answer(claim, found, margin), of_logs(found))


def answer(claim: Claim, found: Estimate, margin: float) -> ClaimAnswer:
    """The verdict on a log-ratio with its interval; what lies within `margin` of 0 does not matter."""
    low = found.estimate if found.low is None else found.low
    high = found.estimate if found.high is None else found.high
    if claim.relation in ("more", "not less"):  # the same line, seen from the other side
        low, high = -high, -low
    if claim.relation == "same":
        return CONFIRMED if -margin <= low and high <= margin else REFUTED if low > margin or high < -margin else UNSURE
    line = -log(claim.factor) if claim.factor else margin if claim.relation.startswith("not") else -margin
    return CONFIRMED if high <= line else REFUTED if low > line else UNSURE


def _between(metric: Metric, part: str | None, mine: MeasuredArm, theirs: MeasuredArm) -> Logs:
    """The log-ratio of two arms in each block, or seed, that has both."""
    if metric.logs is None:
        return {}
    own, other = metric.logs(mine, part), metric.logs(theirs, part)
    return {block: own[block] - other[block] for block in sorted(own.keys() & other.keys())}


def _figures(metric: Metric, member: str, mine: MeasuredArm, theirs: MeasuredArm) -> Pair | None:
    """What is deterministic, of both."""
    own, other = metric.of(mine, member).value, metric.of(theirs, member).value
    return None if own is None or other is None else Pair(other, own)


def _sizes(arm: MeasuredArm, name: str) -> Pair | None:
    """A size where the first stretch of the schedule begins, and where the last one does."""
    sizes = sizes_of(arm, name)
    return Pair(sizes[0], sizes[-1]) if len(sizes) > 1 else None


def _why_lacking(claim: Claim, metric: Metric, *arms: MeasuredArm) -> str:
    reasons = [metric.of(arm).unavailable for arm in arms]
    why = next(filter(None, reasons), None)
    return f"{claim.metric} is not in the record{f': {why}' if why else ''}"


def _log_ratio(pair: Pair) -> float:
    if pair.same:
        return 0.0
    if pair.arm > 0 and pair.baseline > 0:
        return log(pair.arm / pair.baseline)
    return -inf if pair.arm < pair.baseline else inf


def _relation(claim: Claim, metric: Metric, baseline: str, record: Lines) -> Checked:
    """Whether both minimise the same, or have the same losses bit for bit."""
    found = losses(record, claim.arm) if baseline == record.plan.baseline else None
    if found is None:
        return Checked(claim, baseline, UNKNOWN, why="their losses are not in the record")
    stated = {line.arm for line in record.objectives}
    if found.relation == Relation.SAME:
        verdict = CONFIRMED
    elif found.relation == Relation.NOT_REPEATABLE:
        verdict = UNSURE
    elif metric.name == LOSSES or found.relation == Relation.OTHER_OBJECTIVE:
        verdict = REFUTED
    else:
        verdict = CONFIRMED if {claim.arm, baseline} <= stated else UNSURE
    return Checked(claim, baseline, verdict, why=found.verdict)

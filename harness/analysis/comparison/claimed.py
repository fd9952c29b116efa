"""Is a claim confirmed or refuted by a run?

The claim draws a line through the ratios: ten times less is all at 1/10 and below. It is confirmed where the whole
interval is on its side, refuted where all is on the other, and else unsure; what is counted has no interval. A verdict
takes three blocks, as any does. Each claim is judged by itself, by an interval as sure as any other of the run.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import inf, log

import pandas as pd

from harness.analysis.comparison.exact import Pair, retraces
from harness.analysis.comparison.losses import losses
from harness.analysis.epochs import table as epoch_table
from harness.analysis.epochs.observed import COMPILATIONS, TRACES, why_unobserved
from harness.analysis.epochs.projection import Projection
from harness.analysis.profile.tracings import of_one_block
from harness.analysis.stats.estimates import Estimate, mean
from harness.analysis.stats.levels import FIRST_LOOK, level
from harness.analysis.stats.ratios import Ratio, guarded, of_logs
from harness.analysis.training.curves import trainings
from harness.plan.claims import COUNTS, Claim
from harness.record import evidence
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

Logs = Mapping[int, float]
"""Log-ratios by block."""


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
    """Hold each claim against a run."""
    epochs = epoch_table.table(record) if claims else pd.DataFrame()
    return [_check(claim, record, epochs) for claim in claims]


def _check(claim: Claim, record: Lines, epochs: pd.DataFrame) -> Checked:
    grows = claim.metric.startswith("growth.")
    baseline = f"{claim.arm} at first" if grows else claim.baseline or record.plan.baseline
    arms = {claim.arm} if grows else {claim.arm, baseline}
    absent = sorted(arms - {arm.label for arm in record.plan.arms})
    if absent:
        return Checked(claim, baseline, ABSENT, why=f"it has no {' and no '.join(absent)}")
    failed = sorted(arm for arm in arms if record.failure(arm))
    if failed:
        return Checked(claim, baseline, UNKNOWN, why=f"{' and '.join(failed)} failed")
    if claim.metric == "objective":
        return _objective(claim, baseline, record)
    margin = log(1 + (claim.tolerance or record.plan.tolerance))
    if grows or claim.metric in COUNTS:
        counts = _growth(claim, record) if grows else _counted(claim, baseline, record)
        if counts is None:
            return Checked(claim, baseline, UNKNOWN, why=_why_uncounted(claim.metric, record, sorted(arms)))
        found = Estimate(_log_ratio(counts))
        shown = Ratio(counts.arm / counts.baseline) if counts.baseline else None
        return Checked(claim, baseline, answer(claim, found, margin), shown, counts)
    logs = _logs(claim, baseline, record, epochs)
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


def _logs(claim: Claim, baseline: str, record: Lines, epochs: pd.DataFrame) -> Logs:
    """The log-ratio in each block that has both. Seeds are the blocks of whole trainings."""
    family, _, name = claim.metric.partition(".")
    if family == "quality":
        return _between(*(_log_of(_at_the_end(record, arm, name)) for arm in (claim.arm, baseline)))
    if family == "peak_rss_bytes":
        return _between(*(_log_of(_peaks(record, arm)) for arm in (claim.arm, baseline)))
    if record.plan.trains:
        return {}
    return _between(*(_beside_the_runs(claim, arm, record, epochs) for arm in (claim.arm, baseline)))


def _beside_the_runs(claim: Claim, arm: str, record: Lines, epochs: pd.DataFrame) -> Logs:
    """What an arm costs relative to the run's baseline, which took turns with all."""
    if arm == record.plan.baseline:
        return dict.fromkeys((piece.block for piece in record.slices), 0.0)
    if claim.metric == "cost":
        return Projection(record, epochs).logs_by_block(arm)
    found = Projection(record, epochs).rates(arm)
    kinds = set(found.index.get_level_values("kind")) if len(found) else set()
    schedule = record.schedule(record.plan.baseline)
    commonest = max(sorted(kinds), key=lambda kind: schedule[kind], default="")
    kind = claim.kind or commonest
    if kind not in kinds:
        return {}
    own = found.xs(kind, level="kind")
    logs = guarded(list(own["typical"]), list(own["of_sums"]), record.plan.tolerance)
    return dict(zip(own.index.get_level_values("block"), logs, strict=True))


def _peaks(record: Lines, arm: str) -> dict[int, float]:
    ends = [end for end in record.ends if end.arm == arm and end.status == "ok"]
    return {end.block: float(end.peak_rss_bytes) for end in ends if end.peak_rss_bytes}


def _at_the_end(record: Lines, arm: str, metric: str) -> dict[int, float]:
    """A metric at the end of those trainings that were completed, by seed."""
    whole = [one for one in trainings(record, arm) if one.status == "ok" and one.checkpoints]
    ends = {one.seed: one.checkpoints[-1].metrics.get(metric) for one in whole}
    return {seed: value for seed, value in ends.items() if value}


def _log_of(values: Mapping[int, float]) -> Logs:
    return {block: log(value) for block, value in values.items() if value > 0}


def _between(mine: Logs, theirs: Logs) -> Logs:
    return {block: mine[block] - theirs[block] for block in sorted(mine.keys() & theirs.keys())}


def _growth(claim: Claim, record: Lines) -> Pair | None:
    """A size where the first stretch of the schedule begins, and where the last one does."""
    name = claim.metric.partition(".")[2]
    segments = next((line.description.segments for line in record.ready if line.arm == claim.arm), [])
    sizes = [segment.sizes[name] for segment in segments if segment.sizes and name in segment.sizes]
    return Pair(sizes[0], sizes[-1]) if len(sizes) > 1 else None


def _counted(claim: Claim, baseline: str, record: Lines) -> Pair | None:
    mine, theirs = (_count(claim.metric, record, arm) for arm in (claim.arm, baseline))
    return None if mine is None or theirs is None else Pair(theirs, mine)


def _count(metric: str, record: Lines, arm: str) -> float | None:
    """Of tracings, those in the epochs that one block sampled."""
    if metric == "peak_tensor_bytes":
        return max(
            (end.peak_tensor_bytes for end in record.ends if end.arm == arm and end.peak_tensor_bytes), default=None
        )
    if metric == "flops_per_epoch":
        schedule = record.schedule(arm)
        flops = next((line.flops for line in record.works if line.arm == arm), {})
        return flops[max(sorted(flops), key=lambda kind: schedule[kind])] if flops else None
    ran = of_one_block(record, arm)
    if ran is None or why_unobserved(record, arm, _events_of(metric)):
        return None
    if metric == "compilations":
        return sum(len(evidence.compilations(epoch)) for epoch in ran)
    traces = [trace for epoch in ran for trace in evidence.traces(epoch)]
    return len(traces) if metric == "traces" else retraces(traces)


def _why_uncounted(metric: str, record: Lines, arms: Sequence[str]) -> str:
    traced = metric in ("traces", "retraces", "compilations")
    reasons = [why_unobserved(record, arm, _events_of(metric)) for arm in arms if traced]
    why = next(filter(None, reasons), None)
    return f"{metric} is not in the record{f': {why}' if why else ''}"


def _events_of(metric: str) -> str:
    return COMPILATIONS if metric == COMPILATIONS else TRACES


def _log_ratio(pair: Pair) -> float:
    if pair.same:
        return 0.0
    if pair.arm > 0 and pair.baseline > 0:
        return log(pair.arm / pair.baseline)
    return -inf if pair.arm < pair.baseline else inf


def _objective(claim: Claim, baseline: str, record: Lines) -> Checked:
    found = losses(record, claim.arm) if baseline == record.plan.baseline else None
    if found is None:
        return Checked(claim, baseline, UNKNOWN, why="their losses are not in the record")
    stated = {line.arm for line in record.objectives}
    if not found.one_objective:
        verdict = REFUTED
    elif found.repeatable and (found.same or {claim.arm, baseline} <= stated):
        verdict = CONFIRMED
    else:
        verdict = UNSURE
    return Checked(claim, baseline, verdict, why=found.verdict)

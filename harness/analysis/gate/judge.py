"""The verdict of a gate: compares each gated metric with its tolerance and combines the results."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from harness.analysis.epochs import table as epoch_table
from harness.analysis.epochs.projection import Projection
from harness.analysis.gate import stored
from harness.analysis.gate.check import IMPROVED, OK, REGRESSED, UNSURE, Check, GateAnswer, time_tolerance
from harness.analysis.gate.counted import counts
from harness.analysis.gate.counted_arm import CountedArm, OtherMetrics, list_other_metrics
from harness.analysis.gate.peaks import peaks
from harness.analysis.gate.reasons import Reason, Why
from harness.analysis.gate.triples import counted, timed
from harness.analysis.stats import contrast as contrasts
from harness.analysis.stats.contrast import Contrast
from harness.analysis.stats.levels import FIRST_LOOK, level
from harness.analysis.stats.ratios import Ratio, guarded
from harness.plan.gate_rules import EPOCH_TIME, FIRST_EPOCH_TIME, TIMES, TOTAL_TIME, Triple
from harness.record.lines import Lines

MIN_SHARE = 0.05
"""Kinds of epochs with at least this share of the whole schedule are gated individually; the total time covers the
others."""
_ANSWERS = {
    contrasts.WORSE: REGRESSED,
    contrasts.BETTER: IMPROVED,
    contrasts.FINE: OK,
    contrasts.UNSURE: UNSURE,
}


@dataclass(frozen=True, kw_only=True)
class GateVerdict:
    """The verdict of a gate."""

    answer: GateAnswer
    base: str
    head: str
    unsure: str
    """How an unsure gate is treated: `fail`, `warn` or `pass`."""
    checks: list[Check]
    stored: bool = False
    """Whether the head was compared with stored runs, and not with a base that ran in turns with it."""


@dataclass(frozen=True, kw_only=True)
class _GatedTime:
    """One gated time."""

    triple: Triple
    metric: str
    part: str | None = None
    contrast: Contrast
    seconds: float | None
    """The time of the base."""
    once: float = 0.0
    """The share of the base's time that goes to tracing and compiling."""

    @property
    def tolerance(self) -> float:
        return time_tolerance(self.triple.tolerances, self.metric, self.seconds, self.once)


def gate_verdict(record: Lines, times: Sequence[tuple[Contrast, Check]] | None = None) -> GateVerdict | None:
    """Return the verdict from a gate's record, or None for the record of any other command. `times` are its
    `timed_checks`, if they are known already."""
    gate = record.plan.gate
    if gate is None:
        return None
    checks = [check for _, check in (timed_checks(record) if times is None else times)]
    checks += [check for triple in gate.triples for check in _check_untimed(record, triple, checks)]
    checks += [check for triple in gate.triples for check in _check_counts(record, triple)]
    checks.sort(key=lambda check: [triple.name for triple in gate.triples].index(check.variant))
    failed = any(record.failure(arm.label) for arm in record.arms)
    return GateVerdict(
        answer=_combine_answers(checks, failed),
        base=gate.base,
        head=gate.head,
        unsure=gate.unsure,
        checks=checks,
        stored=bool(record.stored),
    )


def regressed(record: Lines, times: Sequence[tuple[Contrast, Check]]) -> bool:
    """Whether any metric has regressed so far; `times` are the record's `timed_checks`."""
    found = gate_verdict(record, times)
    return found is not None and any(check.answer == REGRESSED for check in found.checks)


def _combine_answers(checks: Sequence[Check], failed: bool) -> GateAnswer:
    answers = {check.answer for check in checks}
    if failed:
        return GateAnswer.FAILED
    if REGRESSED in answers:
        return GateAnswer.REGRESSED
    return GateAnswer.UNSURE if UNSURE in answers else GateAnswer.PASSED


def _check_untimed(record: Lines, triple: Triple, found: Sequence[Check]) -> list[Check]:
    """Return an unsure check for each gated time that was not measured: a gate must not pass on what it did not see."""
    if not triple.base or any(record.failure(arm) for arm in triple.arms):
        return []
    seen = {check.metric for check in found if check.variant == triple.name}
    wanted = [metric for metric in TIMES if triple.tolerances[metric] is not None and metric not in seen]
    why = Why(reason=Reason.NOT_MEASURED)
    return [Check(variant=triple.name, metric=metric, answer=UNSURE, why=why) for metric in wanted]


def _check_counts(record: Lines, triple: Triple) -> list[Check]:
    if any(record.failure(arm) for arm in triple.arms):
        return []
    if not triple.base:
        return stored.compare_with_stored(record, triple)
    passes = counted(record, triple)
    part = record.of(triple.arms, triple.baseline)
    others = OtherMetrics(part, list_other_metrics(triple.tolerances))
    base, base_repeat, head = (CountedArm.of_pass(passes, label, others) for label in triple.arms)
    return [*counts(triple, base, base_repeat, head), *peaks(passes, timed(record, triple), triple)]


def timed_checks(record: Lines) -> list[tuple[Contrast, Check]]:
    """Check all times of all variants. They are judged together, since each is another chance of a false answer."""
    gate = record.plan.gate
    if gate is None:
        return []
    whole = [triple for triple in gate.triples if triple.base and not any(record.failure(arm) for arm in triple.arms)]
    found = [one for triple in whole for one in _collect_times(record, triple)]
    plan = record.plan
    levels = [level(plan.fewest, record.most, rank) for rank in range(1, max(len(found), 1) + 1)]
    answers = contrasts.answers([(one.contrast, one.tolerance) for one in found], levels)
    return [(one.contrast, _make_check(one, answer, levels[0])) for one, answer in zip(found, answers, strict=True)]


def _make_check(one: _GatedTime, answer: contrasts.Contrasted, shown: float) -> Check:
    ratio = one.contrast.ratio(shown) if one.contrast.blocks else None
    seconds = one.seconds * ratio.estimate if one.seconds and ratio else None
    visible = one.contrast.smallest_visible(one.tolerance, shown)
    why = _explain_unsure(one, ratio) if answer == contrasts.UNSURE else None
    return Check(
        variant=one.triple.name,
        metric=one.metric,
        part=one.part,
        answer=_ANSWERS[answer],
        base=one.seconds,
        head=seconds,
        ratio=ratio,
        tolerance=one.tolerance,
        why=why,
        smallest_visible_ratio=visible,
    )


def _explain_unsure(one: _GatedTime, ratio: Ratio | None) -> Why:
    """Explain why a time is unsure."""
    if ratio is None or one.contrast.blocks < FIRST_LOOK:
        return Why(reason=Reason.TOO_FEW_BLOCKS)
    if one.contrast.apart(one.tolerance):
        return Why(reason=Reason.BASE_TIMES_DIFFER, numbers=(one.contrast.null,))
    return Why(reason=Reason.WIDE)


def _collect_times(record: Lines, triple: Triple) -> list[_GatedTime]:
    part = timed(record, triple)
    table = epoch_table.table(part)
    if table.empty:
        return []
    allowed = triple.tolerances
    # A gate covers all epochs that ran, first ones included, even in a training without a length.
    found = Projection(part, table, averages=False)
    return [
        *(_collect_epoch_times(found, triple) if allowed[EPOCH_TIME] is not None else ()),
        *(_collect_total_time(found, triple) if allowed[TOTAL_TIME] is not None else ()),
        *(_collect_first_epoch_time(part, table, triple) if allowed[FIRST_EPOCH_TIME] is not None else ()),
    ]


def _collect_epoch_times(found: Projection, triple: Triple) -> Iterator[_GatedTime]:
    steady = epoch_table.in_turns(found.shapes.epochs)
    for kind, logs in _collect_logs_by_kind(found, triple).items():
        own = steady[(steady["arm"] == triple.base) & (steady["kind"] == kind)]["wall"]
        yield _GatedTime(
            triple=triple,
            metric=EPOCH_TIME,
            part=kind,
            contrast=Contrast(*logs, _ran_together(found.record, triple)),
            seconds=float(own.median()),
        )


def _collect_total_time(found: Projection, triple: Triple) -> Iterator[_GatedTime]:
    head, base_repeat = (found.logs_by_block(arm) for arm in (triple.head, str(triple.base_repeat)))
    both = sorted(head.keys() & base_repeat.keys())
    took = found.seconds(str(triple.base))
    if both:
        shared = _ran_together(found.record, triple)
        contrast = Contrast([head[block] for block in both], [base_repeat[block] for block in both], shared)
        once = found.once_share(str(triple.base))
        yield _GatedTime(
            triple=triple,
            metric=TOTAL_TIME,
            contrast=contrast,
            seconds=took.estimate if took else None,
            once=once,
        )


def _collect_first_epoch_time(part: Lines, table: pd.DataFrame, triple: Triple) -> Iterator[_GatedTime]:
    first = table[table["first"] & (table["index"] == 0)].groupby(["block", "arm"])["wall"].first().unstack("arm")
    if set(triple.arms) <= set(first.columns):
        walls = first[list(triple.arms)].dropna()
        logs = np.log(walls).sub(np.log(walls[triple.base]), axis=0)
        contrast = Contrast(list(logs[triple.head]), list(logs[triple.base_repeat]), _ran_together(part, triple))
        seconds = float(walls[triple.base].median())
        yield _GatedTime(triple=triple, metric=FIRST_EPOCH_TIME, contrast=contrast, seconds=seconds)


def _ran_together(part: Lines, triple: Triple) -> bool:
    """Whether all arms of each block were alive at the same time."""
    return all(len(start.order) == len(triple.arms) and not start.one_by_one for start in part.starts)


def _collect_logs_by_kind(found: Projection, triple: Triple) -> dict[str, tuple[list[float], list[float]]]:
    """Return the log-ratios of the head and of the base's repeat by block, for each kind that is gated individually.
    Periodic work is included, at its average over epochs."""
    tolerance = triple.tolerances[EPOCH_TIME] or 0.0
    both = [found.rates(arm) for arm in (triple.head, str(triple.base_repeat))]
    if any(one.empty for one in both):
        return {}
    head, base_repeat = (one.groupby(["kind", "block"]).mean() for one in both)
    logs_of = {}
    for kind, share in _compute_time_shares(found.record, found.epochs, triple).items():
        if share < MIN_SHARE or kind not in head.index or kind not in base_repeat.index:
            continue
        own, null = head.loc[kind], base_repeat.loc[kind]
        blocks = own.index.intersection(null.index)
        logs = [
            guarded(list(one.loc[blocks, "typical"]), list(one.loc[blocks, "of_sums"]), tolerance)
            for one in (own, null)
        ]
        logs_of[kind] = logs[0], logs[1]
    return logs_of


def _compute_time_shares(part: Lines, table: pd.DataFrame, triple: Triple) -> Mapping[str, float]:
    """Return each kind's share of the time of the base's whole schedule, or of the epochs that ran."""
    base = str(triple.base)
    steady = epoch_table.in_turns(table)
    mean = steady[steady["arm"] == base].groupby("kind")["wall"].mean()
    schedule = part.schedule(base) or Counter(steady.loc[steady["arm"] == base, "kind"])
    spent = {str(kind): float(seconds) * schedule[kind] for kind, seconds in mean.items()}
    total = sum(spent.values()) or 1.0
    return {kind: seconds / total for kind, seconds in spent.items()}

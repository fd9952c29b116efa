"""Compares a head with stored runs of the same variant.

Stored runs were measured in another hour, so times are judged by how far these runs scatter. A new run lies within mean
+- t s sqrt(1 + 1/n) of n runs like it in 95 of 100 cases, on the logarithms of their times (the prediction interval of
Student's t). A machine scatters far more from run to run than within a run: see docs/method.md.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from math import exp, log, sqrt
from statistics import median

import numpy as np
from scipy import stats

from harness.analysis.epochs import table as epoch_table
from harness.analysis.epochs.effects import QUANTILE
from harness.analysis.epochs.observed import COMPILATIONS, TRACES, why_unobserved
from harness.analysis.epochs.projection import covers_whole_schedules, once_share, schedule_seconds
from harness.analysis.gate import peaks
from harness.analysis.gate.check import IMPROVED, NOT_MEASURED, OK, REGRESSED, UNSURE, Check, time_tolerance
from harness.analysis.gate.counted import counts
from harness.analysis.gate.counted_arm import CountedArm, OtherMetrics, list_other_metrics
from harness.analysis.gate.reasons import Reason, Why
from harness.analysis.machine.facts import VERY_BUSY, Facts, measured_on, number, pids
from harness.analysis.profile.tensors import find_peak_bytes
from harness.analysis.profile.tracings import of_one_block
from harness.analysis.stats.levels import ERROR
from harness.analysis.stats.ratios import Ratio
from harness.plan.gate_rules import EPOCH_TIME, FIRST_EPOCH_TIME, LOSSES, QUALITY, TOTAL_TIME, Triple
from harness.plan.plan import EXACTLY
from harness.record.lines import Lines
from harness.record.schema import Stored

BASE, BASE_REPEAT = "stored", "stored, another"
"""The names of stored runs in messages."""


def stored(record: Lines, label: str) -> Stored:
    """Return what a later gate needs from `label`, an arm of a stored run."""
    passes = {(piece.block, piece.group) for piece in record.watched if piece.probe == EXACTLY and piece.arm == label}
    own = [piece for piece in record.watched if piece.arm == label and piece.probe == EXACTLY]
    ends = [end for end in record.ends if end.arm == label and (end.block, end.group) in passes]
    epochs = own[0].epochs if own else None
    figures, why = OtherMetrics(record, list_other_metrics()).measure(label, epochs)
    return Stored(
        run=record.header.run,
        arm=label,
        seconds={what: median(walls) for what, walls in times(record, label).items()},
        epochs=of_one_block(record, label) or [] if epochs is None else epochs,
        peak_rss_bytes=ends[0].peak_rss_bytes if ends else None,
        peak_tensor_bytes=find_peak_bytes(record, label, ends[:1]),
        flops=next((line.complete_flops for line in record.works if line.arm == label), {}),
        metrics=next((line.metrics for line in record.evaluations if line.arm == label), {}),
        figures=figures,
        unavailable=why | record.unavailable(label) | _collect_unobserved(record, label),
        counted=bool(own),
        once=_compute_once_share(record, label),
    )


def _collect_unobserved(record: Lines, label: str) -> dict[str, str]:
    """Return why traces or compilations were not observed, in the words of this version."""
    reasons = {what: why_unobserved(record, label, what) for what in (TRACES, COMPILATIONS)}
    return {what: why for what, why in reasons.items() if why}


def times(record: Lines, label: str) -> dict[str, list[float]]:
    """Return the seconds of each time that can be gated, a figure for each block. Keys are metrics, for epochs with the
    kind (`epoch_time full`)."""
    part = _select_timed(record, label)
    table = epoch_table.table(part)
    found: dict[str, list[float]] = defaultdict(list)
    for (_, kind), walls in epoch_table.in_turns(table).groupby(["block", "kind"])["wall"]:
        found[f"{EPOCH_TIME} {kind}"].append(float(walls.quantile(QUANTILE)))
    for _, own in table.groupby("block"):
        total = schedule_seconds(part, own, label) if covers_whole_schedules(part, own) else None
        found[TOTAL_TIME] += [total.estimate] if total else []
        found[FIRST_EPOCH_TIME] += list(own[own["first"] & (own["index"] == 0)]["wall"])[:1]
    return {what: walls for what, walls in found.items() if walls}


def _select_timed(record: Lines, label: str) -> Lines:
    """Return the timed lines of one arm."""
    return replace(record.of([label], label, without=record.passes), ends=record.ends)


def _compute_once_share(record: Lines, label: str) -> float:
    """Return the share of an arm's training that goes to tracing and compiling."""
    part = _select_timed(record, label)
    table = epoch_table.table(part)
    return 0.0 if table.empty else once_share(part, table, label)


def compare_with_stored(record: Lines, triple: Triple) -> list[Check]:
    """Compare the head of `triple` with the stored runs at the beginning of its record."""
    before = [line for line in record.stored if line.arm == triple.head]
    if not before or record.failure(triple.head):
        return []
    now = times(record, triple.head)
    known = dict.fromkeys([*now, *(what for line in before for what in line.seconds)])
    wanted = [what for what in known if triple.tolerances[what.partition(" ")[0]] is not None]
    busy = disturbed(measured_on(record))
    at = ERROR / max(len(wanted), 1)
    timed = [_compare_time(what, now.get(what, []), before, triple, at, busy) for what in wanted]
    return [*timed, *_compare_counts(record, before, triple)]


def _compare_time(
    what: str, now: Sequence[float], before: Sequence[Stored], triple: Triple, at: float, busy: bool
) -> Check:
    """Compare one time. A disturbance only makes a run slower, and no other arm ran in turns with the head to show it,
    so the head is called slower only if its fastest block is, and if nothing else was computing when it began."""
    metric, _, kind = what.partition(" ")
    part = kind or None
    seen = [line.seconds[what] for line in before if what in line.seconds]
    tolerance = time_tolerance(triple.tolerances, metric, seen[0] if seen else None, before[0].once)
    if not now:  # a gate must not pass on what it did not see
        why = Why(reason=Reason.ONLY_STORED)
        return Check(
            variant=triple.name, metric=metric, part=part, answer=UNSURE, base=seen[0], tolerance=tolerance, why=why
        )
    took = median(now)
    if len(seen) < 2:
        why = Why(reason=Reason.ONE_STORED if seen else Reason.NOT_STORED)
        return Check(
            variant=triple.name,
            metric=metric,
            part=part,
            answer=NOT_MEASURED,
            base=seen[0] if seen else None,
            head=took,
            tolerance=tolerance,
            why=why,
        )
    middle, half = float(np.log(seen).mean()), prediction_half_width(seen, at)
    apart, limit = log(took) - middle, min(max(half, log(1 + tolerance)), 300.0)
    visible = exp(min(limit, 10.0)) - 1
    why = Why(reason=Reason.STORED_RUNS_SCATTER, numbers=(len(seen), visible))
    if apart > limit and (busy or log(min(now)) - middle <= limit):
        answer = UNSURE
        why = Why(reason=Reason.BUSY if busy else Reason.BLOCKS_DIFFER)
    else:
        answer = REGRESSED if apart > limit else IMPROVED if apart < -limit else OK
    ratio = Ratio(exp(apart), exp(max(apart - half, -300.0)), exp(min(apart + half, 300.0)))
    return Check(
        variant=triple.name,
        metric=metric,
        part=part,
        answer=answer,
        base=exp(middle),
        head=took,
        ratio=ratio,
        tolerance=tolerance,
        why=why,
        smallest_visible_ratio=exp(limit),
    )


def disturbed(facts: Facts) -> bool:
    """Whether other processes computed so much on this machine that times are worthless."""
    return bool(pids(facts)) or (number(facts, "busy_elsewhere") or 0.0) >= VERY_BUSY


def prediction_half_width(seconds: Sequence[float], at: float = ERROR) -> float:
    """Return half the width of the prediction interval for the logarithm of one more time, from n >= 2 times. The
    interval misses with probability `at`."""
    n = len(seconds)
    scatter = float(np.std(np.log(seconds), ddof=1))
    return float(stats.t.ppf(1 - at / 2, n - 1)) * scatter * sqrt(1 + 1 / n)


def _compare_counts(record: Lines, before: Sequence[Stored], triple: Triple) -> list[Check]:
    """Compare what is deterministic. The first stored run takes the place of the base, and each other one with the same
    epochs that of its repeat, with which it must agree."""
    first, *others = before
    head = stored(record, triple.head)
    alike = [one for one in others if _list_indices(one) == _list_indices(first)]
    found: dict[tuple[str, str | None], Check] = {}
    for base_repeat in alike or [first]:
        for check in _compare_with_two(triple, first, base_repeat, head):
            key = check.metric, check.part
            if key not in found or check.answer == UNSURE:
                found[key] = check
    checks = list(found.values()) if alike else [_downgrade_single_run(check) for check in found.values()]
    return [*checks, *peaks.compare_peaks([(one, before[-1], head) for one in before], triple)]


def _list_indices(run: Stored) -> list[int]:
    return [epoch.index for epoch in run.epochs]


def _downgrade_single_run(check: Check) -> Check:
    """Turn a regression of losses or quality into unsure: one stored run does not show whether a second one would
    agree. Counts nearly always do."""
    if check.answer == REGRESSED and check.metric in (LOSSES, QUALITY):
        why = check.why or Why(reason=Reason.ONE_STORED)
        return replace(check, answer=UNSURE, why=replace(why, one_stored_run=True))
    return check


def _compare_with_two(triple: Triple, base: Stored, base_repeat: Stored, head: Stored) -> list[Check]:
    """Compare counts, losses and quality with those of two stored runs."""
    return counts(
        triple,
        CountedArm.of_stored(base, BASE),
        CountedArm.of_stored(base_repeat, BASE_REPEAT),
        CountedArm.of_stored(head, triple.head),
    )

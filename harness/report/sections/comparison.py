"""What is compared, as tables."""

from harness import rounding
from harness.analysis.comparison.exact import Pair
from harness.analysis.comparison.losses import Relation
from harness.analysis.metrics.registry import BUILT_IN, METRICS
from harness.plan.gate_rules import FIRST_EPOCH_TIME, PEAK_MEMORY, PEAK_TENSORS, RETRACES, TRACES
from harness.report import units
from harness.report.sections import peaks, scopes
from harness.report.summary import ArmSummary, Summary
from harness.report.table import Cell, Table

_COSTS = FIRST_EPOCH_TIME, TRACES, RETRACES, PEAK_MEMORY, PEAK_TENSORS
"""Metrics that the median time of an epoch does not show."""


def times(summary: Summary) -> Table:
    """The main table of a comparison: one row per arm."""
    judged = any(arm.verdict for arm in summary.arms)
    rows = [
        [
            arm.name,
            Cell("baseline", 1.0) if arm.name == summary.baseline else units.ratio(arm.ratio),
            *([arm.verdict or units.NOTHING if arm.name != summary.baseline else ""] if judged else []),
            units.projection(arm.total_time),
        ]
        for arm in summary.arms
    ]
    what, took = scopes.columns(summary)
    columns = ["arm", what, *(["verdict"] if judged else []), took]
    note = " ".join(
        filter(None, [_explain_ratio(summary), units.explain_interval(arm.total_time for arm in summary.arms)])
    )
    return Table("Cost", columns, rows, note)


def kinds(summary: Summary) -> Table | None:
    """Epochs of the same kind compared: the baseline in seconds, the other arms as ratios to it."""
    names = list(dict.fromkeys(kind for arm in summary.arms for kind in arm.ratio_by_kind))
    if not names:
        return None
    rows = [_make_row_by_kind(arm, names) for arm in summary.arms if arm.ratio_by_kind or arm.name == summary.baseline]
    intervals = any(ratio.low is not None for arm in summary.arms for ratio in arm.ratio_by_kind.values())
    note = f"The median epoch of {summary.baseline}, and the others relative to it, periodic extra work included."
    note += " ± is half the 95 % interval." if intervals else ""
    return Table("An epoch, by kind", ["arm", *names], rows, note)


def _make_row_by_kind(arm: ArmSummary, kinds: list[str]) -> list[str]:
    if arm.ratio_by_kind:
        return [arm.name, *(units.short_ratio(arm.ratio_by_kind.get(kind)) for kind in kinds)]
    seconds = arm.epoch_times
    # The column is sorted by ratio, and the baseline relative to itself is 1.
    return [
        arm.name,
        *(Cell(units.seconds(seconds[kind]), 1.0) if kind in seconds else units.NOTHING for kind in kinds),
    ]


def costs(summary: Summary) -> Table:
    """What the median time of an epoch does not show: tracing, and memory."""
    rows = [
        [
            arm.name,
            *(units.figure(METRICS[name].unit, arm.value(name)) for name in _COSTS),
        ]
        for arm in summary.arms
    ]
    columns = ["arm", *(METRICS[name].title for name in _COSTS)]
    note = "Traces are counted over the epochs sampled in one block."
    return Table("Tracing and memory", columns, rows, " ".join([note, *peaks.explain(summary.arms)]))


def added(summary: Summary) -> Table | None:
    """The metrics that were registered in addition to the built-in ones, if any arm has them."""
    names = dict.fromkeys(name for arm in summary.arms for name in arm.metrics if arm.value(name) is not None)
    found = {
        name: METRICS[family]
        for name in names
        if (family := name.partition(".")[0]) in METRICS and family not in BUILT_IN
    }
    if not found:
        return None
    rows = [
        [arm.name, *(units.figure(metric.unit, arm.value(name)) for name, metric in found.items())]
        for arm in summary.arms
    ]
    titles = [
        f"{metric.title} {member}" if (member := name.partition(".")[2]) else metric.title
        for name, metric in found.items()
    ]
    return Table("Other metrics", ["arm", *titles], rows)


def counts(summary: Summary) -> Table | None:
    """Deterministic counts of the arms that have them, next to the baseline's."""
    rows = []
    for arm in summary.arms:
        if arm.exact is None or not (arm.exact.traces or arm.exact.flops):
            continue
        flops = [
            f"{kind} {units.number(pair.arm / pair.baseline)}x"
            for kind, pair in arm.exact.flops.items()
            if not pair.same and pair.baseline
        ]
        flops = flops or (["same"] if arm.exact.flops else [units.NOTHING])
        rows.append(
            [
                arm.name,
                units.count(arm.exact.epochs),
                _format_pair(arm.exact.traces),
                _format_pair(arm.exact.retraces),
                ", ".join(flops),
            ]
        )
    note = (
        f"Exact counts, {summary.baseline} -> arm. Traces: over the epochs that both ran in the same order from the "
        "first one on. Operations: floating-point operations of the matrix products of an epoch, relative to the "
        "baseline."
    )
    return Table("Counts", ["arm", "epochs", "traces", "retraces", "operations"], rows, note) if rows else None


def _format_pair(pair: Pair | None) -> Cell:
    if pair is None:
        return units.NOTHING
    return Cell(
        "same" if pair.same else f"{rounding.count(pair.baseline)} -> {rounding.count(pair.arm)}",
        pair.arm - pair.baseline,
    )


def losses(summary: Summary) -> Table | None:
    """Whether the arms are the same training: their losses compared with the baseline's."""
    rows = [
        [arm.name, arm.losses, units.count(arm.losses_epochs)]
        for arm in summary.arms
        if arm.losses and arm.name != summary.baseline
    ]
    note = (
        f"Compared with {summary.baseline} from the same seed, over the epochs that both ran in the same order from "
        "the first one on."
    )
    if any(arm.losses_relation == Relation.OTHER_OBJECTIVE for arm in summary.arms):
        note += " A different objective was found on one batch, before any training."
    return Table("Losses", ["arm", "losses", "epochs compared"], rows, note, texts=2) if rows else None


def _explain_ratio(summary: Summary) -> str:
    ratios = [arm.ratio for arm in summary.arms if arm.ratio]
    if not ratios:
        return ""
    interval = ", with its 95 % interval over blocks" if any(ratio.low is not None for ratio in ratios) else ""
    if interval and summary.looks > 1:
        interval += f" (95 % over all {summary.looks} looks)"
    judged = any(arm.verdict for arm in summary.arms)
    same = f" Same: within {units.percent(summary.tolerance)}." if judged else ""
    cost, how = scopes.note(summary)
    return f"{cost} relative to {summary.baseline}{interval}; below 1 is faster.{same} {how}"

"""The times of an arm."""

from harness.analysis.metrics.arm import MeasuredArm
from harness.analysis.metrics.base import Logs, Measured, Metric, Unit
from harness.analysis.stats.ratios import guarded
from harness.plan.gate_rules import EPOCH_TIME, FIRST_EPOCH_TIME, TOTAL_TIME


def _measure_total(arm: MeasuredArm) -> Measured:
    seconds = None if arm.converged else arm.costs.seconds(arm.label)
    if seconds is None:
        return Measured(None, Unit.SECONDS, ratio=arm.ratio)
    return Measured(seconds.estimate, Unit.SECONDS, seconds.low, seconds.high, ratio=arm.ratio)


def _collect_total_logs(arm: MeasuredArm, kind: str | None) -> Logs:
    if arm.lines.plan.trains:
        return {}
    return _make_baseline_logs(arm) or dict(arm.costs.logs_by_block(arm.label))


def _measure_epoch(arm: MeasuredArm) -> Measured:
    times = arm.epoch_times
    by_kind = dict(times.by_kind) if times else None
    return Measured(times.median if times else None, Unit.SECONDS, by_kind=by_kind, ratio_by_kind=arm.ratio_by_kind)


def _collect_epoch_logs(arm: MeasuredArm, kind: str | None) -> Logs:
    """Return the log-ratios for one kind of epoch, by default the baseline's most frequent one."""
    if arm.lines.plan.trains:
        return {}
    if own := _make_baseline_logs(arm):
        return own
    found = arm.costs.rates(arm.label)
    kinds = set(found.index.get_level_values("kind")) if len(found) else set()
    schedule = arm.lines.schedule(arm.baseline)
    wanted = kind or max(sorted(kinds), key=lambda one: schedule[one], default="")
    if wanted not in kinds:
        return {}
    of_kind = found.xs(wanted, level="kind")
    logs = guarded(list(of_kind["typical"]), list(of_kind["of_sums"]), arm.lines.plan.tolerance)
    return dict(zip(of_kind.index.get_level_values("block"), logs, strict=True))


def _make_baseline_logs(arm: MeasuredArm) -> Logs:
    """Return the log-ratios of the baseline to itself; empty for another arm."""
    if arm.label != arm.baseline:
        return {}
    return dict.fromkeys((piece.block for piece in arm.lines.slices), 0.0)


def _measure_first(arm: MeasuredArm) -> Measured:
    walls = arm.epochs[(arm.epochs["index"] == 0) & arm.epochs["first"]]["wall"]
    return Measured(float(walls.median()) if len(walls) else None, Unit.SECONDS)


METRICS = (
    Metric(
        name=TOTAL_TIME,
        title="total time",
        unit=Unit.SECONDS,
        deterministic=False,
        measure=_measure_total,
        logs=_collect_total_logs,
        gated=True,
        tolerance=0.03,
        formerly=("cost",),
    ),
    Metric(
        name=EPOCH_TIME,
        title="epoch time",
        unit=Unit.SECONDS,
        deterministic=False,
        measure=_measure_epoch,
        logs=_collect_epoch_logs,
        gated=True,
        tolerance=0.03,
        formerly=("epoch_seconds",),
    ),
    Metric(
        name=FIRST_EPOCH_TIME,
        title="first epoch",
        unit=Unit.SECONDS,
        deterministic=False,
        measure=_measure_first,
        gated=True,
        tolerance=0.25,
    ),
)

"""The results of an arm's training: its losses, its objective, its quality, and the growth of its sizes."""

from math import log

from harness.analysis.metrics.arm import MeasuredArm
from harness.analysis.metrics.base import Logs, Metric
from harness.analysis.training.curves import trainings
from harness.plan.gate_rules import GROWTH, LOSSES, OBJECTIVE, QUALITY


def _measure_quality(arm: MeasuredArm) -> dict[str, float | None]:
    """Return each metric at the end of the arm's whole trainings, as the mean over seeds."""
    final = arm.converged.final if arm.converged else None
    return {name: metric.mean for name, metric in final.metrics.items()} if final else {}


def _collect_quality_logs(arm: MeasuredArm, name: str | None) -> Logs:
    """Return the logarithm of a metric at the end of each completed training, by seed."""
    whole = [one for one in trainings(arm.lines, arm.label) if one.status == "ok" and one.checkpoints]
    ends = {one.seed: one.checkpoints[-1].metrics.get(name or "") for one in whole}
    return {seed: log(value) for seed, value in ends.items() if value and value > 0}


def _measure_growth(arm: MeasuredArm) -> dict[str, float | None]:
    """Return each size at the start of the schedule's last stretch, relative to the start of its first one."""
    ready = next((line for line in arm.lines.ready if line.arm == arm.label), None)
    known = [segment.sizes for segment in ready.description.segments if segment.sizes] if ready else []
    names = dict.fromkeys(name for sizes in known for name in sizes)
    of_name = {name: sizes_of(arm, name) for name in names}
    return {name: sizes[-1] / sizes[0] for name, sizes in of_name.items() if len(sizes) > 1 and sizes[0]}


def sizes_of(arm: MeasuredArm, name: str) -> list[float]:
    """Return a size at the start of each stretch of the schedule, as far as the trainer reports it."""
    ready = next((line for line in arm.lines.ready if line.arm == arm.label), None)
    segments = ready.description.segments if ready else []
    return [segment.sizes[name] for segment in segments if segment.sizes and name in segment.sizes]


METRICS = (
    Metric(name=LOSSES, title="losses", deterministic=True, gated=True, tolerance="same"),
    Metric(name=OBJECTIVE, title="objective", deterministic=True),
    Metric(
        name=QUALITY,
        title="quality",
        deterministic=False,
        members=_measure_quality,
        logs=_collect_quality_logs,
        gated=True,
        tolerance=0.05,
    ),
    Metric(name=GROWTH, title="growth", deterministic=True, members=_measure_growth),
)

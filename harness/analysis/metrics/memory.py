"""The peak memory of an arm."""

from math import log

from harness.analysis.metrics.arm import MeasuredArm
from harness.analysis.metrics.base import Logs, Measured, Metric, Unit
from harness.analysis.profile.tensors import find_peak_bytes
from harness.plan.gate_rules import PEAK_MEMORY, PEAK_TENSORS


def _measure_peak(arm: MeasuredArm) -> Measured:
    """The highest peak over all processes of an arm."""
    return Measured(max((end.peak_rss_bytes for end in arm.ends if end.peak_rss_bytes), default=None), Unit.BYTES)


def _measure_tensors(arm: MeasuredArm) -> Measured:
    return Measured(find_peak_bytes(arm.lines, arm.label, arm.ends), Unit.BYTES)


def _collect_logs(arm: MeasuredArm, kind: str | None) -> Logs:
    mine, theirs = (_find_peaks(arm, label) for label in (arm.label, arm.baseline))
    return {block: log(mine[block] / theirs[block]) for block in sorted(mine.keys() & theirs.keys())}


def _find_peaks(arm: MeasuredArm, label: str) -> dict[int, int]:
    passes = arm.lines.passes
    ends = [end for end in arm.lines.ends if end.arm == label and (end.block, end.group) not in passes]
    return {end.block: end.peak_rss_bytes for end in ends if end.peak_rss_bytes and end.status == "ok"}


METRICS = (
    Metric(
        name=PEAK_MEMORY,
        title="peak memory",
        unit=Unit.BYTES,
        deterministic=False,
        measure=_measure_peak,
        logs=_collect_logs,
        gated=True,
        tolerance=0.10,
        formerly=("peak_rss_bytes",),
    ),
    Metric(
        name=PEAK_TENSORS,
        title="peak tensors",
        unit=Unit.BYTES,
        deterministic=True,
        measure=_measure_tensors,
        gated=True,
        tolerance=0.01,
        formerly=("peak_tensor_bytes",),
    ),
)

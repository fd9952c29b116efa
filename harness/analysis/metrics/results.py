"""What an arm's training comes to: its losses, its objective, its quality, and how its sizes grow."""

from harness.analysis.metrics.arm import MeasuredArm
from harness.analysis.metrics.base import Measured, Metric, Unit
from harness.analysis.training.curves import trainings
from harness.plan.gate_rules import LOSSES, QUALITY

OBJECTIVE, GROWTH = "objective", "growth"


def _nothing(arm: MeasuredArm) -> Measured:
    """A relation to the baseline has no number of its own."""
    return Measured(None, Unit.OWN)


def _quality(arm: MeasuredArm, name: str) -> float | None:
    """At the end of its whole trainings: the mean over seeds."""
    final = arm.converged.final if arm.converged else None
    return final.metrics[name].mean if final and name in final.metrics else None


def quality_by_seed(arm: MeasuredArm, name: str) -> dict[int, float]:
    """At the end of those trainings that were completed."""
    whole = [one for one in trainings(arm.lines, arm.label) if one.status == "ok" and one.checkpoints]
    ends = {one.seed: one.checkpoints[-1].metrics.get(name) for one in whole}
    return {seed: value for seed, value in ends.items() if value}


def _growth(arm: MeasuredArm, name: str) -> float | None:
    """A size where the last stretch of the schedule begins, relative to that at its beginning."""
    sizes = sizes_of(arm, name)
    return sizes[-1] / sizes[0] if len(sizes) > 1 and sizes[0] else None


def sizes_of(arm: MeasuredArm, name: str) -> list[float]:
    """A size where each stretch of the schedule begins, as far as the trainer says."""
    ready = next((line for line in arm.lines.ready if line.arm == arm.label), None)
    segments = ready.description.segments if ready else []
    return [segment.sizes[name] for segment in segments if segment.sizes and name in segment.sizes]


METRICS = (
    Metric(name=LOSSES, title="losses", deterministic=True, measure=_nothing, gated=True, tolerance="same"),
    Metric(name=OBJECTIVE, title="objective", deterministic=True, measure=_nothing),
    Metric(
        name=QUALITY,
        title="quality",
        deterministic=False,
        measure=_nothing,
        gated=True,
        tolerance=0.05,
        family=True,
        members=_quality,
    ),
    Metric(name=GROWTH, title="growth", deterministic=True, measure=_nothing, family=True, members=_growth),
)

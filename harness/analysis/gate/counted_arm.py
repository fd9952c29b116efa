"""What is deterministic in one arm of a gate: from its counting pass, or from a stored run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite

from harness.analysis.comparison.repeats import Numbers, statements
from harness.analysis.epochs import table as epoch_table
from harness.analysis.epochs.projection import Projection
from harness.analysis.metrics.arm import MeasuredArm
from harness.analysis.metrics.registry import METRICS
from harness.plan.gate_rules import (
    COMPILATIONS,
    FLOPS,
    LOSSES,
    PEAK_MEMORY,
    PEAK_TENSORS,
    QUALITY,
    TIMES,
    TRACES,
    Tolerances,
)
from harness.plan.plan import EXACTLY
from harness.record.lines import Lines
from harness.record.schema import Epoch, Stored

COUNTED = TRACES, COMPILATIONS, FLOPS, LOSSES, QUALITY
"""The metrics that `counted` compares each in its own way."""


@dataclass(frozen=True, kw_only=True)
class CountedArm:
    """What a gate compares exactly, of one process of one arm."""

    label: str
    """The name of the arm in messages."""
    completed: bool = True
    """Whether the process ran to its end."""
    epochs: Sequence[Epoch]
    """Its epochs in order."""
    unavailable: Mapping[str, str] = field(default_factory=dict)
    """What could not be observed or measured, and why."""
    flops: Mapping[str, float] = field(default_factory=dict)
    """Floating-point operations of an epoch, by kind, for the kinds that could be counted."""
    flops_unavailable: str | None = None
    """Why the other kinds could not be counted."""
    quality: Mapping[str, float | None] = field(default_factory=dict)
    """The metrics that the trainer evaluated, of which lower is better; None for one that was not finite."""
    evaluated_after: int = 0
    """The number of epochs it had trained for when they were evaluated."""
    terms: Sequence[Numbers] = ()
    """The terms of the loss that each process of the arm stated before any training."""
    figures: Mapping[str, float] = field(default_factory=dict)
    """The values of the gated metrics that have no comparison of their own, by name."""

    @classmethod
    def of_pass(cls, passes: Lines, label: str, others: "OtherMetrics") -> "CountedArm":
        """Return what the counting pass, whose lines `triples.counted` returns, observed of an arm."""
        watched = [piece for piece in passes.watched if (piece.arm, piece.probe) == (label, EXACTLY)]
        epochs = [epoch for piece in watched for epoch in piece.epochs]
        figures, why = others.measure(label, epochs)
        works = [line for line in passes.works if line.arm == label]
        evaluations = [line for line in passes.evaluations if line.arm == label]
        return cls(
            label=label,
            completed=any(end.arm == label and end.status == "ok" for end in passes.ends),
            epochs=epochs,
            unavailable={**why, **passes.unavailable(label)},
            flops=works[-1].complete_flops if works else {},
            flops_unavailable=works[-1].unavailable if works else None,
            quality=evaluations[-1].metrics if evaluations else {},
            evaluated_after=evaluations[-1].epochs if evaluations else 0,
            terms=statements(passes, label),
            figures=figures,
        )

    @classmethod
    def of_stored(cls, run: Stored, label: str) -> "CountedArm":
        """Return what a stored run has of its arm."""
        return cls(
            label=label,
            epochs=run.epochs,
            unavailable=run.unavailable,
            flops=run.flops,
            quality=run.metrics,
            evaluated_after=len(run.epochs),
            figures=run.figures,
        )


def list_other_metrics(allowed: Tolerances | None = None) -> list[str]:
    """Return the metrics that a gate can check without a comparison of their own, such as those that users registered;
    with `allowed`, only those that have a tolerance."""
    known = (*COUNTED, *TIMES, PEAK_MEMORY, PEAK_TENSORS)
    names = [name for name, one in METRICS.items() if one.gated and name not in known]
    return names if allowed is None else [name for name in names if allowed[name] is not None]


class OtherMetrics:
    """Measures the metrics `names`, which have no comparison of their own, in the arms of a run."""

    def __init__(self, record: Lines, names: Sequence[str]) -> None:
        self._names = names
        self._costs = Projection(record, epoch_table.table(record)) if names else None

    def measure(self, label: str, counted: Sequence[Epoch] | None) -> tuple[dict[str, float], dict[str, str]]:
        """Return the values for an arm, and why others have none. `counted` are the epochs of its counting pass, if
        there was one."""
        if self._costs is None:
            return {}, {}
        arm = MeasuredArm(self._costs, label, counted=counted)
        found = {name: METRICS[name].of(arm) for name in self._names}
        values = {name: one.value for name, one in found.items() if one.value is not None and isfinite(one.value)}
        return values, {name: one.unavailable for name, one in found.items() if one.unavailable}

"""The counted metrics of an arm: traces, compilations and floating-point operations."""

from collections.abc import Callable, Sequence

from harness.analysis.comparison.exact import retraces
from harness.analysis.epochs.observed import why_unobserved
from harness.analysis.metrics.arm import MeasuredArm
from harness.analysis.metrics.base import Measured, Metric, Unit
from harness.plan.gate_rules import COMPILATIONS, FLOPS, RETRACES, TRACES
from harness.record import evidence
from harness.record.schema import Epoch
from harness.worker.wire.evidence import Trace


def _make_event_counter(what: str, count: Callable[[Sequence[Epoch]], int]) -> Callable[[MeasuredArm], Measured]:
    """Return a function that counts events in the epochs of one block; its value is None if they were not observed."""

    def measure(arm: MeasuredArm) -> Measured:
        why = why_unobserved(arm.lines, arm.label, what)
        if arm.one_block is None or why:
            return Measured(None, Unit.COUNT, unavailable=why)
        return Measured(count(arm.one_block), Unit.COUNT)

    return measure


def _list_traces(epochs: Sequence[Epoch]) -> list[Trace]:
    return [trace for epoch in epochs for trace in evidence.traces(epoch)]


def _measure_flops(arm: MeasuredArm) -> Measured:
    """Return the operations of an epoch's matrix products: for the most frequent kind, and for each kind.

    What is counted only in part is in the latter alone, because it cannot be compared.
    """
    work = arm.work
    schedule = arm.lines.schedule(arm.label)
    usual = max(sorted(work.flops), key=lambda kind: schedule[kind], default="")
    commonest = arm.epoch_times.commonest if arm.epoch_times else usual
    value = None if commonest in work.incomplete else work.flops.get(commonest)
    return Measured(value, Unit.FLOP, by_kind=dict(work.flops) or None, unavailable=work.unavailable)


METRICS = (
    Metric(
        name=TRACES,
        title="traces",
        unit=Unit.COUNT,
        deterministic=True,
        measure=_make_event_counter(TRACES, lambda epochs: len(_list_traces(epochs))),
        gated=True,
        tolerance=0,
    ),
    Metric(
        name=RETRACES,
        title="retraces",
        unit=Unit.COUNT,
        deterministic=True,
        measure=_make_event_counter(TRACES, lambda epochs: retraces(_list_traces(epochs))),
        gated=True,
    ),
    Metric(
        name=COMPILATIONS,
        title="compilations",
        unit=Unit.COUNT,
        deterministic=True,
        measure=_make_event_counter(
            COMPILATIONS, lambda epochs: sum(len(evidence.compilations(epoch)) for epoch in epochs)
        ),
        gated=True,
        tolerance=0,
    ),
    Metric(
        name=FLOPS,
        title="operations",
        unit=Unit.FLOP,
        deterministic=True,
        measure=_measure_flops,
        gated=True,
        tolerance=0.0,
        formerly=("flops_per_epoch",),
    ),
)

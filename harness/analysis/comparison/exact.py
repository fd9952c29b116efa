"""Exact comparison of what is deterministic: without noise there is no interval, and a difference of one counts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.analysis.epochs.observed import TRACES, why_unobserved
from harness.analysis.epochs.prefix import common_prefixes
from harness.record import evidence
from harness.record.lines import Lines
from harness.record.schema import Epoch
from harness.worker.wire.evidence import Trace


@dataclass(frozen=True)
class Pair:
    """The same count in the baseline and in an arm."""

    baseline: float
    arm: float

    @property
    def same(self) -> bool:
        return self.baseline == self.arm


@dataclass(frozen=True)
class Exact:
    """The counts of an arm and its baseline."""

    epochs: int
    """The number of epochs that both ran in the same order from the first on, over which traces are counted."""
    traces: Pair | None
    """None if they were not observed in both: see `unobserved`."""
    retraces: Pair | None
    """Traces beyond the first of the same code."""
    flops: Mapping[str, Pair]
    """Operations of an epoch's matrix products, for the kinds that both counted."""
    unobserved: str | None = None
    """Why there are no traces."""


def exact(record: Lines, arm: str) -> Exact | None:
    """Return the counts of `arm` and the baseline; None for the baseline, and if they have no epoch in common.

    If blocks differ in the number of common epochs, the longest stretch counts.
    """
    if arm == record.baseline:
        return None
    shared = max(common_prefixes(record, arm), key=len, default=[])
    if not shared:
        return None
    mine, theirs = _list_traces([own for own, _ in shared]), _list_traces([other for _, other in shared])
    why = why_unobserved(record, arm, TRACES) or why_unobserved(record, record.baseline, TRACES)
    return Exact(
        epochs=len(shared),
        traces=None if why else Pair(len(theirs), len(mine)),
        retraces=None if why else Pair(retraces(theirs), retraces(mine)),
        flops=_pair_flops(record, arm),
        unobserved=why,
    )


def retraces(traces: Sequence[Trace]) -> int:
    """Return the number of traces beyond the first of the same code, so that a new `tf.function` over old code
    counts."""
    return len(traces) - len({(trace.function, trace.where) for trace in traces})


def _list_traces(epochs: Sequence[Epoch]) -> list[Trace]:
    return [trace for epoch in epochs for trace in evidence.traces(epoch)]


def _pair_flops(record: Lines, arm: str) -> dict[str, Pair]:
    counted = {line.arm: line.complete_flops for line in record.works}
    theirs, mine = counted.get(record.baseline, {}), counted.get(arm, {})
    return {kind: Pair(theirs[kind], mine[kind]) for kind in theirs if kind in mine}

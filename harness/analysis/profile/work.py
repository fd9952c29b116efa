"""The arithmetic of an arm's epochs, and how close its rate comes to what the processor can do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from harness.record.lines import Lines


@dataclass(frozen=True)
class Arithmetic:
    """The matrix products of one epoch, by kind; empty if they could not be counted."""

    flops: Mapping[str, float] = field(default_factory=dict)
    unavailable: str | None = None
    """Why some kinds, or all, have no count."""
    gemm_flops_per_second: float | None = None
    """The rate of the product of two large matrices in the same process."""
    gemm_share: Mapping[str, float] = field(default_factory=dict)
    """The rate of an epoch relative to that: its operations divided by its median time, which includes everything else
    it does."""
    incomplete: Sequence[str] = ()
    """The kinds of which a part is not counted."""


def arithmetic(record: Lines, arm: str, median_seconds: Mapping[str, float]) -> Arithmetic:
    """Relate the operations that `arm` counted to the `median_seconds` of its epochs by kind. An arm counts once in a
    run."""
    work = next((line for line in record.works if line.arm == arm), None)
    if work is None:
        return Arithmetic()
    rate = work.gemm_flops_per_second
    shares = {
        kind: flops / median_seconds[kind] / rate
        for kind, flops in work.flops.items()
        if rate and median_seconds.get(kind)
    }
    late = [kind for kind in median_seconds if kind not in work.flops]
    unwatched = f"its {' and '.join(late)} epochs ran only in turns, where operations are not counted" if late else None
    return Arithmetic(work.flops, work.unavailable or unwatched, rate, shares, work.incomplete)

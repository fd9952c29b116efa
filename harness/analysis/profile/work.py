"""How much an arm's epochs compute, and how near that comes to what its processor can do."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.record.lines import Lines


@dataclass(frozen=True)
class Arithmetic:
    """Of the matrix products of one epoch, by kind; empty where they could not be counted."""

    flops: Mapping[str, float] = field(default_factory=dict)
    unavailable: str | None = None
    """Why some kinds, or all, have none."""
    gemm_flops_per_second: float | None = None
    """What the product of two large matrices reaches in the same process."""
    gemm_share: Mapping[str, float] = field(default_factory=dict)
    """What an epoch reaches, relative to that: operations by its median time, so all it does besides counts as well."""


def arithmetic(record: Lines, arm: str, median_seconds: Mapping[str, float]) -> Arithmetic:
    """What `arm` counted, related to the `median_seconds` of its epochs by kind. An arm counts once in a run."""
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
    unwatched = f"its {' and '.join(late)} epochs ran in turns only, where calls are not watched" if late else None
    return Arithmetic(work.flops, work.unavailable or unwatched, rate, shares)

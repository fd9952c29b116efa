"""What this process can do at all, for comparison with what an epoch reaches."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from harness.worker.probes import gemm, stream

_Prepare = Callable[[int], Callable[[], object]]


class Rates(NamedTuple):
    """None for what could not be measured."""

    flops_per_second: float | None = None
    """Of large products of matrices."""
    bytes_per_second: float | None = None
    """Of sums of large vectors."""


def measure_rates(prepare_product: _Prepare, prepare_sum: _Prepare) -> Rates:
    return Rates(gemm.flops_per_second(prepare_product), stream.bytes_per_second(prepare_sum))

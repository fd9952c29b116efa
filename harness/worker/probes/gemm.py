"""Measures how fast this process multiplies large matrices, for comparison with the rate that an epoch reaches."""

from __future__ import annotations

from collections.abc import Callable

from harness.worker.probes.fastest import time_fastest

SIZE = 4096


def flops_per_second(prepare: Callable[[int], Callable[[], object]], size: int = SIZE) -> float | None:
    """Return the operations per second of the fastest of some float32 products of two square matrices.

    `prepare` makes the matrices of a size, and returns a function that multiplies them and waits for the product.
    Returns None if the product cannot be computed.
    """
    seconds = time_fastest("large matrix products", lambda: prepare(size))
    return 2.0 * size**3 / seconds if seconds else None

"""Measures how fast this process multiplies large matrices, for comparison with the rate that an epoch reaches."""

from __future__ import annotations

import sys
from collections.abc import Callable
from time import perf_counter

from harness.worker.wire.reasons import one_line

SIZE = 4096
REPEATS = 8
AGREEMENT = 0.03
"""The two best times must agree within this fraction. Otherwise another product is timed, because another process may
have used a core."""
PATIENCE = 3.0
"""Seconds after which no further product is started, so that one may have to suffice on a slow machine."""


def flops_per_second(prepare: Callable[[int], Callable[[], object]], size: int = SIZE) -> float | None:
    """Return the operations per second of the fastest of some float32 products of two square matrices, after a warm-up.

    `prepare` makes the matrices of a size, and returns a function that multiplies them and waits for the product.
    Returns None if the product cannot be computed.
    """
    try:
        multiply = prepare(size)
        begun, seconds = perf_counter(), []
        for _ in range(1 + REPEATS):
            start = perf_counter()
            multiply()
            seconds.append(perf_counter() - start)
            if perf_counter() - begun > PATIENCE or _agree(seconds[1:]):
                break
    except Exception as error:  # such as too little memory; an arm must not fail because of this measurement
        print(f"harness: large matrix products could not be timed: {one_line(error)}", file=sys.stderr)
        return None
    return 2.0 * size**3 / min(seconds[1:] or seconds)


def _agree(seconds: list[float]) -> bool:
    best = sorted(seconds)[:2]
    return len(best) == 2 and best[1] <= (1 + AGREEMENT) * best[0]

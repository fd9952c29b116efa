"""How fast this process multiplies large matrices: the yardstick for the rate that an epoch reaches."""

from __future__ import annotations

import sys
from time import perf_counter

from harness.worker.wire.reasons import one_line

SIZE = 4096
REPEATS = 8
AGREEMENT = 0.03
"""The two best agree within this share, or another one is tried: something else may have had a core meanwhile."""
PATIENCE = 3.0
"""Seconds after which no further product is begun: on a slow machine one has to do."""


def flops_per_second(size: int = SIZE) -> float | None:
    """Operations a second in the best of some float32 products of two square matrices, after one to warm up.

    None where TensorFlow was never loaded, or cannot do it.
    """
    if "tensorflow" not in sys.modules:
        return None
    import tensorflow as tf

    try:
        left, right = tf.fill((size, size), 0.5), tf.fill((size, size), 0.25)
        begun, seconds = perf_counter(), []
        for _ in range(1 + REPEATS):
            start = perf_counter()
            tf.matmul(left, right)[0, 0].numpy()  # one number on the host, so that it is done
            seconds.append(perf_counter() - start)
            if perf_counter() - begun > PATIENCE or _agree(seconds[1:]):
                break
    except Exception as error:  # too little memory, say; a yardstick is worth no arm
        print(f"harness: large matrix products could not be timed: {one_line(error)}", file=sys.stderr)
        return None
    return 2.0 * size**3 / min(seconds[1:] or seconds)


def _agree(seconds: list[float]) -> bool:
    best = sorted(seconds)[:2]
    return len(best) == 2 and best[1] <= (1 + AGREEMENT) * best[0]

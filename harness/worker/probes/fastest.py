"""Times the fastest of some runs of one large computation, as a measure of what a process can do at all."""

from __future__ import annotations

import sys
from collections.abc import Callable
from time import perf_counter

from harness.worker.wire.reasons import one_line

REPEATS = 8
AGREEMENT = 0.03
"""The two best times must agree within this fraction. Otherwise it runs again, because another process may have used a
core."""
PATIENCE = 3.0
"""Seconds after which it is not run again, so that one run may have to suffice on a slow machine."""


def time_fastest(what: str, prepare: Callable[[], Callable[[], object]]) -> float | None:
    """Return the seconds of the fastest run after a warm-up.

    `prepare` returns a function that computes once, and waits for the result. Returns None if `what` that is cannot be
    computed.
    """
    try:
        compute = prepare()
        begun, seconds = perf_counter(), []
        for _ in range(1 + REPEATS):
            start = perf_counter()
            compute()
            seconds.append(perf_counter() - start)
            if perf_counter() - begun > PATIENCE or _agree(seconds[1:]):
                break
    except Exception as error:  # such as too little memory; an arm must not fail because of this measurement
        print(f"harness: {what} could not be timed: {one_line(error)}", file=sys.stderr)
        return None
    return min(seconds[1:] or seconds)


def _agree(seconds: list[float]) -> bool:
    best = sorted(seconds)[:2]
    return len(best) == 2 and best[1] <= (1 + AGREEMENT) * best[0]

"""Measures how fast this process reads and writes memory, for comparison with the memory traffic of a line.

Adds one vector to another in place, both larger than any cache: two reads and one write for each element, as the Add
kernel of McCalpin's STREAM (https://www.cs.virginia.edu/stream/), without memory that is new to the process.
"""

from __future__ import annotations

from collections.abc import Callable

from harness.worker.probes.fastest import time_fastest

SIZE = 32_000_000
_BYTES = 3 * 4


def bytes_per_second(prepare: Callable[[int], Callable[[], object]], size: int = SIZE) -> float | None:
    """Return the bytes per second of the fastest of some additions of float32 vectors.

    `prepare` makes two vectors of a size, and returns a function that adds one to the other and waits for the sum.
    Returns None if it cannot be computed.
    """
    seconds = time_fastest("memory", lambda: prepare(size))
    return float(_BYTES * size) / seconds if seconds else None

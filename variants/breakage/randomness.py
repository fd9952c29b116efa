"""Random numbers by key: what is drawn depends on what it is for, never on what was drawn before it.

Two variants with one seed therefore see the same points wherever their designs allow it,
and a training can be entered at any epoch.
"""

from zlib import crc32

import numpy as np
from numpy.typing import NDArray


def generator(seed: int, stream: str, index: int = 0) -> np.random.Generator:
    """The generator of one stream ("weights", "data", "collocation" and so on) at one index.

    The name is hashed by CRC-32, because Python's own `hash` of a string differs between processes.
    """
    key = np.random.SeedSequence(seed, spawn_key=(crc32(stream.encode()), index))
    return np.random.Generator(np.random.Philox(key))


def uniform_rows(seed: int, stream: str, index: int, count: int) -> NDArray[np.float64]:
    """(count, 2) numbers in [0, 1). Drawn row by row, so that a smaller count is a prefix of a larger one."""
    return generator(seed, stream, index).random((count, 2))

"""Random numbers by key: they depend on their purpose, and not on the numbers that were drawn before.

So two variants with the same seed see the same points wherever their designs allow it, and a training can start at any
epoch.
"""

from zlib import crc32

import numpy as np
from numpy.typing import NDArray


def generator(seed: int, stream: str, index: int = 0) -> np.random.Generator:
    """Return the generator of one stream ("weights", "data", "collocation" and so on) at one index.

    The name is hashed with CRC-32, because Python's own `hash` of a string differs between processes.
    """
    key = np.random.SeedSequence(seed, spawn_key=(crc32(stream.encode()), index))
    return np.random.Generator(np.random.Philox(key))


def uniform_rows(seed: int, stream: str, index: int, count: int) -> NDArray[np.float64]:
    """Return (count, 2) numbers in [0, 1). The numbers for a smaller count are a prefix of those for a larger one."""
    return generator(seed, stream, index).random((count, 2))

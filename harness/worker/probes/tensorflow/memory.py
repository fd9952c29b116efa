"""The peak memory of TensorFlow's tensors, by its allocator on the CPU.

That repeats exactly, and counts tensors from 256 KB up.
"""

from __future__ import annotations

import sys
from contextlib import suppress

_REFUSALS = ValueError, AttributeError, RuntimeError
"""What the allocator raises where it does not count."""


class TensorAllocator:
    def forget_peak(self) -> None:
        if "tensorflow" in sys.modules:
            import tensorflow as tf

            with suppress(*_REFUSALS):
                tf.config.experimental.reset_memory_stats("CPU:0")

    def peak_bytes(self) -> int | None:
        """None where TensorFlow was never loaded, or does not count (with oneDNN off it refuses; with the system's
        allocator it reads 0)."""
        with suppress(*_REFUSALS):
            return _peak()
        return None

    def why_no_peak(self) -> str | None:
        if "tensorflow" not in sys.modules:
            return "TensorFlow was not loaded"
        try:
            peak = _peak()
        except _REFUSALS:
            return "TensorFlow's allocator does not count them, as where oneDNN is off"
        return None if peak else "TensorFlow's allocator counted none, as where no tensor has 256 KB"


def _peak() -> int | None:
    if "tensorflow" not in sys.modules:
        return None
    import tensorflow as tf

    return tf.config.experimental.get_memory_info("CPU:0")["peak"] or None

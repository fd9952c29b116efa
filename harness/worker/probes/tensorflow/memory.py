"""The peak memory of TensorFlow's tensors, as counted by its allocator on the CPU.

It repeats exactly, and counts tensors of 256 KB or more.
"""

from __future__ import annotations

import sys
from contextlib import suppress

_REFUSALS = ValueError, AttributeError, RuntimeError
"""The exceptions that the allocator raises if it does not count."""


class TensorAllocator:
    def is_used(self) -> bool:
        return "tensorflow" in sys.modules

    def forget_peak(self) -> None:
        if "tensorflow" in sys.modules:
            import tensorflow as tf

            with suppress(*_REFUSALS):
                tf.config.experimental.reset_memory_stats("CPU:0")

    def peak_bytes(self) -> int | None:
        """Return the peak in bytes, or None if TensorFlow is not loaded or does not count.

        It raises an error if oneDNN is off, and returns 0 with the system's allocator.
        """
        with suppress(*_REFUSALS):
            return _read_peak()
        return None

    def why_no_peak(self) -> str | None:
        if "tensorflow" not in sys.modules:
            return "TensorFlow was not loaded"
        try:
            peak = _read_peak()
        except _REFUSALS:
            return "TensorFlow's allocator does not count them, for example because oneDNN is off"
        return None if peak else "TensorFlow's allocator counted none: it counts only tensors of at least 256 KB"


def _read_peak() -> int | None:
    if "tensorflow" not in sys.modules:
        return None
    import tensorflow as tf

    return tf.config.experimental.get_memory_info("CPU:0")["peak"] or None

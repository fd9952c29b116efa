"""Peak memory of this process: what the operating system gave it, and what TensorFlow's tensors held."""

import resource
import sys
from contextlib import suppress
from pathlib import Path

STATUS = Path("/proc/self/status")
FORGET = Path("/proc/self/clear_refs")
"""Where Linux takes the order to count the peak of resident memory from now on."""
_REFUSALS = ValueError, AttributeError, RuntimeError
"""What TensorFlow's allocator raises where it does not count."""


def peak_rss_bytes() -> int | None:
    """The most memory that was resident at once.

    Linux's VmHWM, not `ru_maxrss`, which a child inherits from the parent it was forked from; elsewhere `ru_maxrss`.
    """
    unit = 1 if sys.platform == "darwin" else 1024
    return _status_bytes("VmHWM") or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit or None


def rss_bytes() -> int | None:
    """What is resident now; None where nothing tells it, which is elsewhere than on Linux."""
    return _status_bytes("VmRSS")


class PeakGauge:
    """Peak resident memory since it was last asked: exact, but blind to what is smaller than some megabytes."""

    def __init__(self) -> None:
        self.unavailable: str | None = None
        """Why there is none, or None where there is."""
        try:
            self._forget()
        except OSError as error:
            self.unavailable = f"the peak of resident memory cannot be reset here: {error.strerror}"

    def __call__(self) -> int | None:
        if self.unavailable:
            return None
        peak = _status_bytes("VmHWM")
        self._forget()
        return peak

    @staticmethod
    def _forget() -> None:
        FORGET.write_text("5")


def forget_peak_tensor_bytes() -> None:
    """Count the peak of TensorFlow's tensors from now on."""
    if "tensorflow" in sys.modules:
        import tensorflow as tf

        with suppress(*_REFUSALS):
            tf.config.experimental.reset_memory_stats("CPU:0")


def peak_tensor_bytes() -> int | None:
    """The most that TensorFlow's CPU allocator held at once, which repeats exactly; it counts tensors from 256 KB up.

    None where TensorFlow was never loaded, or does not count (with oneDNN off it refuses; with the system's allocator
    it reads 0).
    """
    with suppress(*_REFUSALS):
        return _of_allocator()
    return None


def why_no_tensor_peak() -> str | None:
    """Why there is no peak of tensors; None where there is."""
    if "tensorflow" not in sys.modules:
        return "TensorFlow was not loaded"
    try:
        peak = _of_allocator()
    except _REFUSALS:
        return "TensorFlow's allocator does not count them, as where oneDNN is off"
    return None if peak else "TensorFlow's allocator counted none, as where no tensor has 256 KB"


def _of_allocator() -> int | None:
    if "tensorflow" not in sys.modules:
        return None
    import tensorflow as tf

    return tf.config.experimental.get_memory_info("CPU:0")["peak"] or None


def _status_bytes(name: str) -> int | None:
    """A size that Linux tells of this process; None elsewhere."""
    with suppress(OSError):
        for line in STATUS.read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) * 1024
    return None

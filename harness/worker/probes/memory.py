"""Memory of this process: what the operating system gave it, and what frameworks' allocators held of that."""

from __future__ import annotations

import resource
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from harness.worker.probes.base import Allocator
from harness.worker.probes.phases import PhaseProbe
from harness.worker.wire.evidence import MEMORY, MemoryUse

STATUS = Path("/proc/self/status")
FORGET = Path("/proc/self/clear_refs")
"""Where Linux takes the order to count the peak of resident memory from now on."""


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


class MemoryProbe:
    """What an epoch takes at its peak, and what is resident after it. `phases`, whose peaks are by `gauge`, watch it
    too, and end before."""

    name = MEMORY

    def __init__(self, phases: PhaseProbe, gauge: PeakGauge, allocators: list[Allocator]) -> None:
        self._phases, self._gauge, self._allocators = phases, gauge, allocators

    @property
    def unavailable(self) -> Mapping[str, str]:
        return {"peak memory by phase": self._gauge.unavailable} if self._gauge.unavailable else {}

    def begin(self, fresh: bool) -> None:
        for allocator in self._allocators:
            allocator.forget_peak()

    def end(self, wall: float) -> MemoryUse:
        return MemoryUse(self._phases.whole.peak_rss_bytes, rss_bytes(), peak_tensor_bytes(self._allocators))


def peak_tensor_bytes(allocators: list[Allocator]) -> int | None:
    """The most that any of them held at once; None where none counts."""
    return max(filter(None, (one.peak_bytes() for one in allocators)), default=None)


def _status_bytes(name: str) -> int | None:
    """A size that Linux tells of this process; None elsewhere."""
    with suppress(OSError):
        for line in STATUS.read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) * 1024
    return None

"""Memory of this process: resident memory, and the part that allocators of frameworks hold in tensors."""

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
"""The file of Linux that resets the peak of resident memory when written to."""


def peak_rss_bytes() -> int | None:
    """Return the peak of resident memory.

    On Linux this is VmHWM, because a child inherits `ru_maxrss` from the parent it was forked from. Elsewhere it is
    `ru_maxrss`.
    """
    unit = 1 if sys.platform == "darwin" else 1024
    return _read_status_bytes("VmHWM") or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit or None


def rss_bytes() -> int | None:
    """Return the resident memory, or None if it is unknown, as without Linux."""
    return _read_status_bytes("VmRSS")


class PeakGauge:
    """Returns the peak of resident memory since its previous call. The peak is exact, but peaks of less than some
    megabytes do not show."""

    def __init__(self) -> None:
        self.unavailable: str | None = None
        """Why there is no peak, or None if there is one."""
        try:
            self._forget()
        except OSError as error:
            self.unavailable = f"the peak of resident memory cannot be reset here: {error.strerror}"

    def __call__(self) -> int | None:
        if self.unavailable:
            return None
        peak = _read_status_bytes("VmHWM")
        self._forget()
        return peak

    @staticmethod
    def _forget() -> None:
        FORGET.write_text("5")


class MemoryProbe:
    """Observes the peak memory during an epoch and the resident memory after it.

    `phases` must observe the same epoch, measure peaks with `gauge`, and end before this probe.
    """

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
    """Return the highest peak of these allocators, or None if none of them counts."""
    return max(filter(None, (one.peak_bytes() for one in allocators)), default=None)


def _read_status_bytes(name: str) -> int | None:
    """Return a size from the status of this process on Linux, or None elsewhere."""
    with suppress(OSError):
        for line in STATUS.read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) * 1024
    return None

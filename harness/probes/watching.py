"""An epoch under the probes that cost time, so that they run in a pass of their own: see `PROBES`."""

import sys
from pathlib import Path

from harness.interface import watch_phases
from harness.lines import MemoryUse, PhaseUse
from harness.probes.memory import STATUS, forget_peak_tensor_bytes, peak_tensor_bytes
from harness.probes.phases import PhaseProbe

PHASES, MEMORY = "phases", "memory"
PROBES = PHASES, MEMORY
FORGET = Path("/proc/self/clear_refs")
"""Where Linux takes the order to count the peak of resident memory from now on."""


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
        peak = status_bytes("VmHWM")
        self._forget()
        return peak

    @staticmethod
    def _forget() -> None:
        FORGET.write_text("5")


class Watch:
    """Watches epochs, one after the other: what their phases take, and how much memory."""

    def __init__(self, probe: str) -> None:
        gauge = PeakGauge() if probe == MEMORY else None
        self.unavailable = {"peak memory by phase": gauge.unavailable} if gauge and gauge.unavailable else {}
        self._remembers = probe == MEMORY
        self._phases = PhaseProbe(peak_since=gauge)

    def begin(self) -> None:
        if self._remembers:
            forget_peak_tensor_bytes()
        watch_phases(self._phases)
        self._phases.begin()

    def end(self) -> tuple[list[PhaseUse], MemoryUse | None]:
        uses = self._phases.end()
        watch_phases(None)
        if not self._remembers:
            return uses, None
        return uses, MemoryUse(uses[0].peak_rss_bytes, status_bytes("VmRSS"), peak_tensor_bytes())


def status_bytes(name: str) -> int | None:
    """A size that Linux tells of this process; None elsewhere."""
    if sys.platform != "linux":
        return None
    try:
        for line in STATUS.read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return None

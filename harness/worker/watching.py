"""An epoch under the probes that cost time, so that they run in a pass of their own: see `plan.PROBES`."""

from dataclasses import dataclass, field

from harness.interface import watch_phases
from harness.plan.plan import MEMORY, OPERATIONS
from harness.record.schema import MemoryUse, OperationUse, PhaseUse
from harness.worker.probes.memory import PeakGauge, forget_peak_tensor_bytes, peak_tensor_bytes, rss_bytes
from harness.worker.probes.phases import PhaseProbe
from harness.worker.probes.tensorflow.operations import OperationProbe, busy, summed
from harness.worker.timeline import Spans, Timeline


@dataclass
class Watched:
    """What one epoch was seen to take."""

    phases: list[PhaseUse] = field(default_factory=list)
    memory: MemoryUse | None = None
    operations: list[OperationUse] = field(default_factory=list)
    busy: float | None = None


class Watch:
    """Watches epochs, one after the other, by one probe, and draws them on a `timeline`, if there is one."""

    def __init__(self, probe: str, timeline: Timeline | None = None) -> None:
        gauge = PeakGauge() if probe == MEMORY else None
        self._timeline = timeline
        self._remembers = probe == MEMORY
        self._gauge = gauge
        self._phases = PhaseProbe(peak_since=gauge)
        self._operations = OperationProbe() if probe == OPERATIONS else None

    @property
    def unavailable(self) -> dict[str, str]:
        """What the latest epoch could not be watched by, and why."""
        reasons = {
            "peak memory by phase": self._gauge.unavailable if self._gauge else None,
            "operations": self._operations.unavailable if self._operations else None,
        }
        return {what: reason for what, reason in reasons.items() if reason is not None}

    def begin(self) -> None:
        if self._remembers:
            forget_peak_tensor_bytes()
        watch_phases(self._phases)
        if self._operations:
            self._operations.begin()
        self._phases.begin()

    def end(self, what: str, tracings: Spans = ()) -> Watched:
        """What it took, of the epoch that has just ended; a timeline calls it `what`."""
        uses = self._phases.end()
        watch_phases(None)
        operations = self._operations.end() if self._operations else []
        if self._timeline:
            self._timeline.add_epoch(what, self._phases.spans, tracings, operations)
        return Watched(
            uses,
            MemoryUse(uses[0].peak_rss_bytes, rss_bytes(), peak_tensor_bytes()) if self._remembers else None,
            summed(operations),
            busy(operations) if operations else None,
        )

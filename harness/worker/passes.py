"""The passes of a profile, and the probes of each. To add a pass, add an entry to `PASSES`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from harness.worker.frameworks import FRAMEWORKS
from harness.worker.imports import loading
from harness.worker.probes.all_operations import AllOperations
from harness.worker.probes.base import Allocator, Probe
from harness.worker.probes.memory import MemoryProbe, PeakGauge
from harness.worker.probes.phases import PhaseProbe
from harness.worker.probes.starts import StartProbe
from harness.worker.wire.evidence import COUNTING, MEMORY, OPERATIONS, PHASES


def allocators() -> list[Allocator]:
    """Return the allocators of the frameworks that have one of their own."""
    return [found for one in FRAMEWORKS if (found := one.allocator())]


def _make_phase_probes() -> list[Probe]:
    return [PhaseProbe(), StartProbe()]


def _make_memory_probes() -> list[Probe]:
    gauge = PeakGauge()
    phases = PhaseProbe(peak_since=gauge)
    return [phases, MemoryProbe(phases, gauge, allocators())]


def _make_operation_probes() -> list[Probe]:
    return [PhaseProbe(), AllOperations([found for one in FRAMEWORKS if (found := one.operation_probe())])]


@dataclass(frozen=True)
class Pass:
    """One pass of a profile: its probes, and what the parent does meanwhile."""

    make_probes: Callable[[], list[Probe]]
    """Makes the probes. The first one is the closest to the epoch: it begins last and ends first."""
    most_epochs: int | None = None
    """The maximum number of consecutive epochs of a kind."""
    samples_rss: bool = False
    """Whether the parent samples the resident memory of the process."""
    draws_timeline: bool = False
    counts: bool = False
    """Whether operations are counted that cannot be counted beside timings."""
    returns_memory: bool = False
    """Whether `--memory exact` applies: freed memory is then returned immediately."""


PASSES: dict[str, Pass] = {
    PHASES: Pass(_make_phase_probes),
    MEMORY: Pass(_make_memory_probes, samples_rss=True, returns_memory=True),
    OPERATIONS: Pass(_make_operation_probes, most_epochs=5, draws_timeline=True),  # an epoch has thousands of them
    COUNTING: Pass(list, most_epochs=3, counts=True),
}
"""The built-in passes by name."""


def get_pass(watch: str) -> Pass:
    """Return a pass. `file.py:Name` or `package.module:Name` is a pass with a new instance of the user's probe."""
    return Pass(lambda: [loading.attribute(watch)()]) if ":" in watch else PASSES[watch]

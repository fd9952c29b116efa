"""The passes of a profile, and the probes of each. To add a pass, add an entry to `PASSES`."""

from __future__ import annotations

from collections.abc import Callable

from harness.worker.frameworks import FRAMEWORKS
from harness.worker.imports import loading
from harness.worker.probes.base import Allocator, Probe
from harness.worker.probes.memory import MemoryProbe, PeakGauge
from harness.worker.probes.phases import PhaseProbe
from harness.worker.wire.evidence import MEMORY, OPERATIONS, PHASES


def allocators() -> list[Allocator]:
    """Return the allocators of the frameworks that have one of their own."""
    return [found for one in FRAMEWORKS if (found := one.allocator())]


def _make_phase_probes() -> list[Probe]:
    return [PhaseProbe()]


def _make_memory_probes() -> list[Probe]:
    gauge = PeakGauge()
    phases = PhaseProbe(peak_since=gauge)
    return [phases, MemoryProbe(phases, gauge, allocators())]


def _make_operation_probes() -> list[Probe]:
    return [PhaseProbe(), *(probe for one in FRAMEWORKS for probe in one.pass_probes(OPERATIONS))]


PASSES: dict[str, Callable[[], list[Probe]]] = {
    PHASES: _make_phase_probes,
    MEMORY: _make_memory_probes,
    OPERATIONS: _make_operation_probes,
}
"""The function that makes the probes of a pass, by the name of the pass. The first probe is the closest to the epoch:
it begins last and ends first."""


def probes_of(watch: str) -> list[Probe]:
    """Return the probes of a pass. `file.py:Name` or `package.module:Name` makes a new instance of the user's probe."""
    if ":" in watch:
        return [loading.attribute(watch)()]
    return PASSES[watch]()

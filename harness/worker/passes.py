"""The passes of a profile: by what each watches its epochs. A new one is a line in the list."""

from __future__ import annotations

from collections.abc import Callable

from harness.worker.frameworks import FRAMEWORKS
from harness.worker.imports import loading
from harness.worker.probes.base import Allocator, Probe
from harness.worker.probes.memory import MemoryProbe, PeakGauge
from harness.worker.probes.phases import PhaseProbe
from harness.worker.wire.evidence import MEMORY, OPERATIONS, PHASES


def allocators() -> list[Allocator]:
    """Those of the frameworks that have one of their own."""
    return [found for one in FRAMEWORKS if (found := one.allocator())]


def _phases() -> list[Probe]:
    return [PhaseProbe()]


def _memory() -> list[Probe]:
    gauge = PeakGauge()
    phases = PhaseProbe(peak_since=gauge)
    return [phases, MemoryProbe(phases, gauge, allocators())]


def _operations() -> list[Probe]:
    return [PhaseProbe(), *(probe for one in FRAMEWORKS for probe in one.pass_probes(OPERATIONS))]


PASSES: dict[str, Callable[[], list[Probe]]] = {PHASES: _phases, MEMORY: _memory, OPERATIONS: _operations}
"""By name, what makes its probes. The first of them is the closest to the epoch: it begins last and ends first."""


def probes_of(watch: str) -> list[Probe]:
    """Those of a pass; `file.py:Name` and `package.module:Name` are a probe of the user's own, made anew."""
    if ":" in watch:
        return [loading.attribute(watch)()]
    return PASSES[watch]()

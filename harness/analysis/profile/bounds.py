"""What limits the speed of a line: the roofline model, by which the time of a computation is bounded by its arithmetic
at the rate of the processor, and by its memory traffic at the rate of the memory (Williams, Waterman and Patterson
2009, https://doi.org/10.1145/1498765.1498785)."""

from __future__ import annotations

from enum import StrEnum

from harness.record.schema import Work
from harness.worker.wire.evidence import LineUse

ENOUGH = 0.5
"""The share of a line's time that arithmetic and memory traffic must explain at these rates."""
SMALL = 20e-6
"""Seconds of an average operation below which starting it counts more than what it does."""


class Bound(StrEnum):
    ARITHMETIC = "arithmetic"
    MEMORY = "memory"
    HOST = "host"
    """Its operations are so small that starting them takes most of their time."""
    NEITHER = "neither"
    """It is slower than both bounds: elementwise functions such as tanh, sorting, products of odd shapes."""


def find_bound(use: LineUse, flops_per_second: float | None, bytes_per_second: float | None) -> Bound | None:
    """Return what limits a line, given the rates that its process reaches with large products and sums. None if its
    time, its memory traffic or a rate is not known, or if nothing ran."""
    if not (use.seconds and use.runs and flops_per_second and bytes_per_second) or use.moved_bytes is None:
        return None
    arithmetic = use.flops / flops_per_second
    memory = use.moved_bytes / bytes_per_second
    if arithmetic + memory >= ENOUGH * use.seconds:
        return Bound.ARITHMETIC if arithmetic >= memory else Bound.MEMORY
    return Bound.HOST if use.seconds / use.runs < SMALL else Bound.NEITHER


def find_bounds(work: Work) -> dict[str, dict[str, Bound]]:
    """Return what limits the lines of an arm, by kind of epoch and `file:line`, where that is known."""
    found = {
        kind: {
            use.where: bound
            for use in uses
            if use.where and (bound := find_bound(use, work.gemm_flops_per_second, work.memory_bytes_per_second))
        }
        for kind, uses in work.lines.items()
    }
    return {kind: bounds for kind, bounds in found.items() if bounds}

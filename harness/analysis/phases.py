"""What the phases of an arm's epochs take, by kind, from the passes under probes."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from harness.lines import Epoch, PhaseUse
from harness.record import Record


@dataclass(frozen=True)
class Phase:
    """One phase of one kind of epoch, on the average over its epochs but the first."""

    kind: str
    path: str
    """Empty for what is in no phase."""
    calls: float
    own_seconds: float
    total_seconds: float
    share: float
    """Of the epoch, by its own time. All shares of a kind add up to 1."""
    peak_rss_bytes: int | None
    """The most in any of these epochs."""


def watched(record: Record, arm: str, probe: str) -> list[Epoch]:
    """The epochs of an arm's pass under a probe."""
    return [epoch for piece in record.watched if (piece.arm, piece.probe) == (arm, probe) for epoch in piece.epochs]


def phases(record: Record, arm: str) -> list[Phase]:
    """In the order of the schedule's kinds; the costliest phase of each first."""
    peaks = defaultdict[tuple[str, str], int](int)
    for epoch, use in _uses(steady(watched(record, arm, "memory"))):
        peaks[epoch.kind, use.path] = max(peaks[epoch.kind, use.path], use.peak_rss_bytes or 0)
    rest = steady(watched(record, arm, "phases"))
    numbers = {kind: sum(epoch.kind == kind for epoch in rest) for kind in dict.fromkeys(e.kind for e in rest)}
    uses = defaultdict[tuple[str, str], list[PhaseUse]](list)
    for epoch, use in _uses(rest):
        uses[epoch.kind, use.path].append(use)
    whole = {kind: sum(use.own for (of, _), own in uses.items() if of == kind for use in own) for kind in numbers}
    found = [
        Phase(
            kind,
            path,
            sum(use.calls for use in own) / numbers[kind],
            sum(use.own for use in own) / numbers[kind],
            sum(use.total for use in own) / numbers[kind],
            sum(use.own for use in own) / whole[kind],
            peaks[kind, path] or None,
        )
        for (kind, path), own in uses.items()
    ]
    order = list(numbers)
    return sorted(found, key=lambda phase: (order.index(phase.kind), -phase.share))


def steady(epochs: list[Epoch]) -> list[Epoch]:
    """Those that are not the first of their kind, if a kind has others."""
    others = {epoch.kind for epoch in epochs if not epoch.first}
    return [epoch for epoch in epochs if not epoch.first or epoch.kind not in others]


def _uses(epochs: list[Epoch]) -> Iterator[tuple[Epoch, PhaseUse]]:
    return ((epoch, use) for epoch in epochs for use in epoch.phases)

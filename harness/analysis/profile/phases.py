"""The time and memory of the phases of an arm's epochs, by kind, from the passes under probes."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from statistics import median

from harness.analysis.epochs.typical import all_traced, by_kind, later, typical_epochs
from harness.record import evidence
from harness.record.lines import Lines
from harness.record.schema import Epoch
from harness.worker.wire.evidence import PhaseUse


@dataclass(frozen=True, kw_only=True)
class Phase:
    """One phase of one kind of epoch, over its typical epochs (see `typical`).

    Its seconds are medians, which one slow epoch does not move: over the epochs that have the phase, times the share of
    epochs that do.
    """

    kind: str
    path: str
    """Empty for time outside any phase."""
    calls: float
    """The average number of calls."""
    own_seconds: float
    total_seconds: float
    share: float
    """The share of the epoch, by the phase's own time. All shares of a kind add up to 1."""
    peak_rss_bytes: int | None
    """The highest peak in any epoch of the kind except its first."""
    traced: bool = False
    """Whether every epoch of the kind traced or compiled, so that the seconds include this."""


def watched(record: Lines, arm: str, probe: str) -> list[Epoch]:
    """Return the epochs of an arm's pass under a probe."""
    return [epoch for piece in record.watched if (piece.arm, piece.probe) == (arm, probe) for epoch in piece.epochs]


def phases(record: Lines, arm: str) -> list[Phase]:
    """Return the phases in the order of the schedule's kinds, the costliest phase of each kind first."""
    peaks = defaultdict[tuple[str, str], int](int)
    for epoch, use in _iterate_uses(later(watched(record, arm, "memory"))):
        peaks[epoch.kind, use.path] = max(peaks[epoch.kind, use.path], use.peak_rss_bytes or 0)
    epochs = by_kind(typical_epochs(watched(record, arm, "phases")))
    return [phase for kind, own in epochs.items() for phase in _summarize_kind(kind, own, peaks)]


def _summarize_kind(kind: str, epochs: list[Epoch], peaks: Mapping[tuple[str, str], int]) -> list[Phase]:
    """Return the phases of one kind, the costliest first."""
    uses = defaultdict[str, list[PhaseUse]](list)
    for _, use in _iterate_uses(epochs):
        uses[use.path].append(use)

    def typically(seconds: Iterable[float]) -> float:
        values = list(seconds)
        return median(values) * len(values) / len(epochs)

    own = {path: typically(use.own for use in found) for path, found in uses.items()}
    whole = sum(own.values())
    found = [
        Phase(
            kind=kind,
            path=path,
            calls=sum(use.calls for use in uses[path]) / len(epochs),
            own_seconds=own[path],
            total_seconds=typically(use.total for use in uses[path]),
            share=own[path] / whole if whole else 0.0,
            peak_rss_bytes=peaks.get((kind, path)) or None,
            traced=all_traced(epochs),
        )
        for path in uses
    ]
    return sorted(found, key=lambda phase: -phase.share)


def _iterate_uses(epochs: list[Epoch]) -> Iterator[tuple[Epoch, PhaseUse]]:
    return ((epoch, use) for epoch in epochs for use in evidence.phases(epoch))

"""The lines that start processes in an arm's epochs, from the pass that observes phases."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from harness.analysis.epochs.typical import by_kind, later
from harness.analysis.profile.phases import watched
from harness.record import evidence
from harness.record.lines import Lines
from harness.record.schema import Epoch
from harness.worker.wire.evidence import PHASES, Start


@dataclass(frozen=True)
class Starting:
    """A line that starts processes, over the epochs of a kind without its first."""

    kind: str
    where: str
    text: str
    epochs: float
    """The share of epochs in which it did."""
    processes: float
    """The average number of processes in an epoch."""
    share: float
    """The median share of an epoch in which they were started and their end was waited for, over all epochs."""


def starting(record: Lines, arm: str) -> list[Starting]:
    """Return the lines that start processes; empty if none does, or that was not observed."""
    epochs = by_kind(later(watched(record, arm, PHASES)))
    return [one for kind, own in epochs.items() for one in _summarize_kind(kind, own)]


def _summarize_kind(kind: str, epochs: Sequence[Epoch]) -> list[Starting]:
    found = defaultdict[tuple[str, str], list[tuple[Start, float]]](list)
    for epoch in epochs:
        for start in evidence.starts(epoch):
            found[start.where, start.text].append((start, epoch.wall))
    return [
        Starting(
            kind,
            where,
            text,
            len(own) / len(epochs),
            sum(start.calls for start, _ in own) / len(epochs),
            median([start.seconds / wall for start, wall in own] + [0.0] * (len(epochs) - len(own))),
        )
        for (where, text), own in found.items()
    ]

"""Whether memory grows in the epochs of an arm, by kind, and which of its trainer's sizes grow with it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from harness.analysis.profile.growth import Growth, growth
from harness.analysis.profile.phases import watched
from harness.record import evidence
from harness.record.lines import Lines
from harness.record.schema import Epoch


def growths(record: Lines, arm: str) -> dict[str, Growth]:
    """Return the growth of each kind, from its last consecutive epochs in the pass that observed memory."""
    rows: dict[str, list[Epoch]] = {}
    epochs = watched(record, arm, "memory")
    for before, epoch in pairwise(epochs):
        if _read_resident_bytes(epoch) is None:
            continue
        row = rows.setdefault(epoch.kind, [])
        if (epoch.kind, epoch.index) != (before.kind, before.index + 1):
            row.clear()
        row.append(epoch)
    sizes = _collect_sizes(epochs)
    found = {}
    for kind, row in rows.items():
        fitted = growth([float(rss) for epoch in row if (rss := _read_resident_bytes(epoch))])
        if fitted:
            found[kind] = replace(fitted, sizes=_compute_size_growth(sizes, row))
    return found


def _read_resident_bytes(epoch: Epoch) -> int | None:
    """Return the resident memory after an epoch, in bytes."""
    used = evidence.memory(epoch)
    return used.rss if used else None


def _collect_sizes(epochs: Sequence[Epoch]) -> dict[int, Mapping[str, float]]:
    """Return the trainer's sizes at each epoch, by its index; an epoch holds only those that changed."""
    found: dict[int, Mapping[str, float]] = {}
    latest: dict[str, float] = {}
    for epoch in epochs:
        latest = latest | epoch.sizes
        found[epoch.index] = latest
    return found


def _compute_size_growth(sizes: Mapping[int, Mapping[str, float]], row: Sequence[Epoch]) -> dict[str, float]:
    """Return the growth per epoch, over these epochs, of each size that grew."""
    first, last = sizes[row[0].index], sizes[row[-1].index]
    by = {name: (last[name] - first[name]) / max(len(row) - 1, 1) for name in first.keys() & last.keys()}
    return {name: more for name, more in sorted(by.items()) if more > 0}

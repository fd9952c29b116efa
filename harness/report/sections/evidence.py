"""Evidence of probes that have no table of their own, such as a user's probe."""

from collections import defaultdict
from statistics import median

from harness.analysis.epochs.typical import by_kind
from harness.record.evidence import TYPES
from harness.record.lines import Lines
from harness.report import units
from harness.report.table import Table


def others(arm: str, record: Lines) -> Table | None:
    """One row per probe and kind of epoch: the median of its numbers, and the number of epochs with evidence.

    None if no such probe ran.
    """
    epochs = [epoch for piece in [*record.slices, *record.watched] if piece.arm == arm for epoch in piece.epochs]
    rows = []
    for kind, own in by_kind(epochs).items():
        seen = defaultdict[str, list[object]](list)
        for epoch in own:
            for name, value in epoch.evidence.items():
                if name not in TYPES:
                    seen[name].append(value)
        for name, values in seen.items():
            numbers = [float(value) for value in values if isinstance(value, int | float)]
            middle = units.number(median(numbers)) if numbers else units.NOTHING
            rows.append([name, kind, middle, units.count(len(values))])
    note = "Evidence of further probes: the median over the epochs for which they gave a number."
    return Table("Other evidence", ["probe", "kind", "median", "epochs"], rows, note, texts=2) if rows else None

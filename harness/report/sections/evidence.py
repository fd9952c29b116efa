"""What probes saw that have no table of their own: a user's, or one that was added."""

from collections import defaultdict
from statistics import median

from harness.analysis.epochs.typical import by_kind
from harness.record.evidence import TYPES
from harness.record.lines import Lines
from harness.report import units
from harness.report.table import Table


def others(arm: str, record: Lines) -> Table | None:
    """A row for each probe and kind of epoch: the median of what is a number, and in how many epochs anything was seen.
    None where there is no such probe."""
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
    note = "What further probes saw: the median over the epochs in which they saw a number."
    return Table("Other evidence", ["probe", "kind", "median", "epochs"], rows, note, texts=2) if rows else None

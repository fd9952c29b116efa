"""The report of an ablation: the share of each change between two variants."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from harness.record.lines import Lines
from harness.report.layouts.base import Layout
from harness.report.sections import ablation, notes, programs
from harness.report.sections.method import method
from harness.report.summary import Summary
from harness.report.table import Table

if TYPE_CHECKING:
    from harness.report.charts.figure import Figure


def tables(summary: Summary, record: Lines) -> Iterable[Table | None]:
    return ablation.tables(summary)


def sentences(summary: Summary) -> Iterator[str]:
    yield from programs.arithmetic(summary)
    yield from notes.about_machine(summary)
    yield from notes.failures(summary)
    yield from ablation.sentences(summary)
    yield from notes.memory(summary)
    yield from notes.early(summary)
    yield from notes.gpus(summary)
    yield from notes.unseen(summary)
    yield from notes.busy_while_waiting(summary)
    yield from notes.unsure(summary)
    yield from notes.load(summary)
    yield from notes.end(summary)


def figures(summary: Summary, record: Lines, directory: Path) -> "Iterator[Figure | None]":
    from harness.report.charts import chosen

    found = summary.ablation
    if found:
        yield chosen.shares_of(found)
        yield chosen.ratios_of(summary) if found.crossed else None
        yield chosen.epochs(record, [found.start, found.goal])  # a panel for each set of changes would be too many


LAYOUT = Layout(
    headline=ablation.headline,
    findings=ablation.findings,
    tables=tables,
    notes=sentences,
    method=lambda summary: method(summary) + ablation.method(summary),
    figures=figures,
)

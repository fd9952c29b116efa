"""The report of a self-check: whether the machine is fit for measuring."""

from collections.abc import Iterator

from harness.record.lines import Lines
from harness.report.layouts import comparison as usual
from harness.report.layouts.base import Layout
from harness.report.sections import accounting, comparison, fitness, notes
from harness.report.summary import Summary
from harness.report.table import Table


def headline(summary: Summary) -> str:
    return fitness.sentences(summary)[0] if summary.selfcheck else usual.LAYOUT.headline(summary)


def tables(summary: Summary, record: Lines) -> Iterator[Table | None]:
    yield comparison.times(summary)
    yield comparison.kinds(summary)
    yield accounting.table(summary)
    yield fitness.machine(summary)


def sentences(summary: Summary) -> Iterator[str]:
    yield from fitness.sentences(summary)
    yield from notes.about_machine(summary)
    yield from notes.failures(summary)
    yield from accounting.sentences(summary)
    yield from notes.memory(summary)
    yield from notes.busy_while_waiting(summary)
    yield from notes.unsure(summary)
    yield from notes.end(summary)


LAYOUT = Layout(
    headline=headline,
    tables=tables,
    notes=sentences,
    method=lambda summary: fitness.METHOD,
    figures=usual.figures,
)

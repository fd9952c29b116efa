"""The report of an explanation: where the difference between two arms comes from."""

from collections.abc import Iterator

from harness.record.lines import Lines
from harness.report.layouts import comparison as usual
from harness.report.layouts.base import Layout
from harness.report.sections import accounting, comparison, why_table
from harness.report.sections.arithmetic import arithmetic
from harness.report.sections.lines import lines
from harness.report.sections.source import sources
from harness.report.summary import Summary
from harness.report.table import Table

MOST_LINES = 30
"""Lines that the table shows."""


def tables(summary: Summary, record: Lines) -> Iterator[Table | None]:
    yield why_table.table(summary, MOST_LINES)
    yield lines(summary)
    yield arithmetic(summary)
    yield comparison.times(summary)
    yield comparison.kinds(summary)
    yield accounting.table(summary)
    yield comparison.counts(summary)
    yield comparison.costs(summary)
    yield comparison.losses(summary)


LAYOUT = Layout(
    headline=usual.LAYOUT.headline,
    findings=usual.LAYOUT.findings,
    tables=tables,
    sources=sources,
    notes=usual.LAYOUT.notes,
    method=usual.LAYOUT.method,
    figures=usual.LAYOUT.figures,
)

"""The report of a profile: one variant in detail."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from harness.record.lines import Lines
from harness.report.layouts.base import Layout
from harness.report.layouts.comparison import sentences
from harness.report.sections import accounting, comparison, evidence, profiled, seeds
from harness.report.sections.arithmetic import arithmetic
from harness.report.sections.lines import lines
from harness.report.sections.method import method
from harness.report.sections.source import sources
from harness.report.summary import Summary
from harness.report.table import Table

if TYPE_CHECKING:
    from harness.report.charts.figure import Figure


def findings(summary: Summary) -> Iterator[str]:
    yield from (one.text for arm in summary.arms for one in arm.findings)
    yield from seeds.sentences(summary)


def tables(summary: Summary, record: Lines) -> Iterator[Table | None]:
    yield from profiled.tables(summary.arms[0], record)
    yield accounting.table(summary)
    yield arithmetic(summary, in_depth=True)
    yield lines(summary)
    yield comparison.added(summary)
    yield evidence.others(summary.arms[0].name, record)


def figures(summary: Summary, record: Lines, directory: Path) -> "Iterator[Figure | None]":
    from harness.report.charts import chosen

    yield chosen.ratios_of(summary)
    yield chosen.epochs(record)
    yield from chosen.memory_of(summary, directory)


LAYOUT = Layout(
    headline=profiled.headline,
    findings=findings,
    tables=tables,
    sources=sources,
    notes=sentences,
    method=method,
    figures=figures,
)

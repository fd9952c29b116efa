"""The report of a gate."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from harness.record.lines import Lines
from harness.report.layouts.base import Layout
from harness.report.sections import accounting, gate, notes, programs, why
from harness.report.summary import Summary
from harness.report.table import Table

if TYPE_CHECKING:
    from harness.report.charts.figure import Figure


def headline(summary: Summary) -> str:
    return gate.sentence(summary.gate) if summary.gate else ""


def tables(summary: Summary, record: Lines) -> Iterable[Table | None]:
    return gate.tables(summary.gate) if summary.gate else ()


def sentences(summary: Summary) -> Iterator[str]:
    if summary.gate:
        yield from gate.sentences(summary.gate)
        yield from gate.about_kernels(summary.repeatable_counting)
    yield from programs.arithmetic(summary)
    yield from notes.about_machine(summary)
    yield from notes.failures(summary)
    yield from accounting.sentences(summary)
    yield from notes.memory(summary)
    yield from notes.imported_anew(summary)
    yield from notes.early(summary)
    yield from notes.gpus(summary)
    yield from notes.load(summary)
    yield from notes.end(summary)


def method(summary: Summary) -> str:
    return gate.METHOD_STORED if summary.gate and summary.gate.stored else gate.METHOD


def figures(summary: Summary, record: Lines, directory: Path) -> "Iterable[Figure | None]":
    from harness.report.charts import chosen

    return (chosen.epochs(record),)


LAYOUT = Layout(
    headline=headline, findings=why.arithmetic, tables=tables, notes=sentences, method=method, figures=figures
)

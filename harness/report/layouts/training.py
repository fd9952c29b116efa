"""The report of whole trainings: what each reached, and when."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from harness.record.lines import Lines
from harness.report.layouts.base import Layout
from harness.report.sections import convergence, notes, programs, seeds
from harness.report.summary import Summary
from harness.report.table import Table

if TYPE_CHECKING:
    from harness.report.charts.figure import Figure


def tables(summary: Summary, record: Lines) -> Iterable[Table | None]:
    return convergence.tables(summary)


def sentences(summary: Summary) -> Iterator[str]:
    yield from programs.arithmetic(summary)
    yield from notes.about_machine(summary)
    yield from programs.environments(summary)
    yield from programs.caches(summary)
    yield from convergence.sentences(summary)
    yield from notes.early(summary)
    yield from notes.gpus(summary)
    yield from notes.after_epochs(summary)
    yield from programs.marks(summary)


def figures(summary: Summary, record: Lines, directory: Path) -> "Iterator[Figure | None]":
    from harness.report.charts import chosen

    yield from chosen.errors_of(summary, record)
    yield chosen.epochs(record)


LAYOUT = Layout(
    headline=convergence.headline,
    findings=seeds.sentences,
    tables=tables,
    notes=sentences,
    method=lambda summary: convergence.METHOD,
    figures=figures,
)

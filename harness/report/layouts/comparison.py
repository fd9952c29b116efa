"""The report of a comparison: every arm relative to the baseline."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from harness.record.lines import Lines
from harness.report.layouts.base import Layout
from harness.report.sections import accounting, comparison, notes, programs, threads, unsound, why, why_table
from harness.report.sections.arithmetic import arithmetic
from harness.report.sections.headline import headline
from harness.report.sections.lines import lines
from harness.report.sections.method import method
from harness.report.sections.source import sources
from harness.report.summary import Summary
from harness.report.table import Table

if TYPE_CHECKING:
    from harness.report.charts.figure import Figure


def answer(summary: Summary) -> str:
    """The answer, between what puts it in doubt and what it is an answer to if no epoch was seen."""
    return " ".join(filter(None, [unsound.not_finite(summary), headline(summary), programs.unseen(summary)]))


def findings(summary: Summary) -> Iterator[str]:
    yield from unsound.sentences(summary)
    yield from threads.differing(summary)
    yield from why.sentences(summary)


def tables(summary: Summary, record: Lines) -> Iterator[Table | None]:
    yield comparison.times(summary)
    yield why_table.table(summary)
    yield comparison.kinds(summary)
    yield comparison.losses(summary)
    yield accounting.table(summary)
    yield comparison.counts(summary)
    yield comparison.costs(summary)
    yield comparison.added(summary)
    yield arithmetic(summary)
    yield lines(summary)


def sentences(summary: Summary) -> Iterator[str]:
    yield from programs.arithmetic(summary)
    yield from notes.about_machine(summary)
    yield from programs.environments(summary)
    yield from programs.caches(summary)
    yield from programs.compiled_before(summary)
    yield from notes.failures(summary)
    yield from notes.unreached(summary)
    yield from accounting.sentences(summary)
    yield from notes.memory(summary)
    yield from notes.imported_anew(summary)
    yield from why.unknown(summary)
    yield from notes.unseen(summary)
    yield from notes.early(summary)
    yield from notes.gpus(summary)
    yield from notes.busy_while_waiting(summary)
    yield from threads.others(summary)
    yield from notes.uncounted(summary)
    yield from notes.unsure(summary)
    yield from notes.load(summary)
    yield from notes.end(summary)
    yield from notes.after_epochs(summary)
    yield from programs.marks(summary)


def figures(summary: Summary, record: Lines, directory: Path) -> "Iterable[Figure | None]":
    from harness.report.charts import chosen  # Altair, only where something is drawn

    return chosen.ratios_of(summary), chosen.epochs(record)


LAYOUT = Layout(
    headline=answer, findings=findings, tables=tables, sources=sources, notes=sentences, method=method, figures=figures
)

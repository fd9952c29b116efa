"""Findings on a terminal."""

from rich.console import Console
from rich.markup import escape
from rich.table import Table as RichTable

from harness.record import Record
from harness.report import sentences, tables
from harness.report.headline import headline
from harness.report.summary import Summary
from harness.report.table import Table


def show(console: Console, summary: Summary, record: Record) -> None:
    """Print what `summary` and `record` say: a comparison, or one variant in depth."""
    verdict = headline(summary)
    console.print(escape(sentences.heading(summary)), style="bold")
    console.print()
    if verdict:
        console.print(escape(verdict), style="bold", highlight=False)
        console.print()
    for number, sentence in enumerate(sentences.findings(summary), start=1):
        console.print(f"{number}. {escape(sentence)}", highlight=False)
        console.print()
    for table in tables.chosen(summary, record):
        console.print(_rich(table))
        if table.note:
            console.print(escape(table.note), style="dim")
        console.print()
    for sentence in sentences.sentences(summary):
        if sentence != verdict:
            console.print(escape(sentence), style="yellow")
    console.print(escape(sentences.conditions(summary)), style="dim")


def _rich(table: Table) -> RichTable:
    rich = RichTable(title=escape(table.title), title_justify="left", header_style="bold")
    for number, column in enumerate(table.columns):
        rich.add_column(column, justify="left" if number < table.texts else "right", overflow="fold")
    for row in table.rows:
        rich.add_row(*(escape(cell) for cell in row))
    return rich

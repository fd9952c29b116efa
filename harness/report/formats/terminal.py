"""The report on a terminal."""

from collections.abc import Sequence
from dataclasses import replace

from rich.console import Console
from rich.markup import escape
from rich.table import Table as RichTable

from harness.report.layouts.contents import Contents
from harness.report.table import Table

_PADDING = "|  "
"""What a column takes besides its text."""
_FOLDED = 24
"""Longer words in a text column, such as paths, may be folded."""


def show(console: Console, contents: Contents) -> None:
    """Print a report."""
    console.print(escape(contents.heading), style="bold")
    console.print()
    if contents.headline:
        console.print(escape(contents.headline), style="bold", highlight=False)
        console.print()
    for number, sentence in enumerate(contents.findings, start=1):
        console.print(f"{number}. {escape(sentence)}", highlight=False)
        console.print()
    for table in contents.tables:
        show_table(console, table)
    for sentence in contents.notes:
        console.print(escape(sentence), style="yellow")
    console.print(escape(contents.conditions), style="dim")


def show_table(console: Console, table: Table) -> None:
    for part in _split(table, console.width):
        console.print(_convert_to_rich(part))
    if table.note:
        console.print(escape(table.note), style="dim")
    console.print()


def _split(table: Table, width: int) -> list[Table]:
    """The table, or if its words would be broken, several tables with the first column in each."""
    columns = zip(table.columns, *table.rows, strict=True)
    longest = [max(len(word) for text in column for word in text.split() or [""]) for column in columns]
    wanted = [min(most, _FOLDED) if number < table.texts else most for number, most in enumerate(longest)]
    first, *others = [most + len(_PADDING) for most in wanted]
    parts: list[list[int]] = [[]]
    for number, needed in enumerate(others, start=1):
        taken = first + sum(others[other - 1] for other in parts[-1])
        if parts[-1] and taken + needed + 1 > width:
            parts.append([])
        parts[-1].append(number)
    if len(parts) == 1:
        return [table]
    return [_select_columns(table, [0, *numbers]) for numbers in parts]


def _select_columns(table: Table, numbers: Sequence[int]) -> Table:
    rows = [[row[number] for number in numbers] for row in table.rows]
    texts = sum(number < table.texts for number in numbers)
    return replace(table, columns=[table.columns[number] for number in numbers], rows=rows, texts=texts)


def _convert_to_rich(table: Table) -> RichTable:
    rich = RichTable(title=escape(table.title), title_justify="left", header_style="bold")
    for number, column in enumerate(table.columns):
        rich.add_column(column, justify="left" if number < table.texts else "right", overflow="fold")
    for row in table.rows:
        rich.add_row(*(escape(cell) for cell in row))
    return rich

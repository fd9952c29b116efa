"""Findings as Markdown, for a pull request or a file beside the record."""

import html
import re
from collections.abc import Iterator, Sequence

from harness.report.formats.base import CHARTS
from harness.report.layouts.contents import Contents
from harness.report.table import Table


class Markdown:
    """The report; of a gate, what it says in short; and the pictures that the report shows."""

    def files(self, contents: Contents) -> Iterator[tuple[str, str]]:
        from harness.report.charts.images import svg  # Altair, only where something is drawn

        pictures = [(f"{CHARTS}/{one.name}.svg", one) for one in contents.figures]
        yield "report.md", render(contents, [(path, one.title) for path, one in pictures])
        if contents.summary.gate:
            yield "gate.md", brief(contents)
        for path, one in pictures:
            yield path, svg(one)


FORMAT = Markdown()


def render(contents: Contents, pictures: Sequence[tuple[str, str]] = ()) -> str:
    """The whole report; `pictures` are paths from its directory, each with what it shows."""
    parts = [f"# {_text(contents.heading)}"]
    parts += [f"**{_text(sentence)}**" for sentence in dict.fromkeys([contents.headline, *contents.notes]) if sentence]
    found = [f"{number}. {_text(one)}" for number, one in enumerate(contents.findings, start=1)]
    parts += ["\n".join(found)] if found else []
    for place, table in enumerate(contents.tables):
        parts += [f"## {_text(table.title)}", _table(table)]
        parts += [_text(table.note)] if table.note else []
        if place == 0:
            parts += [f"![{_text(title)}]({path})" for path, title in pictures]
    for end in contents.failures:
        parts += [f"## The last lines of {_text(end.arm)}", _verbatim(end.last_lines)]
    parts += ["## How it was measured", contents.method, _text(contents.conditions)]
    return "\n\n".join(parts) + "\n"


def brief(contents: Contents) -> str:
    """What a gate says, for a comment on a pull request: the answer, and its tables to be opened."""
    parts = [f"### {_text(contents.heading)}", f"**{_text(contents.headline)}**"]
    parts += ["\n".join(f"- {_text(one)}" for one in contents.notes)] if contents.notes else []
    for table in contents.tables:
        title = html.escape(table.title)  # within HTML, Markdown's own escapes are shown as they are
        parts += [f"<details><summary>{title}</summary>", _table(table), _text(table.note), "</details>"]
    return "\n\n".join([*parts, _text(contents.conditions)]) + "\n"


def _table(table: Table) -> str:
    rows = [
        table.columns,
        ["---"] * table.texts + ["---:"] * (len(table.columns) - table.texts),
        *([_text(c) for c in row] for row in table.rows),
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _text(text: str) -> str:
    """Text in which nothing is markup: names and error messages are the user's."""
    return re.sub(r"([\\`*_\[\]<>|#])", r"\\\1", " ".join(text.split()))


def _verbatim(lines: list[str]) -> str:
    return "\n".join("    " + line for line in lines)

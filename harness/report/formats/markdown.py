"""The report as Markdown, for a pull request or as a file next to the record."""

import html
import re
from collections.abc import Iterator, Sequence

from harness.report.formats.base import CHARTS
from harness.report.layouts.contents import Contents
from harness.report.table import Table


class Markdown:
    """The report, a short form of it for gates, and the report's pictures."""

    def files(self, contents: Contents) -> Iterator[tuple[str, str]]:
        pictures = [(f"{CHARTS}/{one.name}.svg", one) for one in contents.figures]
        yield "report.md", render(contents, [(path, one.title) for path, one in pictures])
        if contents.summary.gate:
            yield "gate.md", brief(contents)
        if pictures:
            from harness.report.charts.images import svg  # Altair, only where something is drawn

            yield from ((path, svg(one)) for path, one in pictures)


FORMAT = Markdown()


def render(contents: Contents, pictures: Sequence[tuple[str, str]] = ()) -> str:
    """The whole report. `pictures` are paths relative to its directory, each with a title."""
    parts = [f"# {_escape(contents.heading)}"]
    parts += [
        f"**{_escape(sentence)}**" for sentence in dict.fromkeys([contents.headline, *contents.notes]) if sentence
    ]
    found = [f"{number}. {_escape(one)}" for number, one in enumerate(contents.findings, start=1)]
    parts += ["\n".join(found)] if found else []
    for place, table in enumerate(contents.tables):
        parts += [f"## {_escape(table.title)}", _format_table(table)]
        parts += [_escape(table.note)] if table.note else []
        if place == 0:
            parts += [f"![{_escape(title)}]({path})" for path, title in pictures]
            parts += [_escape(contents.no_figures)] if contents.no_figures else []
    for end in contents.failures:
        parts += [f"## Last output of {_escape(end.arm)}", _indent(end.last_lines)]
    parts += ["## How it was measured", contents.method, _escape(contents.conditions)]
    return "\n\n".join(parts) + "\n"


def brief(contents: Contents) -> str:
    """The short form of a gate's report for a comment on a pull request: the answer, and collapsed tables."""
    parts = [f"### {_escape(contents.heading)}", f"**{_escape(contents.headline)}**"]
    parts += ["\n".join(f"- {_escape(one)}" for one in contents.notes)] if contents.notes else []
    for table in contents.tables:
        title = html.escape(table.title)  # within HTML, Markdown escapes are not interpreted
        parts += [f"<details><summary>{title}</summary>", _format_table(table), _escape(table.note), "</details>"]
    return "\n\n".join([*parts, _escape(contents.conditions)]) + "\n"


def _format_table(table: Table) -> str:
    rows = [
        table.columns,
        ["---"] * table.texts + ["---:"] * (len(table.columns) - table.texts),
        *([_escape(c) for c in row] for row in table.rows),
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _escape(text: str) -> str:
    """Escape markup, since names and error messages are the user's."""
    return re.sub(r"([\\`*_\[\]<>|#])", r"\\\1", " ".join(text.split()))


def _indent(lines: list[str]) -> str:
    return "\n".join("    " + line for line in lines)

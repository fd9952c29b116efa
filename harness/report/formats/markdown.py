"""Findings as Markdown, for a pull request or a file beside the record."""

import html
import re
from collections.abc import Sequence
from typing import Protocol

from harness.record.store import Record
from harness.report.sections import sentences, tables
from harness.report.sections.headline import headline
from harness.report.sections.method import method
from harness.report.summary import Summary
from harness.report.table import Table


class Picture(Protocol):
    """What a picture is of."""

    @property
    def title(self) -> str: ...


def render(summary: Summary, record: Record, pictures: Sequence[tuple[str, Picture]] = ()) -> str:
    """The whole report; `pictures` are paths from its directory, each with what it shows."""
    verdict = headline(summary)
    parts = [f"# {_text(sentences.heading(summary))}"]
    parts += [
        f"**{_text(sentence)}**" for sentence in dict.fromkeys([verdict, *sentences.sentences(summary)]) if sentence
    ]
    found = [f"{number}. {_text(one)}" for number, one in enumerate(sentences.findings(summary), start=1)]
    parts += ["\n".join(found)] if found else []
    for place, table in enumerate(tables.chosen(summary, record)):
        parts += [f"## {_text(table.title)}", _table(table)]
        parts += [_text(table.note)] if table.note else []
        if place == 0:
            parts += [f"![{_text(shown.title)}]({path})" for path, shown in pictures]
    for end in record.ends:
        if end.status == "failed" and end.last_lines:
            parts += [f"## The last lines of {_text(end.arm)}", _verbatim(end.last_lines)]
    parts += ["## How it was measured", method(summary), _text(sentences.conditions(summary))]
    return "\n\n".join(parts) + "\n"


def brief(summary: Summary, record: Record) -> str:
    """What a gate says, for a comment on a pull request: the answer, and its tables to be opened."""
    assert summary.gate is not None, "only a gate has an answer"
    answer, *others = sentences.sentences(summary)
    parts = [f"### {_text(sentences.heading(summary))}", f"**{_text(answer)}**"]
    parts += ["\n".join(f"- {_text(one)}" for one in others)] if others else []
    for table in tables.chosen(summary, record):
        title = html.escape(table.title)  # within HTML, Markdown's own escapes are shown as they are
        parts += [f"<details><summary>{title}</summary>", _table(table), _text(table.note), "</details>"]
    return "\n\n".join([*parts, _text(sentences.conditions(summary))]) + "\n"


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

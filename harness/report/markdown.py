"""Findings as Markdown, for a pull request or a file beside the record."""

import re

from harness.record import Record
from harness.report import convergence, fitness, gate, sentences, tables
from harness.report.summary import Summary
from harness.report.table import Table


def render(summary: Summary, record: Record) -> str:
    """The whole report."""
    parts = [f"# {_text(sentences.heading(summary))}"]
    parts += [f"**{_text(sentence)}**" for sentence in sentences.sentences(summary)]
    found = [f"{number}. {_text(one)}" for number, one in enumerate(sentences.findings(summary), start=1)]
    parts += ["\n".join(found)] if found else []
    for table in tables.chosen(summary, record):
        parts += [f"## {_text(table.title)}", _table(table)]
        parts += [_text(table.note)] if table.note else []
    for end in record.ends:
        if end.status == "failed" and end.last_lines:
            parts += [f"## The last lines of {_text(end.arm)}", _verbatim(end.last_lines)]
    parts += ["## How it was measured", _method(summary), _text(sentences.conditions(summary))]
    return "\n\n".join(parts) + "\n"


def brief(summary: Summary, record: Record) -> str:
    """What a gate says, for a comment on a pull request: the answer, and its tables to be opened."""
    assert summary.gate is not None, "only a gate has an answer"
    answer, *others = sentences.sentences(summary)
    parts = [f"### {_text(sentences.heading(summary))}", f"**{_text(answer)}**"]
    parts += ["\n".join(f"- {_text(one)}" for one in others)] if others else []
    for table in tables.chosen(summary, record):
        parts += [f"<details><summary>{_text(table.title)}</summary>", _table(table), _text(table.note), "</details>"]
    return "\n\n".join([*parts, _text(sentences.conditions(summary))]) + "\n"


def _method(summary: Summary) -> str:
    if summary.command == "converge":
        return convergence.METHOD
    if summary.command == "selfcheck":
        return fitness.METHOD
    if summary.gate:
        return gate.METHOD_STORED if summary.gate.stored else gate.METHOD
    if len(summary.arms) == 1:
        return "One new process a block. The first epoch of each kind traces and compiles, and is told apart."
    return (
        "In each block every arm is a new process. The arms take turns in random order, a few epochs each, and only"
        " one computes at a time, so that they share whatever else the machine does. Epochs of different kinds are"
        " never averaged together, and the first of each kind is counted apart. The lower quartile of its epochs"
        " stands for a turn, and a block's estimate is the 20 % trimmed mean of its rounds' log-ratios; the ratio of"
        " sums takes its place where the two disagree over all blocks. The interval is Student's t over blocks. All"
        " arms start from the same seed, so losses are compared bit by bit for as long as two arms run the same epochs"
        " in the same order; arms that can are asked, before any training, for the terms of their loss on one batch."
    )


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

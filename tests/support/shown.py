"""What reports show of a record."""

import io
from pathlib import Path

from rich.console import Console

from harness.commands.registry import command_of
from harness.report.formats import markdown, terminal
from harness.report.layouts.contents import Contents
from harness.report.summarize import summarize


def contents(run, place="."):
    """The whole report as the record's command shows it; `place` is the record's directory in the text."""
    layout = command_of(run.plan.command).layout()
    return Contents(summary=summarize(run), record=run, directory=Path(place), layout=layout)


def on_terminal(run, width=80):
    console = Console(file=io.StringIO(), width=width)
    terminal.show(console, contents(run))
    return console.file.getvalue()


def as_markdown(run):
    return markdown.render(contents(run))

"""The base class of commands: how one plans a request, runs, stops, and reports."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from harness.engine.blocks import RunBlock
    from harness.plan.plan import Plan
    from harness.plan.request import Request
    from harness.record.schema import Look, Stored
    from harness.record.store import Record
    from harness.report.layouts.base import Layout
    from harness.report.summary import Summary

COMMON = ("case", "scale", "epochs", "blocks", "budget", "tolerance", "seed", "threads", "timeout")
"""Options that most commands have."""
OUTPUT = ("out", "json", "verbose")
"""Options that say where results and logs go. They are not part of a request."""


@dataclass(frozen=True)
class Planned:
    """What a command is going to run."""

    plan: Plan
    stored: tuple[Stored, ...] = ()
    """Results of earlier runs that a gate compares this run with."""


class Command:
    """A command that measures. The first line of a subclass's docstring is its help text."""

    name: ClassVar[str]
    """The word on the command line."""
    options: ClassVar[tuple[str | tuple[str, str], ...]]
    """Its options, in the order of `--help`: names of fields of `Request` or of `cli.dispatch.Output`. The option is
    the entry of that name in `cli.options`; a pair gives the field and the name of another entry."""

    @property
    def help(self) -> str:
        """One line for `--help`."""
        return (type(self).__doc__ or "").strip().partition("\n")[0]

    def plan(self, request: Request) -> Planned:
        """Make the plan of a request. Raises BadInput, in one sentence, if the request is invalid."""
        raise NotImplementedError

    def run_block(self, plan: Plan) -> RunBlock | None:
        """The function that runs a block; None for the default, which follows from the plan's features."""
        return None

    def look(self, record: Record, elapsed: float) -> Look | None:
        """Decide whether to run another block. Called after each block, `elapsed` seconds after the command began.

        None means that all planned blocks run.
        """
        return None

    def layout(self) -> Layout:
        """The sections that its report shows."""
        from harness.report.layouts.comparison import LAYOUT

        return LAYOUT

    def conclude(self, summary: Summary, directory: Path) -> None:
        """Raise a HarnessError if the result calls for its exit code. Failures of arms are handled elsewhere."""

"""What a command is: how its plan follows from a request, how it runs, when it stops, and what its report shows."""

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
"""What most commands can be asked for."""
OUTPUT = ("out", "json")
"""Where what a run came to is put: no part of a request."""


@dataclass(frozen=True)
class Planned:
    plan: Plan
    before: tuple[Stored, ...] = ()
    """What earlier runs measured, by which this one is judged."""


class Command:
    """A command that measures. Its docstring's first line is its help; a subclass says what is its own."""

    name: ClassVar[str]
    options: ClassVar[tuple[str | tuple[str, str], ...]]
    """What it can be asked for, in order: fields of `Request`, and where its output goes, by their names in
    `cli.options`; a pair is a field and the name of an option of its own."""

    @property
    def help(self) -> str:
        return (type(self).__doc__ or "").strip().partition("\n")[0]

    def plan(self, request: Request) -> Planned:
        """Raises BadInput, in one sentence, for what cannot be."""
        raise NotImplementedError

    def run_block(self, plan: Plan) -> RunBlock | None:
        """How a block runs; None is as the plan's features say."""
        return None

    def look(self, record: Record, elapsed: float) -> Look | None:
        """After each block, `elapsed` seconds after the command began: whether there is to be another; None is as many
        as were planned."""
        return None

    def layout(self) -> Layout:
        """What its report shows."""
        from harness.report.layouts.comparison import LAYOUT

        return LAYOUT

    def conclude(self, summary: Summary, directory: Path) -> None:
        """What its exit code says, beside failures of arms. Raises HarnessError."""

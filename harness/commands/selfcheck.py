"""`harness selfcheck`: a comparison whose answers are known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from harness.commands.base import OUTPUT, Command, Planned
from harness.errors import Unsure

if TYPE_CHECKING:
    from harness.plan.request import Request
    from harness.record.schema import Look
    from harness.record.store import Record
    from harness.report.layouts.base import Layout
    from harness.report.summary import Summary

BUDGET = "3min"
"""Default budget."""


class SelfCheck(Command):
    """Check whether this machine is fit to measure on, how small a difference it can show, and what would help."""

    name = "selfcheck"
    options = (
        *(("names", "checked"), "case", ("scale", "small_scale"), "epochs", "blocks", ("budget", "check_budget")),
        *("tolerance", "seed", "threads", "timeout", "fresh", *OUTPUT),
    )

    def plan(self, request: Request) -> Planned:
        from harness.plan import controls

        return Planned(controls.selfcheck(replace(request, budget=request.budget or BUDGET)))

    def look(self, record: Record, elapsed: float) -> Look | None:
        from harness.analysis.comparison.stopping import look

        return look(record, elapsed, every_arm=True)

    def layout(self) -> Layout:
        from harness.report.layouts.selfcheck import LAYOUT

        return LAYOUT

    def conclude(self, summary: Summary, directory: Path) -> None:
        from harness.report.sections.fitness import sentences

        if summary.selfcheck and not summary.selfcheck.fit:
            raise Unsure(sentences(summary)[0])

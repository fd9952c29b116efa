"""`harness ablate`: attributes the difference between two variants to single changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.commands.base import COMMON, OUTPUT, Command, Planned

if TYPE_CHECKING:
    from harness.plan.request import Request
    from harness.record.schema import Look
    from harness.record.store import Record
    from harness.report.layouts.base import Layout


class Ablate(Command):
    """Measure what each of the changes between two variants contributes."""

    name = "ablate"
    options = ("start", "goal", *COMMON, "allow_nonfinite", "device", "fresh", "resume", "claims", *OUTPUT)

    def plan(self, request: Request) -> Planned:
        from harness.plan import ablation

        return Planned(ablation.ablate(request))

    def look(self, record: Record, elapsed: float) -> Look | None:
        from harness.analysis.comparison.stopping import look

        return look(record, elapsed)

    def layout(self) -> Layout:
        from harness.report.layouts.ablation import LAYOUT

        return LAYOUT

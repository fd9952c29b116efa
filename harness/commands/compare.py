"""`harness compare`: runs variants side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from harness.commands.base import COMMON, OUTPUT, Command, Planned

if TYPE_CHECKING:
    from harness.plan.request import Request
    from harness.record.schema import Look
    from harness.record.store import Record


class Compare(Command):
    """Run variants side by side: ratios with intervals, and a report."""

    name = "compare"
    always_counts: ClassVar[bool] = False
    """Whether operations are counted however short the budget is."""
    options = (
        "names",
        "baseline",
        *COMMON,
        "allow_nonfinite",
        "keep_caches",
        "device",
        "settings",
        "epoch_at",
        "input",
        "whole",
        "labels",
        "fresh",
        "resume",
        "claims",
        *OUTPUT,
    )

    def plan(self, request: Request) -> Planned:
        from msgspec.structs import replace

        from harness.plan import planning
        from harness.plan.plan import AMPLE, COUNTED_FROM
        from harness.plan.planning import Traits

        traits = Traits(
            command=self.name,
            adds_baseline=True,
            counts_operations=True,
            counted_from=0.0 if self.always_counts else COUNTED_FROM,
            states_objectives=True,
        )
        plan = planning.draft(request, traits)
        first_look = not request.names and request.blocks is None and request.budget is None
        return Planned(replace(plan, patience=AMPLE) if first_look else plan)

    def look(self, record: Record, elapsed: float) -> Look | None:
        from harness.analysis.comparison.stopping import look

        return look(record, elapsed)

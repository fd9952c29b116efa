"""`harness converge`: runs whole trainings."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from harness.commands.base import OUTPUT, Command, Planned

if TYPE_CHECKING:
    from harness.plan.request import Request
    from harness.report.layouts.base import Layout

SEEDS = 3
"""Default number of whole trainings of each arm."""
EVALUATIONS = 40
"""Default number of evaluations of each training."""


class Converge(Command):
    """Run whole trainings: quality at equal epochs and at equal time, and the time to a target."""

    name = "converge"
    options = (
        *("names", "case", "scale", ("epochs", "length"), ("blocks", "seeds"), "evaluations", "target"),
        *(
            ("seed", "first_seed"),
            "threads",
            "timeout",
            "allow_nonfinite",
            "keep_caches",
            "device",
            "settings",
            "epoch_at",
            "input",
            "labels",
            "fresh",
            "resume",
            "claims",
            *OUTPUT,
        ),
    )

    def plan(self, request: Request) -> Planned:
        from harness.plan import planning
        from harness.plan.planning import Traits

        evaluations = EVALUATIONS if request.evaluations is None else request.evaluations
        traits = Traits(command=self.name, most_blocks=SEEDS, fewest_blocks=None, blocks_option="seeds")
        return Planned(planning.draft(replace(request, evaluations=evaluations), traits))

    def layout(self) -> Layout:
        from harness.report.layouts.training import LAYOUT

        return LAYOUT

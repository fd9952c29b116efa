"""One variant in depth."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from harness.commands.base import OUTPUT, Command, Planned

if TYPE_CHECKING:
    from harness.plan.request import Request
    from harness.report.layouts.base import Layout


class Profile(Command):
    """One variant in depth: where time and memory go, what was traced and compiled and why, what would pay."""

    name = "profile"
    options = (
        *(("names", "profiled"), "case", "scale", "epochs", "seed", "threads", "timeout", "allow_nonfinite"),
        *(("exact_memory", "memory"), "watch", "trace", *OUTPUT),
    )

    def plan(self, request: Request) -> Planned:
        from harness.plan import planning
        from harness.plan.plan import PROBES
        from harness.plan.planning import Traits

        traits = Traits(
            command=self.name,
            default_names=False,
            fewest_blocks=None,
            counts_operations=True,
            notes_phases=True,
            probes=PROBES if request.watch is None else request.watch,
        )
        # One arm: there is nothing to be won by forking, or by a second block.
        return Planned(planning.draft(replace(request, blocks=1, fresh=True), traits))

    def layout(self) -> Layout:
        from harness.report.layouts.profile import LAYOUT

        return LAYOUT

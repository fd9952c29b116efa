"""`harness profile`: measures one variant in depth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from harness.commands.base import OUTPUT, Command, Planned

if TYPE_CHECKING:
    from harness.plan.request import Request
    from harness.report.layouts.base import Layout


class Profile(Command):
    """Profile one variant: where time and memory go, what is traced and compiled and why, what to improve."""

    name = "profile"
    options = (
        *(
            ("names", "profiled"),
            "case",
            "scale",
            "epochs",
            "seed",
            "threads",
            "timeout",
            "allow_nonfinite",
            "keep_caches",
            "device",
            "settings",
            "epoch_at",
            "input",
        ),
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
            probes=PROBES if request.watch is None else _check_passes(request.watch),
            tries_another_seed=request.watch is None,  # who names passes wants these only
        )
        # With one arm there is nothing to gain from forking, or from a second block.
        return Planned(planning.draft(replace(request, blocks=1, fresh=True), traits))

    def layout(self) -> Layout:
        from harness.report.layouts.profile import LAYOUT

        return LAYOUT


def _check_passes(names: Sequence[str]) -> tuple[str, ...]:
    """The passes, each once. Raises BadInput for one that does not exist."""
    from harness.catalog import registry
    from harness.errors import BadInput
    from harness.suggest import nearest
    from harness.worker.passes import PASSES

    observing = [name for name, one in PASSES.items() if not one.counts]
    for name in names:
        if ":" in name:
            registry.find(name)
        elif name not in observing:
            raise BadInput(f"There is no pass {name!r}: {nearest(name, observing)}")
    return tuple(dict.fromkeys(names))

"""`harness explain`: says where the difference between two variants comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.commands.compare import Compare
from harness.errors import BadInput

if TYPE_CHECKING:
    from harness.commands.base import Planned
    from harness.plan.request import Request
    from harness.report.layouts.base import Layout


class Explain(Compare):
    """Say why one variant is faster than another: by line, and by what is counted."""

    name = "explain"
    always_counts = True

    def plan(self, request: Request) -> Planned:
        planned = super().plan(request)
        if len(planned.plan.arms) != 2:
            raise BadInput(
                f"`harness explain` takes two variants, the earlier one first, and these are {len(planned.plan.arms)}:"
                " `harness explain A B`"
            )
        return planned

    def layout(self) -> Layout:
        from harness.report.layouts.explanation import LAYOUT

        return LAYOUT

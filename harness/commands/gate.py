"""`harness gate`: pass or fail, for CI."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from harness.commands.base import OUTPUT, Command, Planned
from harness.errors import Regressed, Unsure

if TYPE_CHECKING:
    from harness.plan.request import Request
    from harness.record.schema import Look
    from harness.record.store import Record
    from harness.report.layouts.base import Layout
    from harness.report.summary import Summary


class Gate(Command):
    """Pass or fail, for CI: is a variant as good as in another git revision, or as in stored runs?"""

    name = "gate"
    options = (
        *("names", "variant", "base", "stored", "head", "case", ("scale", "small_scale"), "epochs"),
        *(("blocks", "gate_blocks"), "budget", "tolerances", "unsure", "allow", "seed", ("threads", "gate_threads")),
        *(
            ("timeout", "gate_timeout"),
            ("fresh", "gate_fresh"),
            "keep_caches",
            "device",
            "settings",
            "epoch_at",
            "resume",
            *OUTPUT,
        ),
    )

    def plan(self, request: Request) -> Planned:
        from harness.commands import gate_plan, gate_settings

        options = gate_settings.read(Path.cwd()).with_options(request.tolerances, request.unsure, request.allow)
        plan, stored = gate_plan.plan(request, options)
        return Planned(plan, tuple(stored))

    def look(self, record: Record, elapsed: float) -> Look | None:
        from harness.analysis.gate.look import look

        return look(record, elapsed)

    def layout(self) -> Layout:
        from harness.report.layouts.gate import LAYOUT

        return LAYOUT

    def conclude(self, summary: Summary, directory: Path) -> None:
        from harness.analysis.gate.check import GateAnswer
        from harness.report.sections.gate import sentence

        if summary.gate is None:
            return
        if summary.gate.answer == GateAnswer.REGRESSED:
            raise Regressed(sentence(summary.gate))
        if summary.gate.answer == GateAnswer.UNSURE and summary.gate.unsure == "fail":
            raise Unsure(sentence(summary.gate))

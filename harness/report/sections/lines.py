"""The lines of the user's own code that do most of an epoch's arithmetic."""

from harness.record.lines import Lines
from harness.record.schema import Work
from harness.report import units
from harness.report.summary import Summary
from harness.report.table import Table

MOST = 5
LEAST = 0.01
"""Share of an epoch's arithmetic from which on a line is shown."""
UNKNOWN = "(not attributed)"
LONGEST = 60
"""Maximum number of characters that are shown of a line."""


def lines(summary: Summary, record: Lines) -> Table | None:
    """The lines of each arm's commonest kind of epoch; None if no framework told them."""
    works = {work.arm: work for work in record.works}
    rows = [row for arm in summary.arms if arm.name in works for row in _make_rows(works[arm.name], arm.commonest)]
    if not rows:
        return None
    note = (
        "Floating-point operations of matrix products by the innermost line of the program's own files, not of"
        " libraries; gradients count to the line that they are the gradient of."
    )
    return Table("Arithmetic by line", ["arm", "line", "source", "share", "operations"], rows, note, texts=3)


def _make_rows(work: Work, commonest: str | None) -> list[list[str]]:
    kind = commonest if commonest in work.lines else next(iter(work.lines), None)
    uses = work.lines.get(kind, []) if kind is not None else []
    whole = sum(use.flops for use in uses)
    if not any(use.where for use in uses):
        return []
    shown = [use for use in uses if use.flops >= LEAST * whole][:MOST]
    return [
        [work.arm, use.where or UNKNOWN, _shorten(use.text), units.percent(use.flops / whole), units.flops(use.flops)]
        for use in shown
    ]


def _shorten(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."

"""The lines of the user's own code that do most of an epoch's arithmetic."""

from collections import Counter
from collections.abc import Callable, Sequence

from harness.report import units
from harness.report.summary import ArmSummary, Summary
from harness.report.table import Table
from harness.worker.wire.evidence import Caller, LineUse

MOST = 5
LEAST = 0.01
"""Share of an epoch's arithmetic from which on a line is shown."""
LEAST_OF_WAY = 0.05
"""Share of an epoch's arithmetic from which on a way to a line is shown."""
UNKNOWN = "(not attributed)"
LONGEST = 40
"""Maximum number of characters that are shown of a line."""


def lines(summary: Summary) -> Table | None:
    """The lines of each arm's commonest kind of epoch; None if no framework told them."""
    rows = [row for arm in summary.arms for row in _make_rows(arm)]
    if not rows:
        return None
    note = (
        "Floating-point operations of matrix products by the innermost line of the program's own files, not of"
        " libraries; gradients count to the line that they are the gradient of. From: the lines in which the ways to a"
        " line differ, if there are several."
    )
    return Table("Arithmetic by line", ["arm", "line", "source", "share", "operations"], rows, note, texts=3)


def _make_rows(arm: ArmSummary) -> list[list[str]]:
    kind = arm.commonest if arm.commonest in arm.lines else next(iter(arm.lines), None)
    uses = arm.lines.get(kind, []) if kind is not None else []
    whole = sum(use.flops for use in uses)
    if not any(use.where for use in uses):
        return []
    name = _make_namer(uses)
    rows = []
    for use in [use for use in uses if use.flops >= LEAST * whole][:MOST]:
        rows.append(_make_row(arm.name, name(use.where), use, whole))
        callers = [caller for caller in use.callers if caller.flops >= LEAST_OF_WAY * whole][:MOST]
        rows += [_make_row(arm.name, f"  from {name(caller.where)}", caller, whole) for caller in callers]
    return rows


def _make_namer(uses: Sequence[LineUse]) -> Callable[[str], str]:
    """Return a function that shortens the places of lines to the names of their files, unless two files share one."""
    wheres = [use.where for use in uses] + [caller.where for use in uses for caller in use.callers]
    paths = {where.rpartition(":")[0] for where in wheres}
    names = Counter(path.rpartition("/")[2] for path in paths)

    def name(where: str) -> str:
        short = where.rpartition("/")[2]
        return (short if names[short.rpartition(":")[0]] == 1 else where) or UNKNOWN

    return name


def _make_row(name: str, where: str, use: LineUse | Caller, whole: float) -> list[str]:
    return [name, where, _shorten(use.text), units.percent(use.flops / whole), units.flops(use.flops)]


def _shorten(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."

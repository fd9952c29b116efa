"""The lines of the user's own code that take most of an epoch's time, and do most of its arithmetic."""

from harness.analysis.profile.bounds import Bound
from harness.report import units
from harness.report.sections.places import make_namer
from harness.report.summary import ArmSummary, Summary
from harness.report.table import Cell, Table
from harness.report.wording.words import shorten
from harness.worker.wire.evidence import Between, Caller, LineUse

MOST = 5
LEAST = 0.01
"""Share of an epoch from which on a line is shown."""
LEAST_OF_WAY = 0.05
"""Share of an epoch from which on a way to a line is shown."""
BETWEEN = "(between operations)"
_COLUMNS = ["arm", "line", "source", "time", "arithmetic", "moved", "limited by"]


def lines(summary: Summary) -> Table | None:
    """The lines of each arm's commonest kind of epoch; None if no framework told them."""
    rows = [row for arm in summary.arms for row in _make_rows(arm)]
    if not rows:
        return None
    note = (
        "By the innermost line of the program's own files, not of libraries; gradients count to the line that they are"
        " the gradient of. From: the lines in which the ways to a line differ, or the one that leads to it. Time: the"
        " share of an epoch under the framework's profiler. Arithmetic: the share of the floating-point operations of"
        " matrix products."
    )
    if any(arm.incomplete_flops for arm in summary.arms):
        note += " Where not everything was counted (see Arithmetic), they are shares of what was."
    dropped = set() if len(summary.arms) > 1 else {"arm"}
    if any(row[_COLUMNS.index("moved")] != units.NOTHING for row in rows):
        note += " Moved: what its operations read and write."
    else:
        dropped.add("moved")
    if any(arm.bounds for arm in summary.arms):
        note += (
            " Limited by: arithmetic or memory, if these at the rates of large products and sums explain half of the"
            " time; host, if an average operation takes less than 20 µs; or neither, as with elementwise functions."
        )
    else:
        dropped.add("limited by")
    untimed = [f"{arm.name}: {arm.untimed}" for arm in summary.arms if arm.untimed and arm.lines]
    if untimed:
        note += f" Not timed: {'; '.join(untimed)}."
    kept = [place for place, column in enumerate(_COLUMNS) if column not in dropped]
    columns = [_COLUMNS[place] for place in kept]
    rows = [[row[place] for place in kept] for row in rows]
    return Table("Time and arithmetic by line", columns, rows, note, columns.index("time"), ("time", "arithmetic"))


def _make_rows(arm: ArmSummary) -> list[list[str]]:
    kind = arm.commonest if arm.commonest in arm.lines else next(iter(arm.lines), None)
    uses = arm.lines.get(kind, []) if kind is not None else []
    if kind is None or not any(use.where for use in uses):
        return []
    shares = Shares(arm, kind)
    outside = arm.between.get(kind, [])
    places = [use.where for use in uses] + [caller.where for use in uses for caller in use.callers]
    name = make_namer(places + [one.where for one in outside])
    rows = []
    for use in [use for use in uses if shares.most(use) >= LEAST][:MOST]:
        bound = arm.bounds.get(kind, {}).get(use.where)
        rows.append(_make_row(arm.name, name(use.where), use, shares, bound))
        callers = [caller for caller in use.callers if shares.most(caller) >= LEAST_OF_WAY][:MOST]
        rows += [_make_row(arm.name, f"  from {name(caller.where)}", caller, shares) for caller in callers]
    if shares.between is not None:
        rows.append([arm.name, BETWEEN, "", units.percent(shares.between), *[units.NOTHING] * 2, Cell(Bound.HOST)])
        for one in [one for one in outside if (shares.time(one) or 0.0) >= LEAST][:MOST]:
            share = units.percent(shares.time(one))
            rows.append([arm.name, f"  in {name(one.where)}", shorten(one.text), share, *[units.NOTHING] * 3])
    return rows


class Shares:
    """The shares of lines in an epoch."""

    def __init__(self, arm: ArmSummary, kind: str) -> None:
        self._flops = sum(use.flops for use in arm.lines[kind])
        timed, median = arm.timed.get(kind), arm.epoch_times.get(kind)
        self._seconds: float | None = None
        """What the times of lines are shares of."""
        if timed:
            self._seconds = max(timed.wall or median or 0.0, timed.busy)
        self.between = 1 - timed.busy / self._seconds if timed and self._seconds else None

    def time(self, use: LineUse | Caller | Between) -> float | None:
        return use.seconds / self._seconds if self._seconds and use.seconds is not None else None

    def arithmetic(self, use: LineUse | Caller) -> float | None:
        return use.flops / self._flops if self._flops else None

    def most(self, use: LineUse | Caller) -> float:
        return max(self.time(use) or 0.0, self.arithmetic(use) or 0.0)


def _make_row(name: str, where: str, use: LineUse | Caller, shares: Shares, bound: Bound | None = None) -> list[str]:
    moved = use.moved_bytes if isinstance(use, LineUse) else None
    time, arithmetic = units.percent(shares.time(use)), units.percent(shares.arithmetic(use))
    return [name, where, shorten(use.text), time, arithmetic, units.size(moved), bound or units.NOTHING]

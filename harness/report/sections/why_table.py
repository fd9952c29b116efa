"""Where the difference between an arm and the baseline comes from, by line of the program's own code, as a table."""

from collections.abc import Iterator, Sequence

from harness.analysis.comparison.why import Change, Of, Why
from harness.report import units
from harness.report.sections.places import make_namer
from harness.report.sections.why import find_explained, name_tracing
from harness.report.summary import ArmSummary, Summary
from harness.report.table import Cell, Table
from harness.report.wording.words import shorten

MOST_LINES = 6
"""Lines of an arm that the table shows."""
LEAST = 0.001
"""The share of a difference from which on what is not listed has a row."""


def table(summary: Summary, most: int = MOST_LINES) -> Table | None:
    """The lines of each arm that make its difference, what is between operations, and the rest, which add up to it."""
    arms = find_explained(summary)
    if not arms:
        return None
    rows = [row for arm in arms if arm.why for row in _make_rows(arm.name, arm.why, most)]
    columns = ["arm", "line", "source", "share", "baseline", "arm"]
    if len(arms) == 1:
        columns, rows = [*columns[1:-1], arms[0].name], [row[1:] for row in rows]
    note = _make_note(summary, arms)
    return Table("Where the difference comes from", columns, rows, note, len(columns) - 3, ("share",))


def _make_note(summary: Summary, arms: Sequence[ArmSummary]) -> str:
    who = arms[0].name if len(arms) == 1 else "the arm"
    note = (
        f"Shares of the difference between an epoch of each arm and one of {summary.baseline}, by the innermost line of"
        " the program's own files; they add up to 100 %. The times of a median epoch are shared out as those of epochs"
        f" whose operations were observed. Lines are matched by their content; their numbers are those in {who}, or in"
        f" {summary.baseline} where only that has them."
    )
    if any(own.more.charge.unheld for arm in arms if arm.why for own in arm.why.tracings):
        note += " The cost of tracing is a lower bound: first runs of new graphs add to it."
    untimed = [f"{arm.name}: {arm.untimed}" for arm in summary.arms if arm.untimed]
    if untimed:
        of = (
            "Of arithmetic, or of tracing alone,"
            if any(arm.why and arm.why.untimed for arm in arms)
            else "Of arithmetic"
        )
        note += f" {of} where the time of lines is not known ({'; '.join(untimed)})."
    return note


def _make_rows(arm: str, why: Why, most: int) -> Iterator[list[str]]:
    places = [place for change in why.changes for place in (change.where, change.via)]
    name = make_namer([*places, *(own.more.where for own in why.tracings)])
    for own in why.tracings:
        what = f"({name_tracing(own)} {own.more.function})"
        costs = [_show_seconds(one) for one in (own.baseline_seconds, own.seconds)]
        yield [arm, name(own.more.where), what, units.percent(own.share), *costs]
    shown, others = why.changes[:most], why.changes[most:]
    for change in shown:
        pair = _get_pair(change, why)
        yield [arm, name(change.where), shorten(change.text), units.percent(change.share), *pair]
        if change.via:
            yield [arm, f"  from {name(change.via)}", shorten(change.via_text), units.NOTHING, *[units.NOTHING] * 2]
    rest = why.rest + sum(change.share for change in others)
    if abs(rest) >= LEAST:
        what = "(all else)" if why.untimed else "(other lines)"
        yield [arm, what, "", units.percent(rest), *[units.NOTHING] * 2]
    if why.between_seconds or why.baseline_between_seconds:
        pair = [_show_seconds(one) for one in (why.baseline_between_seconds, why.between_seconds)]
        yield [arm, "(between operations)", "", units.percent(why.between), *pair]


def _show_seconds(value: float | None) -> Cell:
    return units.seconds(value) if value else units.NOTHING


def _get_pair(change: Change, why: Why) -> Sequence[Cell]:
    if why.of is Of.TIME:
        return [_show_seconds(one) for one in (change.baseline_seconds, change.seconds)]
    return [units.flops(one) for one in (change.baseline_flops, change.flops)]

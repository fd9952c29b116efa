"""What the epochs of each arm counted as, in a table and in sentences."""

from collections.abc import Iterator

from harness.analysis.epochs.accounted import Accounted, Event, Part, Period
from harness.report import units
from harness.report.summary import ArmSummary, Summary
from harness.report.table import Cell, Table

SETTLES = 1.1
"""How many times as long as others epochs must take that settle, to be told of in a sentence."""
BETWEEN = 0.05
"""The share of its turns that must be no epoch's, likewise."""
_MOST_PHASES = 3
"""Of a period, more of which no sentence tells anything: the table has them."""
_SHOWN = 4
"""Epochs of a period that are named."""


def table(summary: Summary) -> Table | None:
    """A row an arm: each of its epochs counted once."""
    rows = [_row(arm.name, arm.accounting) for arm in summary.arms if arm.accounting]
    note = (
        "Of one process of each arm, every epoch that ran counted once. Once: first epochs, those before the turns, "
        "those that traced or compiled, and single ones that took long. Periodic: those that take longer every so "
        "many."
    )
    columns = ["arm", "ran", "once", "periodic", "steady", "together"]
    return Table("Epochs", columns, rows, note) if rows else None


def _row(name: str, found: Accounted) -> list[str]:
    of = f" of {units.count(found.scheduled)}" if found.scheduled else ""
    ran = Cell(f"{units.count(found.epochs)}{of}", found.epochs)
    parts = [_part(part) for part in (found.once, found.periodic, found.steady)]
    return [name, ran, *parts, units.seconds(found.seconds)]


def _part(part: Part) -> Cell:
    if not part.epochs:
        return units.NOTHING
    return Cell(f"{units.count(part.epochs)}: {units.seconds(part.seconds)}", part.seconds)


def sentences(summary: Summary) -> Iterator[str]:
    """What a reader must know of how an arm's epochs differ: a trend first, since it makes all else doubtful."""
    for arm in summary.arms:
        if arm.accounting:
            yield from _of_arm(arm, arm.accounting)


def _of_arm(arm: ArmSummary, found: Accounted) -> Iterator[str]:
    if found.trend:
        yield _trend(arm.name, found)
    for period in found.periods:
        if len(period.phases) <= _MOST_PHASES:
            yield _period(arm.name, period)
    if found.events:
        yield _events(arm.name, found.events, found)
    if found.settling and not 1 / SETTLES < found.settling < SETTLES:
        yield (
            f"The first epochs of each turn of {arm.name} took {found.settling:.2f} times as long as those after them: "
            "they are in its sums, and in no rate."
        )
    if found.between and found.between > BETWEEN * (found.seconds + found.between):
        share = units.percent(found.between / (found.seconds + found.between))
        yield f"{share} of the turns of {arm.name} were no epoch's, but `seek`, `state` and harness itself."


def _trend(name: str, found: Accounted) -> str:
    trend = found.trend
    assert trend is not None, "called only for an arm with a trend"
    way, more = ("slower", "longer") if trend.seconds > 0 else ("quicker", "less")
    return (
        f"The epochs of {name} get {way}: each takes {units.seconds(abs(trend.seconds))} {more} than the one before, "
        f"{units.percent(abs(trend.share))} over {units.many(trend.epochs, 'epoch')}. A steady figure would mean "
        "nothing, so there is none, and what more epochs would take is not foreseen."
    )


def _period(name: str, period: Period) -> str:
    shown = [period.every * turn + phase for turn in range(_SHOWN) for phase in period.phases][:_SHOWN]
    kind = f" of kind {period.kind}" if period.kind != "epoch" else ""
    if len(period.phases) == 1:
        subject = f"every {_ordinal(period.every)} epoch{kind} takes"
    else:
        subject = f"{len(period.phases)} of every {period.every} epochs{kind} take"
    more = "longer" if period.seconds > 0 else "less"
    return (
        f"In {name} {subject} {units.seconds(abs(period.seconds))} {more} "
        f"({units.number(period.factor)} times as long): {', '.join(map(str, shown))}, ..."
    )


def _events(name: str, events: list[Event], found: Accounted) -> str:
    named = units.listed([f"epoch {event.index} took {units.seconds(event.seconds)}" for event in events])
    charged = "It is charged once" if len(events) == 1 else "They are charged once each"
    unseen = found.scheduled - found.epochs if found.scheduled else 0
    rest = f", and such an event among the {unseen:,} that did not run is not foreseen" if unseen > 0 else ""
    return f"{name}: {named} where others take {units.seconds(events[0].usual)}. {charged}{rest}."


def _ordinal(number: int) -> str:
    last = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th") if number % 100 not in (11, 12, 13) else "th"
    return f"{number}{last}"

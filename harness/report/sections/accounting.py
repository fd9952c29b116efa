"""How the epochs of each arm were counted, as a table and as sentences."""

from collections.abc import Iterator

from harness.analysis.epochs.accounting import Accounted, Event, Part, Period
from harness.report import units
from harness.report.sections import programs
from harness.report.summary import ArmSummary, Summary
from harness.report.table import Cell, Table
from harness.report.wording import words

SETTLES = 1.1
"""A sentence mentions settling epochs that take at least this many times as long as the others."""
BETWEEN = 0.05
"""A sentence mentions time outside epochs from this share of the turns on."""
_MOST_PHASES = 3
"""A period with more phases than this is left to the table."""
_SHOWN = 4
"""How many epochs of a period a sentence lists."""


def table(summary: Summary) -> Table | None:
    """One row per arm, each epoch counted once; none if programs ran as a whole, because no epoch was seen in them."""
    if programs.ran_whole(summary):
        return None
    rows = [_make_row(arm.name, arm.accounting) for arm in summary.arms if arm.accounting]
    note = (
        "One process of each arm; every epoch that ran is counted once. Once: first epochs, epochs before the turns, "
        "epochs that traced or compiled, and single slow epochs. Periodic: epochs that take longer at regular "
        "intervals."
    )
    columns = ["arm", "ran", "once", "periodic", "steady", "total"]
    return Table("Epochs", columns, rows, note) if rows else None


def _make_row(name: str, found: Accounted) -> list[str]:
    ran = Cell(f"{units.count(found.epochs)}{_describe_schedule(found)}", found.epochs)
    parts = [_format_part(part) for part in (found.once, found.periodic, found.steady)]
    return [name, ran, *parts, units.seconds(found.seconds)]


def _describe_schedule(found: Accounted) -> str:
    """Of how many epochs these are; a sample of a short schedule has some of them several times."""
    if not found.scheduled:
        return ""
    return f"{' samples' if found.epochs > found.scheduled else ''} of {units.count(found.scheduled)}"


def _format_part(part: Part) -> Cell:
    if not part.epochs:
        return units.NOTHING
    return Cell(f"{units.count(part.epochs)}: {units.seconds(part.seconds)}", part.seconds)


def sentences(summary: Summary) -> Iterator[str]:
    """What a reader must know about differences between epochs. A trend comes first: it puts all else in doubt."""
    for arm in summary.arms:
        if arm.accounting:
            yield from _describe_arm(arm, arm.accounting)


def _describe_arm(arm: ArmSummary, found: Accounted) -> Iterator[str]:
    if found.trend:
        yield _describe_trend(arm.name, found)
    for period in found.periods:
        if len(period.phases) <= _MOST_PHASES:
            yield _describe_period(arm.name, period)
    if found.events:
        yield _describe_events(arm.name, found.events, found)
    if found.settling and not 1 / SETTLES < found.settling < SETTLES:
        yield (
            f"The first epochs of each turn of {arm.name} took {units.number(found.settling)} times as long as later "
            "ones: they count in its sums, but not in the ratios."
        )
    if found.between and found.between > BETWEEN * (found.seconds + found.between):
        share = units.percent(found.between / (found.seconds + found.between))
        yield f"{share} of the time of the turns of {arm.name} was outside epochs: `seek`, `state` and harness itself."


def _describe_trend(name: str, found: Accounted) -> str:
    trend = found.trend
    assert trend is not None, "called only for an arm with a trend"
    way, more = ("slower", "longer") if trend.seconds > 0 else ("quicker", "less")
    return (
        f"The epochs of {name} get {way}: each takes {units.seconds(abs(trend.seconds))} {more} than the one before, "
        f"{units.percent(abs(trend.share))} over {words.many(trend.epochs, 'epoch')}. So there is "
        "no steady time per epoch, and no estimate of what more epochs would take."
    )


def _describe_period(name: str, period: Period) -> str:
    shown = [period.every * turn + phase for turn in range(_SHOWN) for phase in period.phases][:_SHOWN]
    kind = f" of kind {period.kind}" if period.kind != "epoch" else ""
    if len(period.phases) == 1:
        subject = f"every {_format_ordinal(period.every)} epoch{kind} takes"
    else:
        subject = f"{len(period.phases)} of every {period.every} epochs{kind} take"
    more = "longer" if period.seconds > 0 else "less"
    return (
        f"In {name} {subject} {units.seconds(abs(period.seconds))} {more} "
        f"({units.number(period.factor)} times as long): {', '.join(map(str, shown))}, ..."
    )


def _describe_events(name: str, events: list[Event], found: Accounted) -> str:
    named = words.listed([f"epoch {event.index} took {units.seconds(event.seconds)}" for event in events])
    charged = "It is counted once" if len(events) == 1 else "Each is counted once"
    rest = ""
    if found.unseen:
        others = f"the {words.many(found.unseen, 'epoch')} that did not run"
        if found.projects_stalls:
            rest = f"; they recur, so {others} are charged for as many, which so few show only roughly"
        else:
            rest = f"; {others} may hold more of them"
    return f"{name}: {named} where others take {units.seconds(events[0].usual)}. {charged}{rest}."


def _format_ordinal(number: int) -> str:
    last = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th") if number % 100 not in (11, 12, 13) else "th"
    return f"{number}{last}"

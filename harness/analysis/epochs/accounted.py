"""What the epochs of one process counted as, for a reader: once, periodic or steady, and what that rests on."""

from dataclasses import dataclass, field

from harness.analysis.epochs.patterns import STEADY
from harness.analysis.epochs.projection import Projection
from harness.analysis.epochs.trend import Trend

MOST_EVENTS = 5
"""Single events that are listed, the longest; the table has the time of all."""
STALL = 2.0
"""How many times as long as a steady epoch one before the turns must take to be told of."""
LEAST = 0.01
"""The share of an arm's time that a period must take to be told of."""


@dataclass(frozen=True)
class Part:
    epochs: int
    seconds: float


@dataclass(frozen=True)
class Period:
    """Epochs that take longer, or shorter, every so many."""

    kind: str
    every: int
    phases: list[int]
    """Which ones of each so many, counted from epoch 0."""
    factor: float
    """How many times as long as the others they take, on the average."""
    seconds: float
    """How much longer one takes."""


@dataclass(frozen=True)
class Event:
    """A single epoch that took long, in nearly every process."""

    kind: str
    index: int
    seconds: float
    usual: float
    """Seconds of a steady epoch of its kind."""


@dataclass(frozen=True)
class Accounted:
    """Of one process: the three parts make up what its epochs took."""

    epochs: int
    seconds: float
    once: Part
    """First epochs, those before the turns, those that traced or compiled, and single events."""
    periodic: Part
    steady: Part
    between: float | None
    """Seconds of its turns that were no epoch's: `seek`, `state` and harness itself. None where that was not kept."""
    scheduled: int | None
    """Epochs of its whole schedule; None where it does not say."""
    periods: list[Period] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    """The longest first."""
    settling: float | None = None
    """How many times as long as the others epochs take that settle at the beginning of a turn; None where none did."""
    trend: Trend | None = None
    """Where its epochs get slower, or quicker: there is no steady epoch then."""


def accounted(costs: Projection, arm: str) -> Accounted | None:
    """Of the first process of `arm` that ran to its end, else of the first; None where it ran nothing."""
    accounts = costs.accounts(arm)
    if not accounts:
        return None
    account = accounts[0]
    classes = account.classes()

    def part(label: str) -> Part:
        own = classes[classes["of"] == label]
        return Part(len(own), float(own["wall"].sum()))

    patterns = costs.shapes.of(arm)
    settled = classes[classes["settling"]]
    commonest = settled["kind"].mode()
    block, group = int(classes["block"].iloc[0]), int(classes["group"].iloc[0])
    schedule = costs.record.schedule(arm)
    return Accounted(
        len(classes),
        account.ran,
        part("once"),
        part("periodic"),
        part("steady"),
        _between(costs, arm, block, group),
        schedule.total() or None,
        _periods(costs, arm, account.rate, len(classes), account.ran),
        _events(costs, arm, account.rate),
        patterns.get(commonest.iloc[0], STEADY).settling if len(commonest) else None,
        costs.trends.get(arm),
    )


def _between(costs: Projection, arm: str, block: int, group: int) -> float | None:
    own = [p for p in costs.record.slices if (p.block, p.group, p.arm) == (block, group, arm)]
    known = [piece.between for piece in own if piece.between is not None]
    return sum(known) if known else None


def _periods(costs: Projection, arm: str, rates: dict[str, float], epochs: int, ran: float) -> list[Period]:
    found = []
    for kind, pattern in costs.shapes.of(arm).items():
        if not pattern.period or kind not in rates:
            continue
        factor = sum(pattern.phases.values()) / len(pattern.phases)
        more = (factor - 1) * rates[kind]
        if abs(more) * epochs * len(pattern.phases) / pattern.period >= LEAST * ran:
            found.append(Period(kind, pattern.period, sorted(pattern.phases), factor, more))
    return found


def _events(costs: Projection, arm: str, rates: dict[str, float]) -> list[Event]:
    """Of those in the turns, by their pattern, and of those before them, by what each process took there."""
    found = [
        Event(kind, index, factor * rates[kind], rates[kind])
        for kind, pattern in costs.shapes.of(arm).items()
        for index, factor in pattern.events.items()
        if kind in rates
    ]
    own = costs.shapes.epochs
    early = own[(own["arm"] == arm) & own["lead"] & ~own["first"] & (own["traces"] == 0) & (own["compiles"] == 0)]
    for (kind, index), some in early.groupby(["kind", "index"]):
        usual = rates.get(str(kind))
        if usual and float(some["wall"].min()) > STALL * usual:
            found.append(Event(str(kind), int(index), float(some["wall"].median()), usual))
    return sorted(found, key=lambda event: -event.seconds)[:MOST_EVENTS]

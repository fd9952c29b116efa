"""A summary of how the epochs of one process were counted, as once, periodic or steady, and what that is based on."""

from dataclasses import dataclass, field

from harness.analysis.epochs.patterns import STEADY
from harness.analysis.epochs.projection import Projection
from harness.analysis.epochs.trend import Trend

MOST_EVENTS = 5
"""The largest number of single events that are listed, the longest ones; the table has the time of all."""
EARLY_STALL = 2.0
"""An epoch before the turns is reported if it takes more than this many times as long as a steady epoch."""
MIN_PERIOD_SHARE = 0.01
"""A period is reported if it takes at least this share of an arm's time."""


@dataclass(frozen=True)
class Part:
    epochs: int
    seconds: float


@dataclass(frozen=True)
class Period:
    """Epochs that take longer, or shorter, at regular intervals."""

    kind: str
    every: int
    phases: list[int]
    """The places of these epochs in the period, counted from epoch 0."""
    factor: float
    """How many times as long as the others they take, on average."""
    seconds: float
    """How much longer one of them takes."""


@dataclass(frozen=True)
class Event:
    """A single epoch that took long, in nearly every process."""

    kind: str
    index: int
    seconds: float
    usual: float
    """Seconds of a steady epoch of its kind."""


@dataclass(frozen=True, kw_only=True)
class Accounted:
    """The accounting of one process: the three parts add up to the time of its epochs."""

    epochs: int
    seconds: float
    once: Part
    """First epochs, epochs before the turns, epochs that traced or compiled, and single events."""
    periodic: Part
    steady: Part
    between: float | None
    """Seconds of its turns outside epochs: `seek`, `state` and harness itself. None if that was not recorded."""
    scheduled: int | None
    """The number of epochs in its whole schedule; None if the trainer does not report it."""
    unseen: int | None = None
    """How many of these did not run."""
    in_order: bool = True
    """Whether these are the first epochs of a training, each once, and not a sample of its schedule."""
    projects_traces: bool = False
    """Whether epochs that traced or compiled recurred, so that those that did not run are charged for more of them."""
    projects_stalls: bool = False
    """The same for single stalls."""
    periods: list[Period] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    """The longest first."""
    settling: float | None = None
    """How many times as long as the others the settling epochs at the start of a turn take; None if none settled."""
    trend: Trend | None = None
    """Set if its epochs get slower or faster: there is no steady epoch then."""

    def is_comparable(self, other: "Accounted") -> bool:
        """Whether both ran the same number of epochs, and all of their schedules if these are known."""
        return self.epochs == other.epochs and self.seconds != other.seconds and (not self.scheduled or self.all_ran)

    @property
    def all_ran(self) -> bool:
        """Whether these are all epochs of its schedule, as a training runs them, so that their sum is its time."""
        return self.unseen == 0 and self.in_order


def accounted(costs: Projection, arm: str) -> Accounted | None:
    """Return the accounting of the first process of `arm` that ran to its end, or else of its first process; None if it
    ran nothing."""
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
    scheduled = costs.record.schedule(arm).total() or None
    return Accounted(
        epochs=len(classes),
        seconds=account.ran,
        once=part("once"),
        periodic=part("periodic"),
        steady=part("steady"),
        between=_sum_between(costs, arm, block, group),
        scheduled=scheduled,
        unseen=max(scheduled - classes["index"].nunique(), 0) if scheduled else None,
        in_order=account.in_order,
        projects_traces=account.projects_traces,
        projects_stalls=account.projects_stalls,
        periods=_list_periods(costs, arm, account.rate, len(classes), account.ran),
        events=_list_events(costs, arm, account.rate),
        settling=patterns.get(commonest.iloc[0], STEADY).settling if len(commonest) else None,
        trend=costs.trends.get(arm),
    )


def _sum_between(costs: Projection, arm: str, block: int, group: int) -> float | None:
    own = [p for p in costs.record.slices if (p.block, p.group, p.arm) == (block, group, arm)]
    known = [piece.between for piece in own if piece.between is not None]
    return sum(known) if known else None


def _list_periods(costs: Projection, arm: str, rates: dict[str, float], epochs: int, ran: float) -> list[Period]:
    found = []
    for kind, pattern in costs.shapes.of(arm).items():
        if not pattern.period or kind not in rates:
            continue
        factor = sum(pattern.phases.values()) / len(pattern.phases)
        more = (factor - 1) * rates[kind]
        if abs(more) * epochs * len(pattern.phases) / pattern.period >= MIN_PERIOD_SHARE * ran:
            found.append(Period(kind, pattern.period, sorted(pattern.phases), factor, more))
    return found


def _list_events(costs: Projection, arm: str, rates: dict[str, float]) -> list[Event]:
    """Return single events in the turns, from their pattern, and before the turns, from the time in each process."""
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
        if usual and float(some["wall"].min()) > EARLY_STALL * usual:
            found.append(Event(str(kind), int(index), float(some["wall"].median()), usual))
    return sorted(found, key=lambda event: -event.seconds)[:MOST_EVENTS]

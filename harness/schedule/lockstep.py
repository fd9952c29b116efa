"""The rounds of arms that cannot seek: all run epochs 0, 1, 2, ... in step, a slice each in every round.

How many epochs make a slice follows from what epochs take now, so the rounds are made one by one: `observe` says what
the latest slice took. Three things keep work that an arm does every so many epochs from being missed, or counted twice:

- the lengths of slices are drawn at random, the same for all arms, so that no period falls on the epochs that settle;
- without `--epochs`, the number of epochs after the lead is a multiple of `MULTIPLE`, and so holds whole periods of
  most lengths that people use;
- a slice that takes too long ends early, and the arms that are ahead then wait for the one that is behind.
"""

import random
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean, median

from harness.plan import turn_length
from harness.plan.plan import Plan
from harness.record.schema import Epoch
from harness.schedule.sampling import MOST_SECONDS, ROUNDS, Pace, Turn
from harness.worker.wire.messages import Description

LEAD, SHORT_LEAD = 5, 2
"""Epochs that arms in lockstep run before any turns, to know their pace: the first ones may trace. Fewer where the plan
has few."""
MULTIPLE, LARGE_MULTIPLE = 24, 120
"""Epochs after the lead: whole periods of 2, 3, 4, 6, 8, 12 epochs, and where there are many also of 5 and 10."""
WHOLE, WHOLE_SECONDS = 3, 3.0
"""A schedule that is no longer than this many times what the rounds have run, or has no more than so many seconds left,
is run to its end: then nothing in it is left to be foreseen."""
FEWER_ROUNDS, SLOW_SECONDS = 8, 3.0
"""Rounds that are enough once an arm's turns in a block have taken so many seconds: blocks tell more than rounds do."""
FEWEST_ROUNDS = 3
"""Rounds that a block has even where epochs take minutes."""
LATEST = 12
"""Epochs by which an arm's pace is known."""
FASTEST_GROWTH = 8
"""A slice has at most this many times the epochs that its arm has run so far: a pace that rests on a handful of epochs
does not decide on thousands."""


@dataclass(frozen=True)
class Lengths:
    """How far lockstep goes."""

    lead: int
    """Epochs before the first round."""
    stop: int | None
    """The end of the last round; None without `--epochs`: then the pace decides."""
    most: int | None
    """Epochs that every arm has; None where none says."""

    @classmethod
    def of(cls, plan: Plan, descriptions: Mapping[str, Description]) -> "Lengths":
        known = [own.segments[-1].stop for own in descriptions.values() if own.segments]
        most = min(known, default=None)
        stop = min([plan.epochs, *known]) if plan.epochs else None
        enough = stop or most or LEAD * ROUNDS
        return cls(min(LEAD if enough >= LEAD * ROUNDS else SHORT_LEAD, enough), stop, most)


@dataclass
class Lockstep:
    """The rounds of one block, as they come. To be iterated once, with every slice that is run `observed`."""

    plan: Plan
    lots: random.Random
    """For the lengths of slices."""
    descriptions: Mapping[str, Description]
    paces: Mapping[str, Pace]
    _latest: dict[str, deque[float]] = field(default_factory=dict)
    """Seconds that the latest epochs of each arm took. Their mean is its pace, the longest one left out: that of fewer
    would go up and down with work that an arm does every so many epochs, and slices with it."""
    _walls: dict[str, list[float]] = field(default_factory=dict)
    """Seconds that all its epochs took."""
    _at: dict[str, int] = field(default_factory=dict)
    """The next epoch of each arm."""
    _spent: float = 0.0

    def rounds(self) -> Iterator[list[Turn]]:
        lengths = Lengths.of(self.plan, self.descriptions)
        self._at = dict.fromkeys(self.descriptions, lengths.lead)
        self._latest = {
            arm: deque([sum(pace.values()) / len(pace)], LATEST) for arm, pace in self.paces.items() if pace
        }
        done, stop = 0, lengths.stop
        while stop is None or min(self._at.values()) < stop:
            if stop is None and done >= (FEWER_ROUNDS if self._spent > SLOW_SECONDS * len(self._at) else ROUNDS):
                stop = self._whole_periods(lengths)
                continue
            if lengths.stop is None and done >= FEWEST_ROUNDS and self._spent > MOST_SECONDS * len(self._at):
                return
            place = min(self._at.values())
            most = lengths.most if stop is None else stop
            if most is not None and place >= most:
                return
            size, settling = self._size(lengths, place, most)
            yield [self._turn(arm, place + size, settling) for arm, at in self._at.items() if at < place + size]
            done += 1

    def observe(self, arm: str, indices: Sequence[int], epochs: Sequence[Epoch]) -> None:
        """What an arm ran of a slice of `indices`: perhaps not all, where that took too long."""
        if arm in self._at:
            self._at[arm] -= len(indices) - len(epochs)
        self._spent += sum(epoch.wall for epoch in epochs)
        if arm in self._latest:
            self._latest[arm].extend(epoch.wall for epoch in epochs)
            self._walls.setdefault(arm, []).extend(epoch.wall for epoch in epochs)

    def drop(self, arm: str) -> None:
        """An arm that failed holds up nobody."""
        if len(self._at) > 1:
            self._at.pop(arm, None)
            self._latest.pop(arm, None)

    def _turn(self, arm: str, stop: int, settling: int) -> Turn:
        own = list(range(self._at[arm], stop))
        self._at[arm] = stop
        settling = min(settling, len(own) - 1)
        return Turn(arm, own[settling:], own[:settling], settling=settling)

    def _size(self, lengths: Lengths, place: int, most: int | None) -> tuple[int, int]:
        """Epochs of the next slice, and how many of them settle."""
        paces = [fmean(sorted(own)[: max(1, len(own) - 1)]) for own in self._latest.values()]
        paces = paces or [self.plan.slice_seconds]
        wanted = turn_length.shared(self.plan.slice_seconds, self.plan.settling_seconds, paces)
        usual = min(wanted.settling + wanted.counted, FASTEST_GROWTH * max(place, 1))
        known = lengths.stop or lengths.most
        if known:  # short enough for as many rounds as a trimmed mean needs
            usual = min(usual, max(1, (known - lengths.lead) // ROUNDS))
        spread = max(1, usual // 4) if usual > 1 else 0
        size = self.lots.randint(max(usual - spread, min(2, usual)), usual + spread)
        size = size if most is None else min(size, most - place)
        return size, min(wanted.settling, size // 2)

    def _whole_periods(self, lengths: Lengths) -> int:
        """Where to end, having had enough rounds."""
        ran = max(self._at.values()) - lengths.lead
        if lengths.most is not None:
            left = (lengths.most - max(self._at.values())) * max(map(median, self._walls.values()), default=0.0)
            if lengths.most <= WHOLE * ran or left <= WHOLE_SECONDS:
                return lengths.most
        multiple = MULTIPLE if ran <= 2 * LARGE_MULTIPLE else LARGE_MULTIPLE
        return lengths.lead + -(-ran // multiple) * multiple

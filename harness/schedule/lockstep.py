"""Plans the rounds of arms that cannot seek. All arms run epochs 0, 1, 2, ... in lockstep, one slice each per round.

The number of epochs in a slice depends on how long epochs currently take, so the rounds are planned one by one, and
`observe` reports the time of the latest slice. Three rules ensure that periodic work of an arm is neither missed nor
counted twice:

- the lengths of slices are random, and the same for all arms, so that periodic work does not always fall on settling
  epochs;
- without `--epochs`, the number of epochs after the lead is a multiple of `MULTIPLE`, which consists of whole periods
  for most of the usual lengths;
- a slice that takes too long ends early, and the arms that are ahead wait for the one that is behind.
"""

import random
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean, median

from harness.plan import turn_length
from harness.plan.plan import ROUNDS, Plan
from harness.record.schema import Epoch
from harness.schedule.sampling import MOST_SECONDS, Pace, Turn
from harness.worker.wire.messages import Description

LEAD, SHORT_LEAD = 5, 2
"""Number of epochs that arms in lockstep run before any turns, to determine their pace, because the first epochs may
trace. The second number applies to plans with few epochs."""
MULTIPLE, LARGE_MULTIPLE = 24, 120
"""Divisors of the number of epochs after the lead. A multiple of the first consists of whole periods of 2, 3, 4, 6, 8
and 12 epochs. The second applies if there are many epochs, and adds periods of 5 and 10."""
WHOLE, WHOLE_SECONDS = 3, 3.0
"""A schedule is run to its end if it is at most this many times as long as what the rounds have run, or if at most this
many seconds of it are left. Then nothing of it has to be projected."""
FEWER_ROUNDS, SLOW_SECONDS = 8, 3.0
"""Number of rounds that is enough once an arm's turns in a block have taken this many seconds, because more blocks are
then worth more than more rounds."""
FEWEST_ROUNDS = 3
"""Minimum number of rounds in a block, even if epochs take minutes."""
LATEST = 12
"""Number of latest epochs that determine the pace of an arm."""
FASTEST_GROWTH = 8
"""Maximum ratio of the epochs in a slice to those that its arm has run before. It keeps a pace that is based on a
handful of epochs from determining thousands."""


@dataclass(frozen=True)
class Lengths:
    """The numbers of epochs in lockstep."""

    lead: int
    """Number of epochs before the first round."""
    stop: int | None
    """The end of the last round. None without `--epochs`, where it depends on the pace."""
    most: int | None
    """Number of epochs that every arm has. None if no arm declares its length."""
    shortest: int | None = None
    """The smallest number of epochs that a program is expected to have, if all of them say so. There may be more."""

    @classmethod
    def of(cls, plan: Plan, descriptions: Mapping[str, Description]) -> "Lengths":
        known = [own.segments[-1].stop for own in descriptions.values() if own.segments]
        most = min(known, default=None)
        stop = min([plan.epochs, *known]) if plan.epochs else None
        expected = [own.expected for own in descriptions.values() if own.expected]
        expected = expected if len(expected) == len(descriptions) else []
        shortest = min(expected, default=None)
        enough = stop or most or shortest or LEAD * ROUNDS
        return cls(min(LEAD if enough >= LEAD * ROUNDS else SHORT_LEAD, enough), stop, most, shortest)


@dataclass
class Lockstep:
    """The rounds of one block, planned one by one. Iterate over them once, and report each slice with `observe`."""

    plan: Plan
    rng: random.Random
    """The random generator for the lengths of slices."""
    descriptions: Mapping[str, Description]
    paces: Mapping[str, Pace]
    _latest: dict[str, deque[float]] = field(default_factory=dict)
    """Seconds of the latest epochs of each arm. Their mean without the longest is its pace. With fewer epochs, periodic
    work of an arm would make the pace, and with it the slices, vary."""
    _walls: dict[str, list[float]] = field(default_factory=dict)
    """Seconds of all epochs of each arm."""
    _next_epochs: dict[str, int] = field(default_factory=dict)
    """The next epoch of each arm."""
    expected: Mapping[str, int] = field(default_factory=dict)
    """The number of epochs that each program is expected to have, if it is known by now. There may be more."""
    _over: set[str] = field(default_factory=set)
    """The arms whose training is over."""
    _spent: float = 0.0
    """Seconds of all epochs together."""

    def rounds(self) -> Iterator[list[Turn]]:
        """Yield the turns of each round."""
        lengths = Lengths.of(self.plan, self.descriptions)
        self._next_epochs = {arm: lengths.lead for arm in self.descriptions if arm not in self._over}
        self._latest = {
            arm: deque([sum(pace.values()) / len(pace)], LATEST) for arm, pace in self.paces.items() if pace
        }
        self.expected = self.expected or {arm: own.expected for arm, own in self.descriptions.items() if own.expected}
        done, stop = 0, lengths.stop
        while self._next_epochs:
            if stop is not None and min(self._next_epochs.values()) >= stop:
                stop = self._extend(lengths, stop)
                if stop is None:
                    return
            if stop is None and done >= self._find_enough():
                stop = self._choose_stop(lengths)
                continue
            if lengths.stop is None and done >= FEWEST_ROUNDS and self._spent > MOST_SECONDS * len(self._next_epochs):
                return
            place = min(self._next_epochs.values())
            most = lengths.most if stop is None else stop
            if most is not None and place >= most:
                return
            size, settling = self._choose_size(lengths, place, most)
            yield [
                self._plan_turn(arm, place + size, settling)
                for arm, at in self._next_epochs.items()
                if at < place + size
            ]
            done += 1

    def _find_enough(self) -> int:
        """Return the number of rounds that is enough."""
        slow = self._spent > SLOW_SECONDS * len(self._next_epochs)
        return min(self.plan.rounds, FEWER_ROUNDS) if slow else self.plan.rounds

    def observe(self, arm: str, indices: Sequence[int], epochs: Sequence[Epoch]) -> None:
        """Record what an arm ran of a slice of `indices`. It may be only a part, if the slice took too long."""
        if arm in self._next_epochs:
            self._next_epochs[arm] -= len(indices) - len(epochs)
        self._spent += sum(epoch.wall for epoch in epochs)
        if arm in self._latest:
            self._latest[arm].extend(epoch.wall for epoch in epochs)
            self._walls.setdefault(arm, []).extend(epoch.wall for epoch in epochs)

    def drop(self, arm: str) -> None:
        """Remove an arm that failed, so that no other arm waits for it."""
        if len(self._next_epochs) > 1:
            self._next_epochs.pop(arm, None)
            self._latest.pop(arm, None)

    def _find_expected_end(self) -> int | None:
        """Return the epoch after the last one that any program is expected to have: to run it shows whether that was
        the end. None if not all say how many they have."""
        known = [self.expected.get(arm) for arm in self._next_epochs]
        return max(filter(None, known)) + 1 if known and all(known) else None

    def _estimate_seconds(self, stop: int) -> float:
        """Return the seconds that the slowest arm takes from here to an epoch."""
        left = stop - max(self._next_epochs.values())
        return left * max(map(median, self._walls.values()), default=0.0)

    def _extend(self, lengths: Lengths, stop: int) -> int | None:
        """Return a later end if programs go on in another loop that is short; None if the rounds are over."""
        later = None if lengths.stop or lengths.most else self._find_expected_end()
        worthwhile = later is not None and later > stop and self._estimate_seconds(later) <= WHOLE_SECONDS
        return later if worthwhile else None

    def finish(self, arm: str) -> None:
        """Remove an arm whose training is over. The others go on, even if it was the last one."""
        self._over.add(arm)
        self._next_epochs.pop(arm, None)
        self._latest.pop(arm, None)

    def _plan_turn(self, arm: str, stop: int, settling: int) -> Turn:
        own = list(range(self._next_epochs[arm], stop))
        self._next_epochs[arm] = stop
        settling = min(settling, len(own) - 1)
        return Turn(arm, own[settling:], own[:settling], settling=settling)

    def _choose_size(self, lengths: Lengths, place: int, most: int | None) -> tuple[int, int]:
        """Return the number of epochs in the next slice, and how many of them are settling epochs."""
        paces = [fmean(sorted(own)[: max(1, len(own) - 1)]) for own in self._latest.values()]
        paces = paces or [self.plan.slice_seconds]
        wanted = turn_length.shared(self.plan.slice_seconds, self.plan.settling_seconds, paces)
        usual = min(wanted.settling + wanted.counted, FASTEST_GROWTH * max(place, 1))
        known = lengths.stop or lengths.most or lengths.shortest
        if known:  # slices must be short enough for as many rounds as a trimmed mean needs
            usual = min(usual, max(1, (known - lengths.lead) // ROUNDS))
        spread = max(1, usual // 4) if usual > 1 else 0
        size = self.rng.randint(max(usual - spread, min(2, usual)), usual + spread)
        size = size if most is None else min(size, most - place)
        return size, min(wanted.settling, size // 2)

    def _choose_stop(self, lengths: Lengths) -> int:
        """Return the epoch at which to end after enough rounds, for whole periods or the whole schedule."""
        ran = max(self._next_epochs.values()) - lengths.lead
        most = lengths.most or self._find_expected_end()
        if most is not None and (most <= WHOLE * ran or self._estimate_seconds(most) <= WHOLE_SECONDS):
            return max(most, *self._next_epochs.values())
        multiple = MULTIPLE if ran <= 2 * LARGE_MULTIPLE else LARGE_MULTIPLE
        return lengths.lead + -(-ran // multiple) * multiple

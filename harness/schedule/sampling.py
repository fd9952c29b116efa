"""The epochs of a block whose arms can all seek: a sample of the schedule, of every kind and from all over it.

Kinds that come as single epochs (refinements) are sampled one by one, first and in the schedule's order, so that what
grows with them grows. After them the other kinds take their rounds, in random order, each at a few places spread over
its part of the schedule. The arms of a round are all at the same place of the baseline's schedule, or at the nearest
one that they have been brought to (see `positions`).
"""

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import ceil, sqrt
from statistics import median

from harness.plan import turn_length
from harness.plan.plan import Plan
from harness.plan.turn_length import Length
from harness.record.schema import Epoch
from harness.schedule.positions import Place, Schedule, spread
from harness.worker.wire.messages import Description

ROUNDS = 12
"""Rounds of a kind where nobody says how many epochs to run. Where somebody does, slices are kept short enough for this
many rounds in lockstep, or for half as many of each kind: a trimmed mean needs some rounds to trim."""
FEWEST_EPOCHS = 24
"""Epochs of a kind where nobody says how many: with fewer, what an arm does every tenth epoch is met by luck."""
FEWEST_SINGLES = 2
"""Rounds of a kind of single epochs, where it has as many left: what each costs may grow over the schedule."""
MOST_PLACES = 3
"""Places at which a kind is sampled, if there are two rounds for each: as many as show whether a cost grows with a size
in proportion, and no more, since each may need epochs of its own to get there."""

MOST_SECONDS = 60.0
"""What the turns of one arm in one block may take, where nobody says how many epochs to run: a block then ends with
fewer rounds of each kind."""
ROUNDS_OF_SLOW = 3
"""Rounds that every kind has even so."""

OVERLAP = 0.8
"""The share of a place's epochs by which the next block moves on."""
VARIED = 0.25
"""The share of those that settle by which a slice is longer at times; one epoch at least, where some settle."""
SLOWER = 2.0
"""A slice is shortened once its epochs take this many times what they took when it was planned."""

Pace = Mapping[str, float]
"""Seconds that an epoch takes, by kind."""


@dataclass(frozen=True)
class Turn:
    arm: str
    indices: list[int]
    before: list[int] = field(default_factory=list)
    """Run just before these, and recorded apart: they may trace what these are not to, or only settle."""
    settling: int = 0
    """How many of those before, the last ones, only settle."""
    after: list[int] = field(default_factory=list)
    """Run just after these, and recorded apart: the epoch after a refinement, which may trace too."""


def varied(length: Length, shortened: float, more: float) -> Length:
    """A turn's length. `shortened` is the share of a usual turn that is to be had, and `more`, 0 to 1 at random, how
    many more epochs are to settle: so work that an arm does every so many epochs does not keep to those that settle."""
    spread = max(1, round(VARIED * length.settling)) if length.settling else 0
    settling = length.settling + min(int(more * (spread + 1)), spread)
    return Length(settling, ceil(length.counted * shortened))


def lots(plan: Plan, block: int, group: int, what: str) -> random.Random:
    return random.Random(f"{plan.seed}/{block}/{group}/{what}")


def warm_up(plan: Plan, arm: str, descriptions: Mapping[str, Description]) -> list[int]:
    """The first epoch of each kind with what it rests on, in order; then one epoch in the middle of each kind, which
    shows its pace. Each once: an epoch run again would not cost what it costs in training."""
    schedules = {label: Schedule(own) for label, own in descriptions.items()}
    own = schedules[arm]
    firsts = own.firsts()
    middles = _middles(arm, schedules, plan.baseline, firsts).values()
    in_order = sorted({*firsts, *(index for place in middles for index in own.opening(place.stretch))})
    return list(dict.fromkeys([*in_order, *(place.index for place in middles)]))


ROW_SECONDS = 5.0
"""What some epochs in a row of one kind may take, under a probe,"""
FEWEST_IN_A_ROW, MOST_IN_A_ROW = 5, 60
"""and how many they are: enough to see what grows from each to the next."""


def in_a_row(seconds: float) -> int:
    """Epochs that are watched in a row, where each takes so long."""
    return min(max(int(ROW_SECONDS / max(seconds, 1e-5)), FEWEST_IN_A_ROW), MOST_IN_A_ROW)


def watched(
    plan: Plan, arm: str, descriptions: Mapping[str, Description], pace: Pace, most: int | None = None
) -> list[int]:
    """What warms an arm up, and then epochs in a row from the middle of each kind that does not come as single ones."""
    schedules = {arm: Schedule(descriptions[arm])}
    warmed = warm_up(plan, arm, {arm: descriptions[arm]})
    indices = list(warmed)
    for kind, place in _middles(arm, schedules, arm, schedules[arm].firsts()).items():
        there = place.stretch.stop - place.stretch.start - 1
        row = place.epochs(min(in_a_row(pace.get(kind, plan.slice_seconds)), there, most or there))
        indices += [*place.preparation(indices), *row]
    return indices


def _middles(arm: str, schedules: Mapping[str, Schedule], baseline: str, ran: Sequence[int]) -> dict[str, Place]:
    """For each kind that is not single, the place in the middle of the baseline's, as near as `ran` allows; in the
    middle of the arm's own, if the baseline has none."""
    own = schedules[arm]
    middles = {}
    for kind, stretches in own.stretches(ran).items():
        leading = schedules.get(baseline, own)
        middle, *_ = spread(leading if kind in leading.kinds else own, kind, 1)
        middles[kind] = Place(own, stretches, middle)
    return middles


@dataclass(frozen=True)
class _Visit:
    """One arm's part in a round of a kind that has places."""

    arm: str
    place: Place
    length: Length


class Sample:
    """The turns of one block. Each depends on what ran before it, so they are to be taken once, and in order."""

    def __init__(
        self,
        plan: Plan,
        block: int,
        group: int,
        descriptions: Mapping[str, Description],
        paces: Mapping[str, Pace],
    ) -> None:
        self._plan, self._paces = plan, paces
        self._place = block, group
        self._schedules = {arm: Schedule(own) for arm, own in descriptions.items()}
        self._warmed = {arm: warm_up(plan, arm, descriptions) for arm in descriptions}
        self._ran = {arm: set(own) for arm, own in self._warmed.items()}
        """What each arm has run before the turn at hand."""
        self._now: dict[tuple[str, str], float] = {}
        """Seconds that an epoch of an arm and kind takes, by its latest slice."""
        self._spent = 0.0
        self._having: dict[str, list[str]] = {}
        """The arms that have a kind, the baseline first."""
        for arm in sorted(descriptions, key=lambda arm: arm != plan.baseline):
            for kind in self._schedules[arm].kinds:
                self._having.setdefault(kind, []).append(arm)

    def turns(self) -> Iterator[list[Turn]]:
        """What the arms do in each round, in no order among themselves."""
        fresh = {kind: self._fresh_singles(kind) for kind in self._having}
        quotas = self._quotas({kind: min(map(len, own.values())) for kind, own in fresh.items() if own})
        drawn = {kind: self._drawn(kind, fresh[kind], quotas[kind]) for kind in quotas if fresh[kind]}
        gone = {arm: self._ran[arm].union(*(own.get(arm, []) for own in drawn.values())) for arm in self._ran}
        rounds = [visits for kind in quotas if not fresh[kind] for visits in self._rounds(kind, quotas[kind], gone)]
        yield from self._single_turns(drawn, {(visit.arm, visit.place.stretch.start) for v in rounds for visit in v})
        had: Counter[str] = Counter()
        for visits in lots(self._plan, *self._place, "kinds").sample(rounds, len(rounds)):
            kind = visits[0].place.stretch.kind
            if had[kind] < ROUNDS_OF_SLOW or not self._takes_too_long():
                had[kind] += 1
                yield [self._turn(visit) for visit in visits]

    def observe(self, arm: str, epochs: Sequence[Epoch]) -> None:
        """What a slice of an arm took."""
        self._spent += sum(epoch.wall for epoch in epochs)
        for kind in {epoch.kind for epoch in epochs}:
            self._now[arm, kind] = median(epoch.wall for epoch in epochs if epoch.kind == kind)

    def _takes_too_long(self) -> bool:
        return self._plan.epochs is None and self._spent > MOST_SECONDS * len(self._ran)

    def _fresh_singles(self, kind: str) -> dict[str, list[int]]:
        """The epochs that are left of a kind, for the arms in which it comes as single ones."""
        own = {
            arm: [segment.start for segment in self._schedules[arm].kinds[kind] if segment.start not in self._ran[arm]]
            for arm in self._having[kind]
            if kind in self._schedules[arm].singles
        }
        return {arm: left for arm, left in own.items() if left}

    def _quotas(self, available: Mapping[str, int]) -> dict[str, int]:
        """Epochs of each kind, for the arm that takes its shortest slices. `available` are those of single kinds.

        The plan's epochs are shared by the square root of the time that a kind takes in the baseline's schedule: by the
        time itself a refinement of milliseconds would never be seen, and one of seconds would take all.
        """
        steady = {kind: lengths for kind in self._having if kind not in available if (lengths := self._lengths(kind))}
        if not self._plan.epochs:
            quotas = {kind: min(FEWEST_SINGLES, number) for kind, number in available.items()}
            return quotas | {
                kind: max(ROUNDS * min(length.counted for length in lengths.values()), FEWEST_EPOCHS)
                for kind, lengths in steady.items()
            }
        weights = {}
        for kind in [*available, *steady]:
            leading = self._having[kind][0]
            weights[kind] = sqrt(self._schedules[leading].count(kind) * self._pace(leading, kind))
        share = self._plan.epochs / sum(weights.values()) if weights else 0.0
        quotas = {
            kind: min(max(FEWEST_SINGLES, round(share * weights[kind])), number) for kind, number in available.items()
        }
        left = self._plan.epochs - sum(quotas.values())
        share = left / sum(weights[kind] for kind in steady) if steady else 0.0
        return quotas | {kind: max(1, round(share * weights[kind])) for kind in steady}

    def _drawn(self, kind: str, fresh: Mapping[str, Sequence[int]], number: int) -> dict[str, list[int]]:
        """A systematic sample, in order: the last one, and one from each of equal parts of the others."""
        drawn = {}
        for arm, own in fresh.items():
            choice = lots(self._plan, *self._place, kind)  # anew: arms with the same schedule run the same ones
            others = len(own) - 1
            edges = [part * others // (number - 1) for part in range(number)] if number > 1 else []
            drawn[arm] = [*(own[choice.randrange(low, high)] for low, high in pairwise(edges)), own[-1]]
        return drawn

    def _single_turns(
        self, drawn: Mapping[str, Mapping[str, list[int]]], to_open: set[tuple[str, int]]
    ) -> Iterator[list[Turn]]:
        """The rounds of single kinds, in the order of the schedule. What follows one is run with it where a place is to
        be taken there, and after the last one: it shows what such an epoch costs."""
        last = {arm: max((own[arm][-1] for own in drawn.values() if arm in own), default=0) for arm in self._ran}
        rounds = [
            (own[arms[0]][number], kind, number)
            for kind, own in drawn.items()
            if (arms := [arm for arm in self._having[kind] if arm in own])
            for number in range(len(own[arms[0]]))
        ]
        middles = {
            (arm, kind): place
            for arm, warmed in self._warmed.items()
            for kind, place in _middles(arm, self._schedules, self._plan.baseline, warmed).items()
        }
        for _, kind, number in sorted(rounds):
            turns = []
            for arm in self._having[kind]:
                if arm in drawn[kind]:
                    index = drawn[kind][arm][number]
                    opened = index == last[arm] or (arm, index + 1) in to_open
                    turns += self._single_turn(arm, index, opened)
                elif (arm, kind) in middles:
                    turns.append(self._turn(_Visit(arm, middles[arm, kind], self._lengths(kind)[arm])))
            if turns:
                yield turns

    def _single_turn(self, arm: str, index: int, opened: bool) -> list[Turn]:
        """One single epoch, and the one after it if a stretch is to be `opened`; nothing where another one of the arm's
        needed it before."""
        own, ran = self._schedules[arm], self._ran[arm]
        if index in ran:
            return []
        before = sorted(own.way_to(index) - ran)
        after = [opening for opening in own.opening_after(index) if opened and opening not in ran]
        ran.update(before, [index], after)
        return [Turn(arm, [index], before, after=after)]

    def _rounds(self, kind: str, epochs: int, gone: Mapping[str, set[int]]) -> list[list[_Visit]]:
        """The rounds of a kind that is not single, each at one of its places. `gone` is what has run by then."""
        lengths = self._lengths(kind)
        shortest = min(length.counted for length in lengths.values())
        number = max(ceil(epochs / shortest), min(epochs, ROUNDS // 2))
        shortened = min(1.0, epochs / (number * shortest))  # all alike, where it takes shorter slices

        def places_of(arm: str, goals: list[int]) -> list[Place]:
            own = self._schedules[arm]
            return [Place(own, own.stretches(gone[arm])[kind], goal) for goal in goals]

        leading = next(iter(lengths))
        goals = spread(self._schedules[leading], kind, min(MOST_PLACES, ceil(number / 2)))
        goals = [goal + self._moved_on(lengths[leading], number / len(goals)) for goal in goals]
        reached = [place.index for place in places_of(leading, goals)]  # the others are to be there, too
        places = {arm: places_of(arm, reached) for arm in lengths}
        chance = lots(self._plan, *self._place, f"lengths of {kind}")
        return [
            [_Visit(arm, own[round_ % len(own)], varied(lengths[arm], shortened, more)) for arm, own in places.items()]
            for round_ in range(number)
            for more in [chance.random()]
        ]

    def _moved_on(self, length: Length, rounds: float) -> int:
        """By how many epochs a block samples later than the first one: where one stops the next goes on, with some in
        common, so that all together see what comes every so many epochs."""
        block, _ = self._place
        return int(block * OVERLAP * rounds * (length.settling + length.counted))

    def _turn(self, visit: _Visit) -> Turn:
        ran = self._ran[visit.arm]
        settling, counted = visit.length.settling, self._affordable(visit)
        indices = visit.place.epochs(settling + counted)
        before = [*visit.place.preparation(ran), *indices[:settling]]
        ran.update(before, indices)
        return Turn(visit.arm, indices[settling:], before=before, settling=settling)

    def _affordable(self, visit: _Visit) -> int:
        """The epochs of a turn that are counted: fewer than planned where they take longer by now."""
        kind = visit.place.stretch.kind
        then, now = self._pace(visit.arm, kind), self._now.get((visit.arm, kind), 0.0)
        return visit.length.counted if now <= SLOWER * then else max(1, int(visit.length.counted * then / now))

    def _lengths(self, kind: str) -> dict[str, Length]:
        """Epochs that make a turn, for the arms in which a kind is not single."""
        arms = [arm for arm in self._having[kind] if kind not in self._schedules[arm].singles]
        return {
            arm: turn_length.length(self._plan.slice_seconds, self._plan.settling_seconds, self._pace(arm, kind))
            for arm in arms
        }

    def _pace(self, arm: str, kind: str) -> float:
        return self._paces[arm].get(kind, self._plan.slice_seconds)

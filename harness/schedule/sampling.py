"""Plans the epochs of a block whose arms can all seek: a sample of the whole schedule that includes every kind.

Kinds that consist of single epochs (refinements) are sampled first, one by one and in the order of the schedule, so
that the sizes that they change grow as in training. Then follow the rounds of the other kinds in random order, each at
a few places spread over the epochs of its kind. In one round, all arms are at the same place of the baseline's
schedule, or at the nearest one that they can reach (see `positions`).
"""

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import ceil, inf, sqrt
from statistics import median

from harness.plan import turn_length
from harness.plan.plan import FEWEST_EPOCHS, Plan
from harness.plan.turn_length import Length
from harness.record.schema import Epoch
from harness.schedule.positions import Place, Schedule, spread
from harness.worker.wire.messages import Description

FEWEST_SINGLES = 2
"""Number of rounds of a single kind, if it has as many epochs left, because their cost may grow over the schedule."""
MOST_PLACES = 3
"""Maximum number of places at which a kind is sampled, given two rounds for each. Three show whether a cost grows in
proportion to a size. More would take too long, because each place may need further epochs to prepare it."""

MOST_SECONDS = 60.0
"""Maximum time of one arm's turns in a block without `--epochs`, in seconds. After it, a block ends with fewer rounds
of each kind."""
BUDGETED = 0.4
"""The fraction of a run's budget that the turns of its fewest blocks may take. The rest is for starts, first epochs and
counts. A block that takes longer ends with fewer rounds of each kind, so that a slow machine also reaches a verdict."""
ROUNDS_OF_SLOW = 3
"""Minimum number of rounds of each kind in a block that ends early."""

OVERLAP = 0.8
"""The fraction of a place's epochs by which the next block moves on."""
VARIED = 0.25
"""The fraction of a slice's settling epochs that may be added to them at random. It is at least one epoch if there are
settling epochs."""
SLOWER = 2.0
"""A slice is shortened once its epochs take this many times as long as expected when it was planned."""

Pace = Mapping[str, float]
"""Seconds per epoch, by kind."""


@dataclass(frozen=True)
class Turn:
    """The epochs that an arm runs in one turn."""

    arm: str
    indices: list[int]
    """The counted epochs."""
    before: list[int] = field(default_factory=list)
    """The epochs that run just before these and are recorded separately: those that may trace, and settling epochs."""
    settling: int = 0
    """The number of settling epochs. They are the last ones in `before`."""
    after: list[int] = field(default_factory=list)
    """The epochs that run just after and are recorded separately: the one after a refinement, which may trace too."""


def varied(length: Length, shortened: float, more: float) -> Length:
    """Return the length of one turn.

    `shortened` is the fraction of the usual counted epochs that the turn has. `more`, a random number from 0 to 1,
    determines the number of additional settling epochs, so that periodic work of an arm does not always fall on
    settling epochs.
    """
    spread = max(1, round(VARIED * length.settling)) if length.settling else 0
    settling = length.settling + min(int(more * (spread + 1)), spread)
    return Length(settling, ceil(length.counted * shortened))


def make_rng(plan: Plan, block: int, group: int, what: str) -> random.Random:
    """Return a random generator for `what`, with a seed that depends only on these arguments."""
    return random.Random(f"{plan.seed}/{block}/{group}/{what}")


def warm_up(plan: Plan, arm: str, descriptions: Mapping[str, Description]) -> list[int]:
    """Return the first epoch of each kind and the epochs that it requires, in order, and then one epoch from the middle
    of each kind to determine its pace. Each occurs once, because repeated epochs do not cost the same as in training.
    """
    schedules = {label: Schedule(own) for label, own in descriptions.items()}
    own = schedules[arm]
    firsts = own.firsts()
    middles = _choose_middles(arm, schedules, plan.baseline, firsts).values()
    in_order = sorted({*firsts, *(index for place in middles for index in own.opening(place.stretch))})
    return list(dict.fromkeys([*in_order, *(place.index for place in middles)]))


ROW_SECONDS = 5.0
"""Maximum time of consecutive epochs of one kind under a probe, in seconds."""
FEWEST_IN_A_ROW, MOST_IN_A_ROW = 5, 60
"""Limits of the number of those epochs, which must be enough to show what grows from each epoch to the next."""


def in_a_row(seconds: float) -> int:
    """Return the number of consecutive epochs to observe if each takes this many seconds."""
    return min(max(int(ROW_SECONDS / max(seconds, 1e-5)), FEWEST_IN_A_ROW), MOST_IN_A_ROW)


def watched(
    plan: Plan, arm: str, descriptions: Mapping[str, Description], pace: Pace, most: int | None = None
) -> list[int]:
    """Return an arm's warm-up epochs, and then consecutive epochs from the middle of each kind that is not single."""
    schedules = {arm: Schedule(descriptions[arm])}
    warmed = warm_up(plan, arm, {arm: descriptions[arm]})
    indices = list(warmed)
    for kind, place in _choose_middles(arm, schedules, arm, schedules[arm].firsts()).items():
        there = place.stretch.stop - place.stretch.start - 1
        row = place.epochs(min(in_a_row(pace.get(kind, plan.slice_seconds)), there, most or there))
        indices += [*place.preparation(indices), *row]
    return indices


def _choose_middles(arm: str, schedules: Mapping[str, Schedule], baseline: str, ran: Sequence[int]) -> dict[str, Place]:
    """Return, for each kind that is not single, the place nearest to the middle of that kind in the baseline's schedule
    that can be reached after `ran`. If the baseline lacks the kind, the arm's own schedule counts."""
    own = schedules[arm]
    middles = {}
    for kind, stretches in own.stretches(ran).items():
        leading = schedules.get(baseline, own)
        middle, *_ = spread(leading if kind in leading.kinds else own, kind, 1)
        middles[kind] = Place(own, stretches, middle)
    return middles


@dataclass(frozen=True)
class _Visit:
    """One arm's part in a round of a kind that is not single."""

    arm: str
    place: Place
    length: Length


class Sample:
    """Plans the turns of one block. Each depends on what has run before it, so they must be taken once and in order."""

    def __init__(
        self,
        plan: Plan,
        block: int,
        group: int,
        descriptions: Mapping[str, Description],
        paces: Mapping[str, Pace],
    ) -> None:
        self._plan, self._paces = plan, paces
        self._block_and_group = block, group
        self._schedules = {arm: Schedule(own) for arm, own in descriptions.items()}
        self._warmed = {arm: warm_up(plan, arm, descriptions) for arm in descriptions}
        self._ran = {arm: set(own) for arm, own in self._warmed.items()}
        """The epochs that each arm has run before the current turn."""
        self._latest_paces: dict[tuple[str, str], float] = {}
        """Seconds per epoch in the latest slice, by arm and kind."""
        self._spent = 0.0
        """Seconds of all epochs together."""
        self._arms_with: dict[str, list[str]] = {}
        """The arms that have each kind, the baseline first."""
        for arm in sorted(descriptions, key=lambda arm: arm != plan.baseline):
            for kind in self._schedules[arm].kinds:
                self._arms_with.setdefault(kind, []).append(arm)

    def turns(self) -> Iterator[list[Turn]]:
        """Yield the turns of each round, in no particular order within the round."""
        fresh = {kind: self._list_fresh_singles(kind) for kind in self._arms_with}
        quotas = self._allot_epochs({kind: min(map(len, own.values())) for kind, own in fresh.items() if own})
        drawn = {kind: self._draw_singles(kind, fresh[kind], quotas[kind]) for kind in quotas if fresh[kind]}
        will_have_run = {arm: self._ran[arm].union(*(own.get(arm, []) for own in drawn.values())) for arm in self._ran}
        rounds = [
            visits
            for kind in quotas
            if not fresh[kind]
            for visits in self._plan_rounds(kind, quotas[kind], will_have_run)
        ]
        yield from self._plan_single_rounds(
            drawn, {(visit.arm, visit.place.stretch.start) for v in rounds for visit in v}
        )
        done: Counter[str] = Counter()
        for visits in make_rng(self._plan, *self._block_and_group, "kinds").sample(rounds, len(rounds)):
            kind = visits[0].place.stretch.kind
            if done[kind] < ROUNDS_OF_SLOW or not self._takes_too_long():
                done[kind] += 1
                yield [self._plan_turn(visit) for visit in visits]

    def observe(self, arm: str, epochs: Sequence[Epoch]) -> None:
        """Record the times of a slice of an arm."""
        self._spent += sum(epoch.wall for epoch in epochs)
        for kind in {epoch.kind for epoch in epochs}:
            self._latest_paces[arm, kind] = median(epoch.wall for epoch in epochs if epoch.kind == kind)

    def _takes_too_long(self) -> bool:
        plan, arms = self._plan, len(self._ran)
        without_budget = MOST_SECONDS * arms if plan.epochs is None else inf
        within_budget = BUDGETED * plan.budget / plan.fewest * arms / len(plan.arms) if plan.budget else inf
        return self._spent > min(without_budget, within_budget)

    def _list_fresh_singles(self, kind: str) -> dict[str, list[int]]:
        """Return the epochs of a kind that have not run, for the arms in which the kind is single."""
        own = {
            arm: [segment.start for segment in self._schedules[arm].kinds[kind] if segment.start not in self._ran[arm]]
            for arm in self._arms_with[kind]
            if kind in self._schedules[arm].singles
        }
        return {arm: left for arm, left in own.items() if left}

    def _allot_epochs(self, available: Mapping[str, int]) -> dict[str, int]:
        """Return the number of epochs of each kind, for the arm with the shortest slices of that kind.

        `available` are the numbers of epochs that single kinds have left. The plan's epochs are divided in proportion
        to the square root of the time that a kind takes in the baseline's schedule. In proportion to the time itself, a
        refinement of milliseconds would never be sampled, and one of seconds would take all epochs.
        """
        steady = {
            kind: lengths
            for kind in self._arms_with
            if kind not in available
            if (lengths := self._choose_lengths(kind))
        }
        if not self._plan.epochs:
            quotas = {kind: min(FEWEST_SINGLES, number) for kind, number in available.items()}
            return quotas | {
                kind: max(self._plan.rounds * min(length.counted for length in lengths.values()), FEWEST_EPOCHS)
                for kind, lengths in steady.items()
            }
        weights = {}
        for kind in [*available, *steady]:
            leading = self._arms_with[kind][0]
            weights[kind] = sqrt(self._schedules[leading].count(kind) * self._get_pace(leading, kind))
        share = self._plan.epochs / sum(weights.values()) if weights else 0.0
        quotas = {
            kind: min(max(FEWEST_SINGLES, round(share * weights[kind])), number) for kind, number in available.items()
        }
        left = self._plan.epochs - sum(quotas.values())
        share = left / sum(weights[kind] for kind in steady) if steady else 0.0
        return quotas | {kind: max(1, round(share * weights[kind])) for kind in steady}

    def _draw_singles(self, kind: str, fresh: Mapping[str, Sequence[int]], number: int) -> dict[str, list[int]]:
        """Return a systematic sample for each arm, in order: one epoch from each equal part, and the last epoch."""
        drawn = {}
        for arm, own in fresh.items():
            # A new generator for each arm, so that arms with equal schedules run the same epochs.
            rng = make_rng(self._plan, *self._block_and_group, kind)
            others = len(own) - 1
            edges = [part * others // (number - 1) for part in range(number)] if number > 1 else []
            drawn[arm] = [*(own[rng.randrange(low, high)] for low, high in pairwise(edges)), own[-1]]
        return drawn

    def _plan_single_rounds(
        self, drawn: Mapping[str, Mapping[str, list[int]]], to_open: set[tuple[str, int]]
    ) -> Iterator[list[Turn]]:
        """Yield the rounds of single kinds, in the order of the schedule.

        The epoch after a single epoch also runs if its stretch is in `to_open`, because a place there will be sampled,
        and after the last single epoch, to show the cost of such an epoch.
        """
        last = {arm: max((own[arm][-1] for own in drawn.values() if arm in own), default=0) for arm in self._ran}
        rounds = [
            (own[arms[0]][number], kind, number)
            for kind, own in drawn.items()
            if (arms := [arm for arm in self._arms_with[kind] if arm in own])
            for number in range(len(own[arms[0]]))
        ]
        middles = {
            (arm, kind): place
            for arm, warmed in self._warmed.items()
            for kind, place in _choose_middles(arm, self._schedules, self._plan.baseline, warmed).items()
        }
        for _, kind, number in sorted(rounds):
            turns = []
            for arm in self._arms_with[kind]:
                if arm in drawn[kind]:
                    index = drawn[kind][arm][number]
                    opened = index == last[arm] or (arm, index + 1) in to_open
                    turns += self._plan_single_turn(arm, index, opened)
                elif (arm, kind) in middles:
                    turns.append(self._plan_turn(_Visit(arm, middles[arm, kind], self._choose_lengths(kind)[arm])))
            if turns:
                yield turns

    def _plan_single_turn(self, arm: str, index: int, opened: bool) -> list[Turn]:
        """Return the turn of a single epoch, with the epoch after it if `opened`, or no turn if it has run already."""
        own, ran = self._schedules[arm], self._ran[arm]
        if index in ran:
            return []
        before = sorted(own.way_to(index) - ran)
        after = [opening for opening in own.opening_after(index) if opened and opening not in ran]
        ran.update(before, [index], after)
        return [Turn(arm, [index], before, after=after)]

    def _plan_rounds(self, kind: str, epochs: int, will_have_run: Mapping[str, set[int]]) -> list[list[_Visit]]:
        """Return the rounds of a kind that is not single, each at one of its places.

        `will_have_run` are the epochs that each arm has run before these rounds.
        """
        lengths = self._choose_lengths(kind)
        shortest = min(length.counted for length in lengths.values())
        number = max(ceil(epochs / shortest), min(epochs, self._plan.rounds // 2))
        shortened = min(1.0, epochs / (number * shortest))  # all slices are shortened alike if necessary

        def places_of(arm: str, targets: list[int]) -> list[Place]:
            own = self._schedules[arm]
            return [Place(own, own.stretches(will_have_run[arm])[kind], target) for target in targets]

        leading = next(iter(lengths))
        targets = spread(self._schedules[leading], kind, min(MOST_PLACES, ceil(number / 2)))
        targets = [target + self._shift_by_block(lengths[leading], number / len(targets)) for target in targets]
        reached = [place.index for place in places_of(leading, targets)]  # the other arms follow the first one
        places = {arm: places_of(arm, reached) for arm in lengths}
        rng = make_rng(self._plan, *self._block_and_group, f"lengths of {kind}")
        return [
            [_Visit(arm, own[round_ % len(own)], varied(lengths[arm], shortened, more)) for arm, own in places.items()]
            for round_ in range(number)
            for more in [rng.random()]
        ]

    def _shift_by_block(self, length: Length, rounds: float) -> int:
        """Return by how many epochs a block samples later than the first block.

        Each block continues where the one before stopped, with some overlap, so that the blocks together cover periodic
        work.
        """
        block, _ = self._block_and_group
        return int(block * OVERLAP * rounds * (length.settling + length.counted))

    def _plan_turn(self, visit: _Visit) -> Turn:
        ran = self._ran[visit.arm]
        settling, counted = visit.length.settling, self._limit_counted(visit)
        indices = visit.place.epochs(settling + counted)
        before = [*visit.place.preparation(ran), *indices[:settling]]
        ran.update(before, indices)
        return Turn(visit.arm, indices[settling:], before=before, settling=settling)

    def _limit_counted(self, visit: _Visit) -> int:
        """Return the number of counted epochs in a turn, which is reduced if epochs have become slower than planned."""
        kind = visit.place.stretch.kind
        then, now = self._get_pace(visit.arm, kind), self._latest_paces.get((visit.arm, kind), 0.0)
        return visit.length.counted if now <= SLOWER * then else max(1, int(visit.length.counted * then / now))

    def _choose_lengths(self, kind: str) -> dict[str, Length]:
        """Return the length of a turn for each arm in which the kind is not single."""
        arms = [arm for arm in self._arms_with[kind] if kind not in self._schedules[arm].singles]
        return {
            arm: turn_length.length(self._plan.slice_seconds, self._plan.settling_seconds, self._get_pace(arm, kind))
            for arm in arms
        }

    def _get_pace(self, arm: str, kind: str) -> float:
        return self._paces[arm].get(kind, self._plan.slice_seconds)

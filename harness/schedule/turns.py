"""Determines which epochs each arm of a block runs, and in which order.

This depends on the plan, on the descriptions of the arms and on how long their epochs take. If every arm can seek,
epochs are sampled across the schedule: see `sampling`. Otherwise all arms run epochs 0, 1, 2, ... in lockstep: see
`lockstep`.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import overload

from harness.plan.plan import Plan
from harness.record.schema import Epoch
from harness.schedule import sampling
from harness.schedule.lockstep import Lengths, Lockstep
from harness.schedule.positions import Schedule
from harness.schedule.sampling import Pace, Turn, make_rng
from harness.worker.wire.messages import Description

__all__ = ["Pace", "Round", "Rounds", "Turn", "counted", "in_lockstep", "rounds", "start_order", "warm_up"]


@dataclass(frozen=True)
class Round:
    number: int
    turns: list[Turn]


def start_order(plan: Plan, block: int, group: int, arms: Sequence[str]) -> list[str]:
    """Return a random order in which to start the processes, because the first one tends to be slower."""
    return make_rng(plan, block, group, "start").sample(list(arms), len(arms))


def in_lockstep(descriptions: Mapping[str, Description]) -> bool:
    return not all(description.seekable for description in descriptions.values())


def warm_up(plan: Plan, arm: str, descriptions: Mapping[str, Description]) -> list[int]:
    """Return the epochs that an arm runs before any turns: the first of each kind, and some to determine its pace."""
    if in_lockstep(descriptions):
        return list(range(Lengths.of(plan, descriptions).lead))
    return sampling.warm_up(plan, arm, descriptions)


def watched(
    plan: Plan, arm: str, descriptions: Mapping[str, Description], pace: Pace, most: int | None = None
) -> list[int]:
    """Return the epochs that an arm runs under a probe: its first ones, then consecutive ones of each kind.

    `most` limits the number of consecutive epochs.
    """
    if in_lockstep(descriptions):
        lengths = Lengths.of(plan, descriptions)
        length = min(filter(None, (lengths.stop or sampling.in_a_row(max(pace.values(), default=0.0)), lengths.most)))
        return list(range(min(length, 1 + most if most else length)))
    return sampling.watched(plan, arm, descriptions, pace, most)


MORE = 3
"""How many more times the epochs are observed whose operations are timed, if they are short."""


def counted(description: Description, position: int) -> tuple[list[int], int]:
    """Return the epochs in which an arm counts and times operations: up to the first of each kind if it can seek,
    otherwise the next one, which is epoch `position`. None are left if its schedule is over.

    They run twice, or the ones after them too, because the first time includes what a profiler does only once, and may
    trace. What follows only makes times more certain; the second value is how many of them have to run.
    """
    schedule = Schedule(description)
    if description.seekable:
        firsts = schedule.firsts()
        after = [index + (index + 1 < schedule.segment(index).stop) for index in firsts]
        again = list(dict.fromkeys(after))
        return [*firsts, *again, *again * MORE], len(firsts) + len(again)
    following = range(position, position + 2 + MORE)
    return [index for index in following if not schedule.segments or index < schedule.stop], 2


class Rounds(Sequence[Round]):
    """The rounds of a block. Each is planned when it is needed, after `observe` has been called for all slices before.

    Iterating again gives the same rounds, for arms that run one after the other.
    """

    def __init__(
        self, plan: Plan, block: int, group: int, descriptions: Mapping[str, Description], paces: Mapping[str, Pace]
    ) -> None:
        self._made: list[Round] = []
        self._lockstep: Lockstep | None = None
        self._sample: sampling.Sample | None = None
        if in_lockstep(descriptions):
            self._lockstep = Lockstep(plan, make_rng(plan, block, group, "slices"), descriptions, paces)
            turns = self._lockstep.rounds()
        else:
            self._sample = sampling.Sample(plan, block, group, descriptions, paces)
            turns = self._sample.turns()
        self._rest = self._shuffle_rounds(turns, make_rng(plan, block, group, "turns"))

    def observe(self, turn: Turn, epochs: Sequence[Epoch]) -> None:
        """Record what an arm ran of its turn, settling epochs included. It may be only a part."""
        if self._lockstep:
            self._lockstep.observe(turn.arm, [*turn.before, *turn.indices], epochs)
        if self._sample:
            self._sample.observe(turn.arm, epochs)

    def drop(self, arm: str) -> None:
        """Remove an arm that failed, so that the others do not wait for it."""
        if self._lockstep:
            self._lockstep.drop(arm)

    def expect(self, lengths: Mapping[str, int]) -> None:
        """Take these as the numbers of epochs that programs are expected to have, though more may follow."""
        if self._lockstep:
            self._lockstep.expected = dict(lengths)

    def finish(self, arm: str) -> None:
        """Remove an arm whose training is over."""
        if self._lockstep:
            self._lockstep.finish(arm)

    @staticmethod
    def _shuffle_rounds(turns: Iterator[list[Turn]], order: random.Random) -> Iterator[Round]:
        for number, own in enumerate(turns, start=1):
            yield Round(number, order.sample(own, len(own)))

    def __iter__(self) -> Iterator[Round]:
        place = 0
        while place < len(self._made) or self._make_next():
            yield self._made[place]
            place += 1

    def _make_next(self) -> bool:
        made = next(self._rest, None)
        self._made += [made] if made else []
        return made is not None

    def __len__(self) -> int:
        """Return the number of all rounds. Those that remain are planned now, as if epochs took their expected time."""
        while self._make_next():
            pass
        return len(self._made)

    @overload
    def __getitem__(self, place: int) -> Round: ...
    @overload
    def __getitem__(self, place: slice) -> list[Round]: ...
    def __getitem__(self, place: int | slice) -> Round | list[Round]:
        len(self)
        return self._made[place]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Rounds) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]


def rounds(
    plan: Plan, block: int, group: int, descriptions: Mapping[str, Description], paces: Mapping[str, Pace]
) -> Rounds:
    """Return the rounds of a block: in each a slice of every arm, in random order, long enough for cheap switching."""
    return Rounds(plan, block, group, descriptions, paces)

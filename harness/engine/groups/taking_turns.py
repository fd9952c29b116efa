"""Arms that take turns: a slice of epochs each, round by round, or one arm after the other."""

from collections.abc import Generator, Iterator

from harness.engine.groups.group import Group
from harness.engine.groups.turn_slices import paces, slices_of
from harness.engine.machine.machine import free_memory_bytes
from harness.engine.processes.answers import Failed, Ran
from harness.record.events import Event, Progress
from harness.record.schema import BlockStart, Epoch
from harness.schedule import turns

TURN_SECONDS = 4.0
"""After so long a turn ends with the epoch under way: its epochs take far longer than those that it was planned by."""


class TakingTurns:
    """What the arms of `group` run where they are timed."""

    def __init__(self, group: Group) -> None:
        self._group = group

    def run_together(self) -> Iterator[Event]:
        """All arms live and take turns. If memory turns out not to hold them, end them and note that in `known`."""
        order = turns.start_order(self._group.plan, self._group.block, self._group.number, self._group.arms)
        try:
            yield BlockStart(self._group.block, self._group.number, order)
            yield from self._group.build(order)
            for label in list(self._group.live):
                if not (yield from self._warm_up(label)):
                    self._group.known.too_large.add(frozenset(self._group.arms))
                    yield from self._group.end("regrouped", "memory does not hold these arms together")
                    return
            yield from self._take_turns(self._rounds())
            yield from self._group.end("ok")
        finally:
            self._group.close()

    def run_one_by_one(self) -> Iterator[Event]:
        """Each arm runs its turns of every round before the next one starts, because memory holds only one.

        What else the machine does is then not shared, so the ratios are worth less; the record says that it was so.
        """
        order = turns.start_order(self._group.plan, self._group.block, self._group.number, self._group.arms)
        yield BlockStart(self._group.block, self._group.number, order, one_by_one=True)
        self._group.descriptions = {
            arm: self._group.known.descriptions[arm]
            for arm in self._group.arms
            if arm in self._group.known.descriptions
        }
        rounds = self._rounds()
        try:
            for label in order:
                yield from self._group.build([label])
                if label in self._group.live:
                    yield from self._warm_up(label)
                yield from self._take_turns(rounds)
                yield from self._group.end("ok")
        finally:
            self._group.close()

    def _warm_up(self, label: str) -> Generator[Event, None, bool]:
        """First epochs, alone: they trace and compile, and show how fast the arm is. False if memory gets short."""
        yield Progress(self._group.block, "first epochs", label)
        before = free_memory_bytes()
        largest = max(self._group.known.needs.values(), default=0)
        if self._group.crowded(self._group.known.needs.get(label, largest // 2)):
            return False
        start, *rest = turns.warm_up(self._group.plan, label, self._group.descriptions)
        epochs: list[Epoch] = []
        for indices in filter(None, ([start], rest)):
            if label in self._group.live:
                epochs += yield from self._group.slice(label, indices, 0, 0, self._group.counts(label))
                self._group.known.needs[label] = max(before - free_memory_bytes(), 0)
                if self._group.crowded(0):
                    return False
        self._group.known.paces[label] = paces(epochs)
        return True

    def _rounds(self) -> turns.Rounds:
        """The rounds of these arms. One whose pace nobody knows yet is taken to be like another."""
        some = next(iter(self._group.known.paces.values()), {})
        paces = {label: self._group.known.paces.get(label, some) for label in self._group.descriptions}
        return turns.rounds(self._group.plan, self._group.block, self._group.number, self._group.descriptions, paces)

    def _take_turns(self, rounds: turns.Rounds) -> Iterator[Event]:
        """The turns of those arms that live."""
        for done, round_ in enumerate(rounds):
            for position, turn in enumerate(round_.turns):
                if turn.arm not in self._group.live:
                    continue
                yield Progress(self._group.block, "taking turns", turn.arm, done, max(turns.ROUNDS, done + 1))
                ran = yield from self._turn(turn, round_.number, position)
                if turn.arm not in self._group.live:
                    rounds.drop(turn.arm)
                    continue
                rounds.observe(turn, ran)
                if turn.after:
                    yield from self._group.slice(turn.arm, turn.after, 0, 0)

    def _turn(self, turn: turns.Turn, number: int, position: int) -> Generator[Event, None, list[Epoch]]:
        """One order: nobody else runs between the epochs that settle and those that count."""
        arm = self._group.live[turn.arm]
        answer = arm.run([*turn.before, *turn.indices], least=len(turn.before) + 1, seconds=TURN_SECONDS)
        yield from slices_of(turn, answer, self._group.block, self._group.number, number, position)
        if not isinstance(answer, Ran):
            yield from self._group.lose(arm, answer)
        return answer.epochs if isinstance(answer, Ran | Failed) else []

"""Arms that take turns to be timed: a slice of epochs each, round by round, or one arm after the other."""

from collections.abc import Generator, Iterator

from harness.engine.groups.group import Group
from harness.engine.groups.turn_slices import paces, slices_of
from harness.engine.machine import memory
from harness.engine.machine.gpus import get_gpus
from harness.engine.processes.answers import Failed, Ran
from harness.record.events import Doing, Event, Progress
from harness.record.schema import BlockStart, Epoch
from harness.schedule import turns

TURN_SECONDS = 4.0
"""Seconds after which a turn ends, once the current epoch is finished: its epochs then take far longer than planned."""


class TakingTurns:
    """Runs the timed epochs of the arms of `group`."""

    def __init__(self, group: Group) -> None:
        self._group = group

    def run_together(self) -> Iterator[Event]:
        """Let all arms take turns, alive together. If memory does not hold them, end them and note that in `known`."""
        order = turns.start_order(self._group.plan, self._group.block, self._group.number, self._group.arms)
        try:
            yield BlockStart(self._group.block, self._group.number, order)
            yield from self._group.build(order)
            for label in list(self._group.live):
                if not (yield from self._warm_up(label)):
                    self._group.known.too_large.add(frozenset(self._group.arms))
                    yield from self._group.end("regrouped", "memory does not hold these arms together")
                    return
            yield from self._take_turns(self._plan_rounds())
            yield from self._group.end("ok")
        finally:
            self._group.close()

    def run_one_by_one(self) -> Iterator[Event]:
        """Run all rounds of one arm before the next arm starts, because memory holds only one.

        Disturbances of the machine are then not shared by the arms, so the ratios are less reliable; the record notes
        it.
        """
        order = turns.start_order(self._group.plan, self._group.block, self._group.number, self._group.arms)
        yield BlockStart(self._group.block, self._group.number, order, one_by_one=True)
        self._group.descriptions = {
            arm: self._group.known.descriptions[arm]
            for arm in self._group.arms
            if arm in self._group.known.descriptions
        }
        # Where no arms have been alive together before, each arm's rounds are planned once it has described itself.
        rounds = self._plan_rounds() if len(self._group.descriptions) == len(order) else None
        try:
            for label in order:
                yield from self._group.build([label])
                if label in self._group.live:
                    yield from self._warm_up(label)
                yield from self._take_turns(self._plan_rounds() if rounds is None else rounds)
                yield from self._group.end("ok")
        finally:
            self._group.close()

    def _warm_up(self, label: str) -> Generator[Event, None, bool]:
        """Run first epochs alone: they trace, compile and show the arm's pace. Returns False if memory runs short."""
        yield Progress(self._group.block, Doing.FIRST_EPOCHS, label)
        before = memory.free()
        if self._group.short_of_memory(self._group.expected_need(label)):
            return False
        start, *rest = turns.warm_up(self._group.plan, label, self._group.descriptions)
        epochs: list[Epoch] = []
        for indices in filter(None, ([start], rest)):
            if label in self._group.live and label not in self._group.ended:
                epochs += yield from self._group.run_slice(label, indices, 0, 0, self._group.should_count(label))
                self._group.known.needs[label] = memory.used_since(before)
                if self._group.short_of_memory({}):
                    return False
        self._group.known.paces[label] = paces(epochs)
        return True

    def _plan_rounds(self) -> turns.Rounds:
        """The rounds of these arms. An arm of unknown pace gets the pace of another."""
        other = next(iter(self._group.known.paces.values()), {})
        paces = {label: self._group.known.paces.get(label, other) for label in self._group.descriptions}
        return turns.rounds(self._group.plan, self._group.block, self._group.number, self._group.descriptions, paces)

    def _take_turns(self, rounds: turns.Rounds) -> Iterator[Event]:
        """Run the turns of the arms that are alive, and whose training is not over."""
        for label in self._group.ended:
            rounds.finish(label)
        for done, round_ in enumerate(rounds):
            for position, turn in enumerate(round_.turns):
                if turn.arm not in self._group.live or turn.arm in self._group.ended:
                    continue
                steps = max(self._group.plan.rounds, done + 1)
                yield Progress(self._group.block, Doing.TAKING_TURNS, turn.arm, done, steps)
                ran = yield from self._run_turn(turn, round_.number, position)
                if turn.arm not in self._group.live:
                    rounds.drop(turn.arm)
                    continue
                rounds.observe(turn, ran)
                rounds.expect(self._group.expected)
                if turn.arm in self._group.ended:
                    rounds.finish(turn.arm)
                if turn.after:
                    yield from self._group.run_slice(turn.arm, turn.after, 0, 0)

    def _run_turn(self, turn: turns.Turn, number: int, position: int) -> Generator[Event, None, list[Epoch]]:
        """Run a turn as one order, so that no other arm runs between the settling epochs and the counted ones."""
        arm = self._group.live[turn.arm]
        answer = arm.run(
            [*turn.before, *turn.indices], least=len(turn.before) + 1, seconds=TURN_SECONDS, settling=len(turn.before)
        )
        self._group.note_end(turn.arm, answer)
        gpus = get_gpus().states()
        yield from slices_of(turn, answer, self._group.block, self._group.number, number, position, gpus)
        if not isinstance(answer, Ran):
            yield from self._group.record_failure(arm, answer)
        return answer.epochs if isinstance(answer, Ran | Failed) else []

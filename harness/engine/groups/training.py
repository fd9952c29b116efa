"""The arms of one seed, trained from their first epoch to their last and evaluated on the way: they take turns."""

from collections import defaultdict
from collections.abc import Iterator

from harness.engine.groups.group import RESERVE_BYTES, Group
from harness.engine.machine.machine import free_memory_bytes
from harness.engine.processes.answers import Evaluated
from harness.record.events import Event, Progress
from harness.record.schema import BlockStart, Evaluation
from harness.schedule import training_parts, turns


class Training:
    """Trains the arms of `group` whole. Nothing warms them up: first epochs are training."""

    def __init__(self, group: Group) -> None:
        self._group = group
        self._short_of_memory = False
        self._begun: set[str] = set()
        self._walls: dict[tuple[str, str], list[float]] = defaultdict(list)
        """Of each arm and kind of epoch: kinds cost differently, in time and in memory."""

    def train(self, alone: bool = False) -> Iterator[Event]:
        """All arms live and take turns, a part each. If memory turns out not to hold them, end them and note that.

        `alone` says that the others train before and after, because that was noted.
        """
        order = turns.start_order(self._group.plan, self._group.block, self._group.number, self._group.arms)
        try:
            yield BlockStart(self._group.block, self._group.number, order, one_by_one=alone)
            yield from self._group.build(order)
            yield from self._take_parts()
            if self._short_of_memory:
                self._group.known.too_large.add(frozenset(self._group.arms))
                yield from self._group.end("regrouped", "memory does not hold these arms together")
            else:
                yield from self._group.end("ok")
        finally:
            self._group.close()

    def _take_parts(self) -> Iterator[Event]:
        """Train and evaluate part by part, until all arms are done, or memory gets short."""
        lengths = {arm: own.segments[-1].stop for arm, own in self._group.descriptions.items()}
        rounds = training_parts.rounds(self._group.plan, self._group.block, self._group.number, lengths)
        for round_ in rounds:
            done = max(round_.number - 1, 0)
            for position, turn in enumerate(round_.turns):
                if turn.indices and turn.arm in self._group.live:
                    yield Progress(self._group.block, "training", turn.arm, done, len(rounds) - 1)
                    yield from self._run_part(turn, round_.number, position)
                if self._short_of_memory:
                    return
                if turn.arm in self._group.live:
                    yield Progress(self._group.block, "evaluating", turn.arm, done, len(rounds) - 1)
                    yield from self._evaluate(turn.arm, turn.indices[-1] + 1 if turn.indices else 0)

    def _run_part(self, turn: turns.Turn, number: int, position: int) -> Iterator[Event]:
        label = turn.arm
        if label not in self._begun:
            self._begun.add(label)
            largest = max(self._group.known.needs.values(), default=0)
            self._short_of_memory = self._group.crowded(self._group.known.needs.get(label, largest // 2))
        for kind, indices in training_parts.stretches(turn.indices, self._group.descriptions[label].segments):
            walls, done = self._walls[label, kind], 0
            while done < len(indices) and label in self._group.live and not self._short_of_memory:
                before, first = free_memory_bytes(), not walls
                size = training_parts.slice_length(walls, self._group.plan.timeout)
                epochs = yield from self._group.slice(label, indices[done : done + size], number, position)
                walls += [epoch.wall for epoch in epochs]
                done += size
                self._note_memory(label, before, first)

    def _note_memory(self, label: str, before: int, first: bool) -> None:
        """See whether memory gets short. The first epoch of a kind shows what an arm takes from then on."""
        if first:
            taken = max(before - free_memory_bytes(), 0)
            self._group.known.needs[label] = max(self._group.known.needs.get(label, 0), taken)
            self._short_of_memory = self._group.crowded(0)
        else:  # what they grow by has been set aside: it is theirs to use
            self._short_of_memory = len(self._group.live) > 1 and free_memory_bytes() < RESERVE_BYTES

    def _evaluate(self, label: str, epochs: int) -> Iterator[Event]:
        """Ask what a training has come to. That takes no part of its time."""
        target = self._group.plan.target
        answer = self._group.live[label].evaluate(epochs, target.metric if target else None)
        if isinstance(answer, Evaluated):
            yield Evaluation(self._group.block, self._group.number, label, epochs, answer.metrics)
        else:
            yield from self._group.lose(self._group.live[label], answer)

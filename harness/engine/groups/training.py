"""Trains the arms of one seed from their first epoch to their last, in turns, and evaluates them on the way."""

from collections import defaultdict
from collections.abc import Iterator

from harness.engine.groups.group import RESERVE_BYTES, Group
from harness.engine.machine.machine import free_memory_bytes
from harness.engine.processes.answers import Evaluated
from harness.record.events import Doing, Event, Progress
from harness.record.schema import BlockStart, Evaluation
from harness.schedule import training_parts, turns


class Training:
    """Trains the arms of `group` whole. There is no warm-up: first epochs are part of the training."""

    def __init__(self, group: Group) -> None:
        self._group = group
        self._short_of_memory = False
        self._begun: set[str] = set()
        self._walls: dict[tuple[str, str], list[float]] = defaultdict(list)
        """Seconds of each epoch so far, by arm and kind of epoch: kinds differ in time and memory."""

    def train(self, alone: bool = False) -> Iterator[Event]:
        """Train all arms in turns, a part each, alive together. If memory does not hold them, end them and note that.

        `alone`: the group is a single arm, because memory did not hold all of them together.
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
        """Train and evaluate part by part, until all arms are done or memory runs short."""
        lengths = {arm: own.segments[-1].stop for arm, own in self._group.descriptions.items()}
        rounds = training_parts.rounds(self._group.plan, self._group.block, self._group.number, lengths)
        for round_ in rounds:
            done = max(round_.number - 1, 0)
            for position, turn in enumerate(round_.turns):
                if turn.indices and turn.arm in self._group.live:
                    yield Progress(self._group.block, Doing.TRAINING, turn.arm, done, len(rounds) - 1)
                    yield from self._run_part(turn, round_.number, position)
                if self._short_of_memory:
                    return
                if turn.arm in self._group.live:
                    yield Progress(self._group.block, Doing.EVALUATING, turn.arm, done, len(rounds) - 1)
                    yield from self._evaluate(turn.arm, turn.indices[-1] + 1 if turn.indices else 0)

    def _run_part(self, turn: turns.Turn, number: int, position: int) -> Iterator[Event]:
        label = turn.arm
        if label not in self._begun:
            self._begun.add(label)
            largest = max(self._group.known.needs.values(), default=0)
            self._short_of_memory = self._group.short_of_memory(self._group.known.needs.get(label, largest // 2))
        for kind, indices in training_parts.stretches(turn.indices, self._group.descriptions[label].segments):
            walls, done = self._walls[label, kind], 0
            while done < len(indices) and label in self._group.live and not self._short_of_memory:
                before, first = free_memory_bytes(), not walls
                size = training_parts.slice_length(walls, self._group.plan.timeout)
                epochs = yield from self._group.run_slice(label, indices[done : done + size], number, position)
                walls += [epoch.wall for epoch in epochs]
                done += size
                self._note_memory(label, before, first)

    def _note_memory(self, label: str, before: int, first: bool) -> None:
        """Note whether memory runs short. The first epoch of a kind shows how much memory an arm uses from then on."""
        if first:
            used = max(before - free_memory_bytes(), 0)
            self._group.known.needs[label] = max(self._group.known.needs.get(label, 0), used)
            self._short_of_memory = self._group.short_of_memory(0)
        else:  # the arms may use the margin that was reserved for their growth
            self._short_of_memory = len(self._group.live) > 1 and free_memory_bytes() < RESERVE_BYTES

    def _evaluate(self, label: str, epochs: int) -> Iterator[Event]:
        """Evaluate a training so far. This does not count as training time."""
        target = self._group.plan.target
        answer = self._group.live[label].evaluate(epochs, target.metric if target else None)
        if isinstance(answer, Evaluated):
            yield Evaluation(self._group.block, self._group.number, label, epochs, answer.metrics)
        else:
            yield from self._group.record_failure(self._group.live[label], answer)

"""Trains the arms of one seed from their first epoch to their last, in turns, and evaluates them on the way."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from harness.engine.groups.group import Group
from harness.engine.groups.reported import Reported
from harness.engine.machine import memory
from harness.engine.processes.answers import Evaluated, Failed
from harness.record.events import Doing, Event, Progress
from harness.record.schema import BlockStart, Evaluation
from harness.schedule import training_parts, turns


class Training:
    """Trains the arms of `group` whole. There is no warm-up: first epochs are part of the training.

    A trainer evaluates itself. A program is evaluated by what it reported last.
    """

    def __init__(self, group: Group) -> None:
        self._group = group
        self._short_of_memory = False
        self._begun: set[str] = set()
        self._walls: dict[tuple[str, str], list[float]] = defaultdict(list)
        """Seconds of each epoch so far, by arm and kind of epoch: kinds differ in time and memory. Those of a program
        are not told apart, as its kinds are not known beforehand."""
        self._reported: dict[str, Reported] = {}
        """What each program has reported."""

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
        plan, descriptions = self._group.plan, self._group.descriptions
        self._reported = {arm: Reported() for arm, own in descriptions.items() if own.marked_by}
        trainers = set(descriptions) - {*self._reported, *plan.references}
        rounds = training_parts.rounds(
            plan,
            self._group.block,
            self._group.number,
            {arm: self._split(arm) for arm in descriptions},
            untrained=trainers,
            is_over=lambda arm: arm in self._group.ended or arm not in self._group.live,
        )
        steps = self._count_steps()
        for round_ in rounds:
            done = max(round_.number - 1, 0)
            for position, turn in enumerate(round_.turns):
                where = (turn.arm, done, steps if done < steps else 0)
                if turn.indices and turn.arm in self._group.live:
                    yield Progress(self._group.block, Doing.TRAINING, *where)
                    yield from self._run_part(turn, round_.number, position)
                if self._short_of_memory:
                    return
                if turn.arm in self._reported and turn.arm in self._group.live:
                    yield from self._read_report(turn.arm)
                elif turn.arm in self._group.live:
                    yield Progress(self._group.block, Doing.EVALUATING, *where)
                    yield from self._evaluate(turn.arm, turn.indices[-1] + 1 if turn.indices else 0)

    def _split(self, label: str) -> Iterable[list[int]]:
        """The parts of an arm. References have parts of one epoch."""
        plan, description = self._group.plan, self._group.descriptions[label]
        assert plan.evaluations is not None, "a plan of whole trainings has a number of evaluations"
        if label in self._reported:
            return training_parts.split_program(description.expected, plan.epochs, plan.evaluations)
        length = description.segments[-1].stop
        return training_parts.split(length, length if label in plan.references else plan.evaluations)

    def _count_steps(self) -> int:
        """Return the number of rounds; 0 if it is unknown, because a program does not know its length."""
        plan = self._group.plan
        parts = 0
        for label, own in self._group.descriptions.items():
            lengths = [one for one in (own.expected, plan.epochs) if one]
            if label not in self._reported:
                parts = max(parts, len(list(self._split(label))))
            elif lengths and plan.evaluations:
                parts = max(parts, min(plan.evaluations, *lengths))
            else:
                return 0
        return parts

    def _run_part(self, turn: turns.Turn, number: int, position: int) -> Iterator[Event]:
        label = turn.arm
        if label not in self._begun:
            self._begun.add(label)
            self._short_of_memory = self._group.short_of_memory(self._group.expected_need(label))
        if label in self._reported:
            yield from self._run_stretch(label, "", turn.indices, number, position)
            return
        for kind, indices in training_parts.stretches(turn.indices, self._group.descriptions[label].segments):
            yield from self._run_stretch(label, kind, indices, number, position)

    def _run_stretch(self, label: str, kind: str, indices: list[int], number: int, position: int) -> Iterator[Event]:
        """Run epochs of one kind in slices, as long as the arm is alive, its training not over and memory left."""
        walls, done = self._walls[label, kind], 0
        while done < len(indices) and label in self._group.live and not self._short_of_memory:
            before, first = memory.free(), not walls
            size = training_parts.slice_length(walls, self._group.plan.timeout)
            epochs = yield from self._group.run_slice(label, indices[done : done + size], number, position)
            walls += [epoch.wall for epoch in epochs]
            done += size
            self._note_memory(label, before, first)
            if label in self._reported:
                self._reported[label].add(epochs)
            if label in self._group.ended:
                return

    def _note_memory(self, label: str, before: memory.Amounts, first: bool) -> None:
        """Note whether memory runs short. The first epoch of a kind shows how much memory an arm uses from then on."""
        if first:
            needs = self._group.known.needs
            needs[label] = memory.largest([needs.get(label, {}), memory.used_since(before)])
            self._short_of_memory = self._group.short_of_memory({})
        else:  # the arms may use the margin that was reserved for their growth
            self._short_of_memory = self._group.short_of_memory_now()

    def _evaluate(self, label: str, epochs: int) -> Iterator[Event]:
        """Evaluate a training so far. This does not count as training time."""
        target = self._group.plan.target
        answer = self._group.live[label].evaluate(epochs, target.metric if target else None)
        if isinstance(answer, Evaluated):
            yield Evaluation(self._group.block, self._group.number, label, epochs, answer.metrics)
        else:
            yield from self._group.record_failure(self._group.live[label], answer)

    def _read_report(self, label: str) -> Iterator[Event]:
        """Record what a program reported last, if it ran any further. Its training is over if it has ended, or if it
        has run as many epochs as were asked for; then it must have reported the metric that is looked for."""
        plan, own = self._group.plan, self._reported[label]
        if own.is_new and own.metrics:
            yield Evaluation(self._group.block, self._group.number, label, own.epochs, own.take())
        missing = own.why_missing(plan.target.metric if plan.target else None)
        if missing and (label in self._group.ended or own.epochs == plan.epochs):
            moment = f"after {own.epochs} {'epoch' if own.epochs == 1 else 'epochs'}"
            yield from self._group.record_failure(self._group.live[label], Failed(moment, missing))

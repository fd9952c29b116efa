"""Runs a plan: takes turns between arms, and yields what happens as it happens.

It does nothing between two events: whoever consumes them draws, writes and computes while no arm is being timed.
"""

from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path
from time import monotonic

from harness import turns
from harness.engine.arm import ArmProcess, hear_any
from harness.engine.machine import free_memory_bytes
from harness.engine.messages import Answer, Built, Failed, Finished, Ran
from harness.events import Event, Progress
from harness.plan import Plan, usable_cores
from harness.record import ArmEnd, ArmReady, BlockEnd, BlockStart, Description, Epoch, Slice

BUILDS_AT_ONCE = 2
GROWTH = 1.15
"""What an arm may come to need beyond its first epochs, as its batch grows."""
RESERVE_BYTES = 500_000_000
"""Memory left to everything else when asking whether another arm still fits."""


def run(plan: Plan, logs: Path, go_on: Callable[[], bool]) -> Generator[Event]:
    """Run the blocks of `plan` until they are done or, asked after each, `go_on` says no. Keeps output under `logs`."""
    memory = _Memory()
    failed: set[str] = set()
    for block in range(plan.blocks):
        alive = [arm.label for arm in plan.arms if arm.label not in failed]
        if not alive or (block and not go_on()):
            break
        for event in _block(plan, block, alive, logs, memory):
            if isinstance(event, ArmEnd) and event.status == "failed":
                failed.add(event.arm)
            yield event
        yield BlockEnd(block)


class _Memory:
    """What each arm has been seen to need, and whether all of them fit in this machine at once."""

    def __init__(self) -> None:
        self.needs: dict[str, int] = {}
        self.together = True

    def fits(self, arm: str) -> bool:
        """Whether an arm still fits beside those that live; one never seen is taken for the largest that was."""
        expected = self.needs.get(arm, max(self.needs.values(), default=0))
        return GROWTH * expected + RESERVE_BYTES <= free_memory_bytes()


def _block(plan: Plan, block: int, arms: Sequence[str], logs: Path, memory: _Memory) -> Iterator[Event]:
    """One block: all arms together or, where memory does not hold them, each in turn with the baseline."""
    lost: set[str] = set()

    def group(number: int, of: int, members: Sequence[str]) -> Iterator[Event]:
        for event in _Group(plan, block, number, of, members, logs, memory).run():
            if isinstance(event, ArmEnd) and event.status == "failed":
                lost.add(event.arm)
            yield event

    if memory.together:
        yield from group(0, 1, arms)
        if memory.together:
            return
    others = [arm for arm in arms if arm != plan.baseline]
    for number, other in enumerate(others, start=1):
        pair = [arm for arm in (plan.baseline, other) if arm in arms and arm not in lost]
        yield from group(number, len(others), pair)


class _Group:
    """Arms that live at the same time and take turns."""

    def __init__(
        self, plan: Plan, block: int, group: int, groups: int, arms: Sequence[str], logs: Path, memory: _Memory
    ) -> None:
        self.plan, self.block, self.group, self.groups = plan, block, group, groups
        self.arms, self.logs, self.memory = arms, logs, memory
        self.cores = usable_cores()[-plan.threads :]
        self.live: dict[str, ArmProcess] = {}
        self.descriptions: dict[str, Description] = {}

    def run(self) -> Iterator[Event]:
        try:
            yield from self._build()
            paces: dict[str, turns.Pace] = {}
            for label in list(self.live):
                if self.group == 0 and len(self.arms) > 2 and paces and not self.memory.fits(label):
                    self.memory.together = False
                    yield from self._end("regrouped", "the arms do not fit in memory together")
                    return
                yield from self._warm_up(label, paces)
            yield from self._take_turns(paces)
            yield from self._end("ok", None)
        finally:
            for arm in self.live.values():
                arm.close()

    def _build(self) -> Iterator[Event]:
        """Start the processes, two at a time: nothing is timed yet."""
        waiting = turns.start_order(self.plan, self.block, self.group, self.arms)
        arms = {arm.label: arm for arm in self.plan.arms}
        building: list[ArmProcess] = []
        yield BlockStart(self.block, self.group, list(waiting))
        while waiting or building:
            while waiting and len(building) < BUILDS_AT_ONCE:
                label = waiting.pop(0)
                yield self._progress("building", label)
                log = self.logs / f"block{self.block}-group{self.group}-{self.plan.arms.index(arms[label])}.log"
                self.live[label] = ArmProcess(arms[label], self.plan, self.cores, log)
                building.append(self.live[label])
            for arm in hear_any(building, self.plan.timeout) or building[:1]:
                building.remove(arm)
                yield from self._note_built(arm)

    def _note_built(self, arm: ArmProcess) -> Iterator[Event]:
        answer = arm.hear()
        if not isinstance(answer, Built):
            yield from self._lose(arm, answer)
            return
        self.descriptions[arm.label] = answer.description
        seconds = monotonic() - arm.started
        yield ArmReady(
            self.block,
            self.group,
            arm.label,
            arm.pid,
            seconds,
            answer.description,
            answer.environment,
            answer.versions,
        )

    def _warm_up(self, label: str, paces: dict[str, turns.Pace]) -> Iterator[Event]:
        """First epochs, alone: they trace and compile, and show how fast the arm is."""
        yield self._progress("first epochs", label)
        before = free_memory_bytes()
        indices = turns.warm_up(self.plan, label, self.descriptions)
        epochs = yield from self._slice(label, indices, 0, 0)
        paces[label] = {epoch.kind: epoch.wall for epoch in epochs}
        self.memory.needs[label] = max(before - free_memory_bytes(), 0)

    def _take_turns(self, paces: dict[str, turns.Pace]) -> Iterator[Event]:
        living = {label: self.descriptions[label] for label in self.live}
        if not living:
            return
        rounds = turns.rounds(self.plan, self.block, self.group, living, paces)
        for done, round_ in enumerate(rounds):
            for position, turn in enumerate(round_.turns):
                if turn.arm in self.live:
                    yield self._progress("taking turns", turn.arm, done, len(rounds))
                    yield from self._slice(turn.arm, turn.indices, round_.number, position)

    def _slice(self, label: str, indices: list[int], number: int, position: int) -> Generator[Event, None, list[Epoch]]:
        arm = self.live[label]
        answer = arm.run(indices)
        epochs = answer.epochs if isinstance(answer, Ran | Failed) else []
        if epochs:
            yield Slice(self.block, self.group, number, position, label, epochs)
        if not isinstance(answer, Ran):
            yield from self._lose(arm, answer)
        return epochs

    def _lose(self, arm: ArmProcess, answer: Answer) -> Iterator[Event]:
        """An arm failed: keep its last words, end it, and let the others go on."""
        failure = answer if isinstance(answer, Failed) else Failed("?", f"it answered {type(answer).__name__}")
        arm.close()
        del self.live[arm.label]
        yield ArmEnd(
            self.block,
            self.group,
            arm.label,
            "failed",
            failure.reason,
            failure.moment,
            arm.last_lines(),
            failure.peak_rss_bytes,
            failure.peak_tensor_bytes,
        )

    def _end(self, status: str, reason: str | None) -> Iterator[Event]:
        for label, arm in list(self.live.items()):
            answer = arm.finish()
            if not isinstance(answer, Finished):
                yield from self._lose(arm, answer)
                continue
            arm.close()
            del self.live[label]
            yield ArmEnd(
                self.block,
                self.group,
                label,
                status,
                reason,
                peak_rss_bytes=answer.peak_rss_bytes,
                peak_tensor_bytes=answer.peak_tensor_bytes,
            )

    def _progress(self, doing: str, arm: str, step: int = 0, steps: int = 0) -> Progress:
        return Progress(self.block, doing, arm, step, steps, self.group, self.groups)

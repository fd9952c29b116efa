"""The processes of the arms that are compared with each other: all are alive at the same time, if memory allows it."""

from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Self

from harness.engine.groups.known import Known, Libraries
from harness.engine.groups.warm import choose_servers
from harness.engine.machine import memory
from harness.engine.machine.gpus import get_gpus
from harness.engine.processes.answers import Answer, Built, Counted, Failed, Finished, Ran, State, Stated
from harness.engine.processes.arm import CHECK_SECONDS, ArmProcess, receive_any
from harness.engine.processes.fork_client import ForkServer, ForkServers
from harness.plan.plan import AMPLE, Arm, Plan, usable_cores
from harness.record.drawings import name_lines_file
from harness.record.events import Doing, Event, Progress
from harness.record.schema import ArmEnd, ArmReady, Epoch, Objective, Slice, Work
from harness.schedule import turns
from harness.worker.wire.evidence import COUNTING
from harness.worker.wire.messages import Description, StateObjective

BUILDS_AT_ONCE = 2
NOTHING_LEFT = "no epoch was left in which operations could be counted"
TIMED_SECONDS = 0.5
"""Seconds of epochs after which the time of lines is certain enough."""
STATEMENTS = 2
"""Number of blocks in which an arm states the terms of its loss, each time in a new process."""


class NothingSeen(Exception):
    """A program ran to its end, but no epoch of it was seen. The argument is the arm's label."""


class Group:
    """Builds, runs and ends the processes of the arms `arms` of one block. Its methods yield events.

    It does not decide which epochs run, or in which order: see `blocks`.
    """

    def __init__(
        self,
        plan: Plan,
        block: int,
        number: int,
        arms: Sequence[str],
        logs: Path,
        known: Known,
        servers: ForkServers | None = None,
        exact_memory: bool = False,
        repeatable: bool = False,
    ) -> None:
        self.plan, self.block, self.number, self.arms = plan, block, number, arms
        self.logs, self.known, self.servers = logs, known, servers
        self.cores = usable_cores()[-plan.threads :]
        self.exact_memory, self.repeatable = exact_memory, repeatable
        self.live: dict[str, ArmProcess] = {}
        self.descriptions: dict[str, Description] = {}
        """Descriptions of all arms that were built. One that fails later still decides whether all run in lockstep."""
        self.expected: dict[str, int] = {}
        """The number of epochs that each program expects to have run at the end of its current loop, if it is known."""
        self.loops: dict[str, str] = {}
        """The loops in which programs computed gradients that ran as a whole."""
        self.after: dict[str, float] = {}
        """Seconds that each program ran after its last epoch."""
        self.positions: dict[str, int] = {}
        """The epoch after the last one that each arm ran."""
        self.counts_apart: set[str] = set()
        """The arms whose operations can only be counted in a pass of their own."""
        self.times_apart: set[str] = set()
        """The arms of which such a pass can tell the time of operations."""
        self.ended: set[str] = set()
        """The arms whose training is over: they run no more epochs."""
        self.states: dict[str, State] = {}
        """The latest state that each arm's process reported, for the record of an arm that dies."""

    def build(self, order: Sequence[str]) -> Iterator[Event]:
        """Start the processes in this order, two at a time: nothing is timed yet."""
        arms = {arm.label: arm for arm in self.plan.arms}
        forking = yield from self._find_servers([arms[label] for label in order])
        waiting = list(order)
        building: list[ArmProcess] = []
        while waiting or building:
            while waiting and len(building) < BUILDS_AT_ONCE:
                label = waiting.pop(0)
                yield Progress(self.block, Doing.BUILDING, label)
                log = self.logs / f"block{self.block}-group{self.number}-arm{self.plan.arms.index(arms[label])}.log"
                self.live[label] = ArmProcess(
                    arms[label],
                    self.plan,
                    self.block,
                    self.cores,
                    log,
                    forking.get(label),
                    self.exact_memory,
                    self.repeatable,
                )
                building.append(self.live[label])
            for arm in _wait_for_any(building):
                if not (yield from self._receive_start(arm)):
                    building.remove(arm)

    def _find_servers(self, arms: Sequence[Arm]) -> Generator[Event, None, dict[str, ForkServer]]:
        """Return the fork server of each arm that is forked, ready to fork."""
        found: dict[str, ForkServer] = {}
        if self.servers:
            for label, wanted in choose_servers(self.plan, self.block, arms, self.known).items():
                if self.servers.needs_start(wanted):
                    yield Progress(self.block, Doing.IMPORTING, label)
                if server := self.servers.find(wanted, self.cores):
                    found[label] = server
        return found

    def _receive_start(self, arm: ArmProcess) -> Generator[Event, None, bool]:
        """Handle the answer of a starting arm. Returns True if another answer follows: the terms of its loss."""
        answer = arm.receive()
        match answer:
            case Built():
                yield self._note_built(arm, answer)
                if self._should_state(arm.label):
                    self.known.stated.add((arm.label, self.block))
                    arm.send(StateObjective(), "in objective()")
                    return True
            case Stated(terms):
                if terms:
                    yield Objective(self.block, self.number, arm.label, terms)
            case Failed(unseen=True) if self._may_be_whole():
                raise NothingSeen(arm.label)
            case _:
                yield from self.record_failure(arm, answer)
        return False

    def _may_be_whole(self) -> bool:
        """Whether all arms are programs that could be measured as a whole instead."""
        plan = self.plan
        return not (plan.whole or plan.gate or plan.profiles or plan.trains) and all(arm.command for arm in plan.arms)

    def _note_built(self, arm: ArmProcess, answer: Built) -> ArmReady:
        self.known.descriptions[arm.label] = self.descriptions[arm.label] = answer.description
        self.states[arm.label] = answer.state
        if not arm.forked:
            self.known.libraries.setdefault(arm.label, Libraries(answer.imported, answer.not_forkable))
        return ArmReady(
            block=self.block,
            group=self.number,
            arm=arm.label,
            pid=arm.pid,
            build_seconds=monotonic() - arm.started,
            description=answer.description,
            environment=answer.environment,
            python=answer.python,
            prefix=answer.prefix,
            versions=answer.state.versions,
            started="forked" if arm.forked else "fresh",
            not_forkable=answer.not_forkable if self.plan.may_warm else "",
            seeded=answer.state.seeded,
            unavailable=answer.state.unavailable,
        )

    def short_of_memory(self, extra: memory.Amounts) -> bool:
        """Whether several arms are alive and memory would run short if they used `extra` more bytes and grew."""
        return len(self.live) > 1 and memory.is_short(extra, self.known.needs.values())

    def short_of_memory_now(self) -> bool:
        """Whether several arms are alive and hardly any memory is left, of what was reserved for their growth too."""
        return len(self.live) > 1 and memory.is_short({}, self.known.needs.values(), grows=False)

    def expected_need(self, label: str) -> memory.Amounts:
        """The memory that an arm will need beyond what it has: its own, or half of the largest of others."""
        needs = self.known.needs
        return needs[label] if label in needs else memory.half(memory.largest(needs.values()))

    def run_slice(
        self,
        label: str,
        indices: list[int],
        number: int,
        position: int,
        note_calls: bool = False,
        probe: str | None = None,
        timeline: Path | None = None,
        seconds: float | None = None,
    ) -> Generator[Event, None, list[Epoch]]:
        """Run these epochs of one arm, record them as a slice, and return those that it completed."""
        arm = self.live[label]
        answer = self.note_end(label, arm.run(indices, note_calls, probe, timeline, seconds=seconds))
        epochs = answer.epochs if isinstance(answer, Ran | Failed) else []
        if epochs:
            idle, between = (answer.idle, answer.between) if isinstance(answer, Ran) else (None, None)
            pending, early = (answer.pending, answer.early) if isinstance(answer, Ran) else (None, False)
            yield Slice(
                block=self.block,
                group=self.number,
                round=number,
                position=position,
                arm=label,
                epochs=epochs,
                idle=idle,
                probe=probe,
                between=between,
                pending=pending,
                gpus=get_gpus().states(),
                early=early,
            )
        if not isinstance(answer, Ran):
            yield from self.record_failure(arm, answer)
        return epochs

    def note_end(self, label: str, answer: Answer) -> Answer:
        """Note where an arm is, whether its training is over, or how long it is expected to be. Returns the answer."""
        if isinstance(answer, Ran) and answer.epochs:
            self.positions[label] = answer.epochs[-1].index + 1
        if isinstance(answer, Ran) and answer.counts_apart:
            self.counts_apart.add(label)
        if isinstance(answer, Ran) and answer.times_apart:
            self.times_apart.add(label)
        if isinstance(answer, Ran) and answer.expected:
            self.expected[label] = answer.expected
        if isinstance(answer, Ran) and answer.ended:
            self.ended.add(label)
            if answer.after is not None:
                self.after[label] = answer.after
            if answer.loop:
                self.loops[label] = answer.loop
        return answer

    def record_failure(self, arm: ArmProcess, answer: Answer) -> Iterator[Event]:
        """End an arm that failed, and record why, with its last output. The other arms go on."""
        failure = answer if isinstance(answer, Failed) else Failed("?", f"it answered {type(answer).__name__}")
        state = failure.state or self.states.get(arm.label) or State({}, {}, {})
        arm.close()
        del self.live[arm.label]
        yield ArmEnd(
            block=self.block,
            group=self.number,
            arm=arm.label,
            status="failed",
            reason=failure.reason,
            moment=failure.moment,
            last_lines=arm.last_lines(),
            peak_rss_bytes=failure.peak_rss_bytes,
            peak_tensor_bytes=failure.peak_tensor_bytes,
            unavailable=state.unavailable,
            versions=state.versions,
            seeded=state.seeded,
            threads=state.threads,
            threads_set_by=state.threads_set_by,
            arithmetic=state.arithmetic,
        )

    def end(self, status: str, reason: str | None = None) -> Iterator[Event]:
        """End all live arms and record their peak memory; count their operations first where that is due."""
        for label, arm in list(self.live.items()):
            held = get_gpus().used_by(arm.pid)
            answer = arm.finish()
            if not isinstance(answer, Finished):
                yield from self.record_failure(arm, answer)
                continue
            if status == "ok" and self.should_count(label):
                yield Progress(self.block, Doing.COUNTING_OPERATIONS, label)
                yield from self.count(arm)
            arm.close()
            del self.live[label]
            yield ArmEnd(
                block=self.block,
                group=self.number,
                arm=label,
                status=status,
                reason=reason,
                peak_rss_bytes=answer.peak_rss_bytes,
                peak_tensor_bytes=answer.peak_tensor_bytes,
                gpu_bytes=held,
                unavailable=answer.state.unavailable,
                versions=answer.state.versions,
                seeded=answer.state.seeded,
                threads=answer.state.threads,
                threads_set_by=answer.state.threads_set_by,
                arithmetic=answer.state.arithmetic,
                after_seconds=self.after.get(label),
                loop=self.loops.get(label),
                trained=label in self.ended,
            )

    def _should_state(self, label: str) -> bool:
        """Whether an arm is to state the terms of its loss: in the first two blocks that it takes part in, because two
        processes show whether the terms repeat. In a gate once, because its base runs twice in any case."""
        asked = {block for arm, block in self.known.stated if arm == label}
        most = STATEMENTS if self.plan.gate is None else 1
        return self.plan.states_objectives and self.block not in asked and len(asked) < most

    def should_count(self, label: str) -> bool:
        """Whether an arm is to count its operations after its turns: once, in the first block."""
        return self.plan.counts_operations and not self.block and label not in self.known.counted

    def count(self, arm: ArmProcess) -> Iterator[Event]:
        """Count the operations of an arm's epochs. If the arm dies meanwhile it has not failed: its turns are over.

        If no epoch is left in which they could be counted, the arm is `known.uncounted` instead.
        """
        self.known.counted.add(arm.label)
        needs = arm.label in (self.counts_apart if self.plan.gate else self.times_apart)
        if self.plan.whole or not needs:
            yield self._make_work(arm.label, self._ask_for_work(arm))
            return
        indices, least = turns.counted(self.descriptions[arm.label], self.positions.get(arm.label, 0))
        left = arm.label not in self.ended and bool(indices)
        if left and (yield from self._count_epochs(arm, indices, TIMED_SECONDS, least)):
            return
        self.known.uncounted.append(arm.label)

    def count_apart(self, label: str, indices: Sequence[int], seconds: float) -> Iterator[Event]:
        """Count the operations of these epochs of an arm in a process for that only, and end it. A failure is the
        reason why they could not be counted, and no failure of the arm."""
        arm = self.live[label]
        if not (yield from self._count_epochs(arm, indices, seconds)):
            yield self._make_work(label, Counted({}, NOTHING_LEFT, None))
        arm.close()
        del self.live[label]

    def _count_epochs(
        self, arm: ArmProcess, indices: Sequence[int], seconds: float, least: int = 0
    ) -> Generator[Event, None, bool]:
        """Run these epochs in the pass for counting until they have taken `seconds`, but at least the first `least`,
        and count their operations. Returns False if none was left."""
        labels = [one.label for one in self.plan.arms]
        lines = self.logs.parent.absolute() / name_lines_file(labels, arm.label)
        answer = arm.run(indices, note_calls=True, watch=COUNTING, timeline=lines, least=least, seconds=seconds)
        if isinstance(answer, Ran) and not answer.epochs:  # the program ended in place of another epoch
            return False
        if isinstance(answer, Ran):
            yield Slice(
                block=self.block,
                group=self.number,
                round=0,
                position=0,
                arm=arm.label,
                epochs=answer.epochs,
                probe=COUNTING,
            )
            answer = self._ask_for_work(arm)
        yield self._make_work(arm.label, answer)
        return True

    def _ask_for_work(self, arm: ArmProcess) -> Answer:
        short = self.plan.budget is not None and self.plan.budget < AMPLE
        return arm.count_work(rate=self.plan.gate is None and not short)  # a gate compares numbers of operations

    def _make_work(self, label: str, answer: Answer) -> Work:
        if isinstance(answer, Counted):
            found = answer
        else:
            reason = answer.reason if isinstance(answer, Failed) else f"it answered {type(answer).__name__}"
            found = Counted({}, f"asked for a count, {reason}", None)
        return Work(
            block=self.block,
            group=self.number,
            arm=label,
            flops=found.flops,
            unavailable=found.unavailable,
            incomplete=found.incomplete,
            gemm_flops_per_second=found.gemm_flops_per_second,
            parts=found.parts,
            variables=found.variables,
            lines=found.lines,
            timed=found.timed,
            untimed=found.untimed,
            between=found.between,
            one_by_one=found.one_by_one,
            memory_bytes_per_second=found.memory_bytes_per_second,
            sources=found.sources,
            tensors=found.tensors,
            no_tensors=found.no_tensors,
        )

    def close(self) -> None:
        for arm in self.live.values():
            arm.close()
        self.live.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _wait_for_any(building: Sequence[ArmProcess]) -> list[ArmProcess]:
    """Wait until some of these arms have answered, died, or let their time pass, and return those."""
    while True:
        ready = receive_any(building, CHECK_SECONDS) or [arm for arm in building if arm.overdue]
        if ready:
            return ready
        for arm in building:
            arm.check_stuck()

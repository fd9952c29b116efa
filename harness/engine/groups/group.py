"""Arms whose rounds are related to each other: they live at the same time and take turns, if memory holds them."""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Self

from harness.engine.groups.turn_slices import paces, slices_of
from harness.engine.machine.machine import free_memory_bytes
from harness.engine.processes.answers import Answer, Built, Counted, Failed, Finished, Ran, State, Stated
from harness.engine.processes.arm import ArmProcess, receive_any
from harness.engine.processes.fork_client import ForkServer, ForkServers
from harness.plan.plan import Plan, usable_cores
from harness.record.events import Event, Progress
from harness.record.schema import ArmEnd, ArmReady, BlockStart, Epoch, Objective, Slice, Work
from harness.record.store import Record
from harness.schedule import turns
from harness.worker.wire.messages import Description, StateObjective

BUILDS_AT_ONCE = 2
TURN_SECONDS = 4.0
"""After so long a turn ends with the epoch under way: its epochs take far longer than those that it was planned by."""
STATEMENTS = 2
"""How often an arm states the terms of its loss, each time in another block's process."""
RESERVE_BYTES = 500_000_000
"""Memory that is left to everything else."""
GROWTH = 0.4
"""What an arm may come to take beyond its first epochs, as a share: its batch may grow, and each new shape leaves gaps
in what a framework's allocator keeps."""


@dataclass
class Known:
    """What earlier groups of this run have taught about the arms."""

    needs: dict[str, int] = field(default_factory=dict)
    """Bytes that an arm takes for good once its first epochs are over."""
    descriptions: dict[str, Description] = field(default_factory=dict)
    paces: dict[str, turns.Pace] = field(default_factory=dict)
    too_large: set[frozenset[str]] = field(default_factory=set)
    """Sets of arms that memory did not hold together."""
    stated: set[tuple[str, int]] = field(default_factory=set)
    """Arms that were asked for the terms of their loss, and in which block."""
    counted: set[str] = field(default_factory=set)
    """Arms that were asked how much their epochs compute."""
    stored: dict[str, list[int]] = field(default_factory=dict)
    """The epochs that a stored gate counted of an arm, in their order."""

    @classmethod
    def of(cls, before: Record) -> Self:
        """What a record has of it."""
        groups = {(end.block, end.group) for end in before.ends if end.status == "regrouped"}
        return cls(
            descriptions={line.arm: line.description for line in before.ready},
            too_large={frozenset(start.order) for start in before.starts if (start.block, start.group) in groups},
            stated={(line.arm, line.block) for line in before.objectives},
            counted={line.arm for line in before.works},
            stored={
                line.arm: [epoch.index for epoch in line.epochs] for line in reversed(before.stored) if line.counted
            },
        )

    def forget(self, block: int) -> None:
        """That block is to run again, and its arms are to say again what they are asked once."""
        self.stated = {(arm, asked) for arm, asked in self.stated if asked != block}
        if not block:
            self.counted.clear()

    def fit(self, arms: Sequence[str]) -> bool:
        """Whether memory may hold these. As many as did not fit are not tried again: blocks may differ in their arms,
        and not much in what these take. A pair is another matter: what did not fit may have been the other arm."""
        many = any(2 < len(large) <= len(arms) for large in self.too_large)
        return not many and frozenset(arms) not in self.too_large


class Group:
    """Runs the arms `arms` of one block, and yields what happens."""

    def __init__(
        self,
        plan: Plan,
        block: int,
        number: int,
        arms: Sequence[str],
        logs: Path,
        known: Known,
        servers: ForkServers | None = None,
    ) -> None:
        self.plan, self.block, self.number, self.arms = plan, block, number, arms
        self.logs, self.known, self.servers = logs, known, servers
        self.cores = usable_cores()[-plan.threads :]
        self.exact_memory = False
        self.live: dict[str, ArmProcess] = {}
        self.descriptions: dict[str, Description] = {}
        """Of every arm that was built. One that fails later still decides whether all run in lockstep."""
        self.states: dict[str, State] = {}
        """What each arm's process last said of itself: one that dies says no more."""

    def run_together(self) -> Iterator[Event]:
        """All arms live and take turns. If memory turns out not to hold them, end them and note that in `known`."""
        order = turns.start_order(self.plan, self.block, self.number, self.arms)
        try:
            yield BlockStart(self.block, self.number, order)
            yield from self._build(order)
            for label in list(self.live):
                if not (yield from self._warm_up(label)):
                    self.known.too_large.add(frozenset(self.arms))
                    yield from self._end("regrouped", "memory does not hold these arms together")
                    return
            yield from self._take_turns(self._rounds())
            yield from self._end("ok")
        finally:
            self._close()

    def run_one_by_one(self) -> Iterator[Event]:
        """Each arm runs its turns of every round before the next one starts, because memory holds only one.

        What else the machine does is then not shared, so the ratios are worth less; the record says that it was so.
        """
        order = turns.start_order(self.plan, self.block, self.number, self.arms)
        yield BlockStart(self.block, self.number, order, one_by_one=True)
        self.descriptions = {arm: self.known.descriptions[arm] for arm in self.arms if arm in self.known.descriptions}
        rounds = self._rounds()
        try:
            for label in order:
                yield from self._build([label])
                if label in self.live:
                    yield from self._warm_up(label)
                yield from self._take_turns(rounds)
                yield from self._end("ok")
        finally:
            self._close()

    def _build(self, order: Sequence[str]) -> Iterator[Event]:
        """Start the processes, two at a time: nothing is timed yet."""
        forking: ForkServer | None = None
        if self.servers:
            if self.servers.lacking(self.block):
                yield Progress(self.block, "importing", order[0])
            forking = self.servers.of(self.block, self.cores)
        arms = {arm.label: arm for arm in self.plan.arms}
        waiting = list(order)
        building: list[ArmProcess] = []
        while waiting or building:
            while waiting and len(building) < BUILDS_AT_ONCE:
                label = waiting.pop(0)
                yield Progress(self.block, "building", label)
                log = self.logs / f"block{self.block}-group{self.number}-arm{self.plan.arms.index(arms[label])}.log"
                server = None if label in self.plan.references else forking
                self.live[label] = ArmProcess(
                    arms[label], self.plan, self.block, self.cores, log, server, self.exact_memory
                )
                building.append(self.live[label])
            for arm in receive_any(building, self.plan.timeout) or building[:1]:
                if not (yield from self._receive_start(arm)):
                    building.remove(arm)

    def _receive_start(self, arm: ArmProcess) -> Generator[Event, None, bool]:
        """What a starting arm answers. True if it has more to say: the terms of its loss."""
        answer = arm.receive()
        match answer:
            case Built():
                yield self._note_built(arm, answer)
                if self._states(arm.label):
                    self.known.stated.add((arm.label, self.block))
                    arm.send(StateObjective(), "in objective()")
                    return True
            case Stated(terms):
                if terms:
                    yield Objective(self.block, self.number, arm.label, terms)
            case _:
                yield from self._lose(arm, answer)
        return False

    def _note_built(self, arm: ArmProcess, answer: Built) -> ArmReady:
        self.known.descriptions[arm.label] = self.descriptions[arm.label] = answer.description
        self.states[arm.label] = answer.state
        return ArmReady(
            block=self.block,
            group=self.number,
            arm=arm.label,
            pid=arm.pid,
            build_seconds=monotonic() - arm.started,
            description=answer.description,
            environment=answer.environment,
            versions=answer.state.versions,
            started="forked" if arm.forked else "fresh",
            seeded=answer.state.seeded,
            unavailable=answer.state.unavailable,
        )

    def _warm_up(self, label: str) -> Generator[Event, None, bool]:
        """First epochs, alone: they trace and compile, and show how fast the arm is. False if memory gets short."""
        yield Progress(self.block, "first epochs", label)
        before = free_memory_bytes()
        largest = max(self.known.needs.values(), default=0)
        if self._crowded(self.known.needs.get(label, largest // 2)):
            return False
        start, *rest = turns.warm_up(self.plan, label, self.descriptions)
        epochs: list[Epoch] = []
        for indices in filter(None, ([start], rest)):
            if label in self.live:
                epochs += yield from self._slice(label, indices, 0, 0, self._counts(label))
                self.known.needs[label] = max(before - free_memory_bytes(), 0)
                if self._crowded(0):
                    return False
        self.known.paces[label] = paces(epochs)
        return True

    def _crowded(self, further: int) -> bool:
        """Whether memory would get short beside the other arms, if `further` bytes were taken and the arms grew."""
        margin = max(RESERVE_BYTES, int(GROWTH * max(self.known.needs.values(), default=0)))
        return len(self.live) > 1 and further + margin > free_memory_bytes()

    def _rounds(self) -> turns.Rounds:
        """The rounds of these arms. One whose pace nobody knows yet is taken to be like another."""
        some = next(iter(self.known.paces.values()), {})
        paces = {label: self.known.paces.get(label, some) for label in self.descriptions}
        return turns.rounds(self.plan, self.block, self.number, self.descriptions, paces)

    def _take_turns(self, rounds: turns.Rounds) -> Iterator[Event]:
        """The turns of those arms that live."""
        for done, round_ in enumerate(rounds):
            for position, turn in enumerate(round_.turns):
                if turn.arm not in self.live:
                    continue
                yield Progress(self.block, "taking turns", turn.arm, done, max(turns.ROUNDS, done + 1))
                ran = yield from self._turn(turn, round_.number, position)
                if turn.arm not in self.live:
                    rounds.drop(turn.arm)
                    continue
                rounds.observe(turn, ran)
                if turn.after:
                    yield from self._slice(turn.arm, turn.after, 0, 0)

    def _turn(self, turn: turns.Turn, number: int, position: int) -> Generator[Event, None, list[Epoch]]:
        """One order: nobody else runs between the epochs that settle and those that count."""
        arm = self.live[turn.arm]
        answer = arm.run([*turn.before, *turn.indices], least=len(turn.before) + 1, seconds=TURN_SECONDS)
        yield from slices_of(turn, answer, self.block, self.number, number, position)
        if not isinstance(answer, Ran):
            yield from self._lose(arm, answer)
        return answer.epochs if isinstance(answer, Ran | Failed) else []

    def _slice(
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
        arm = self.live[label]
        answer = arm.run(indices, note_calls, probe, timeline, seconds=seconds)
        epochs = answer.epochs if isinstance(answer, Ran | Failed) else []
        if epochs:
            idle, between = (answer.idle, answer.between) if isinstance(answer, Ran) else (None, None)
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
            )
        if not isinstance(answer, Ran):
            yield from self._lose(arm, answer)
        return epochs

    def _lose(self, arm: ArmProcess, answer: Answer) -> Iterator[Event]:
        """An arm failed: keep its last words, end it, and let the others go on."""
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
        )

    def _end(self, status: str, reason: str | None = None) -> Iterator[Event]:
        for label, arm in list(self.live.items()):
            answer = arm.finish()
            if not isinstance(answer, Finished):
                yield from self._lose(arm, answer)
                continue
            if status == "ok" and self._counts(label):
                yield Progress(self.block, "counting its operations", label)
                yield self._count(arm)
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
                unavailable=answer.state.unavailable,
                versions=answer.state.versions,
                seeded=answer.state.seeded,
            )

    def _states(self, label: str) -> bool:
        """Whether an arm is to state the terms of its loss: in the first two blocks that it takes part in, since two
        processes show whether it comes to the same terms again. A gate has its base run twice in any case."""
        asked = {block for arm, block in self.known.stated if arm == label}
        most = STATEMENTS if self.plan.gate is None else 1
        wanted = self.plan.states_objectives or self.plan.ablation is not None
        return wanted and self.block not in asked and len(asked) < most

    def _counts(self, label: str) -> bool:
        """Whether an arm is to count its operations once its turns are over: in the first block, and once."""
        return self.plan.counts and not self.block and label not in self.known.counted

    def _count(self, arm: ArmProcess) -> Work:
        """How much an arm's epochs compute. Not even its death in counting makes it fail: its turns are over."""
        self.known.counted.add(arm.label)
        answer = arm.count_work(rate=self.plan.gate is None)  # a gate compares numbers of operations
        if isinstance(answer, Counted):
            found = answer
        else:
            reason = answer.reason if isinstance(answer, Failed) else f"it answered {type(answer).__name__}"
            found = Counted({}, f"asked for a count, {reason}", None)
        return Work(
            block=self.block,
            group=self.number,
            arm=arm.label,
            flops=found.flops,
            unavailable=found.unavailable,
            gemm_flops_per_second=found.gemm_flops_per_second,
            parts=found.parts,
            variables=found.variables,
        )

    def _close(self) -> None:
        for arm in self.live.values():
            arm.close()
        self.live.clear()

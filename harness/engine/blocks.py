"""How the arms of one block run: which arms are alive at the same time, and what each one does.

A command may choose one of these functions; by default the plan's features decide (`default_run_block`).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path

import msgspec

from harness.engine.groups.another_seed import AnotherSeed, is_worthwhile
from harness.engine.groups.counting import Counting
from harness.engine.groups.group import Group
from harness.engine.groups.known import Known
from harness.engine.groups.profiling import Profiling
from harness.engine.groups.taking_turns import TakingTurns
from harness.engine.groups.training import Training
from harness.engine.groups.whole import Whole
from harness.engine.machine.gpus import get_gpus
from harness.engine.processes.fork_client import ForkServers
from harness.plan.plan import Plan
from harness.record.events import Event
from harness.record.schema import Epoch, Slice
from harness.schedule.turns import start_order
from harness.worker.passes import get_pass
from harness.worker.wire.evidence import COUNTING


@dataclass(frozen=True)
class Block:
    """What all groups of a block share."""

    plan: Plan
    block: int
    logs: Path
    known: Known
    servers: ForkServers
    numbers: Iterator[int] = field(default_factory=count)

    @property
    def is_exclusive(self) -> bool:
        """Whether arms cannot be alive together, because a GPU serves one process at a time."""
        return get_gpus().is_exclusive(self.plan.device)

    def group(self, *members: str, exact_memory: bool = False, repeatable: bool = False) -> Group:
        """Create a new group of these arms. If `repeatable`, they are fresh processes, whose frameworks are asked for
        kernels that repeat themselves on GPUs."""
        return Group(
            self.plan,
            self.block,
            next(self.numbers),
            members,
            self.logs,
            self.known,
            None if repeatable else self.servers,
            exact_memory,
            repeatable,
        )


RunBlock = Callable[[Block, Sequence[str], set[str]], Iterator[Event]]
"""Runs a block's arms and yields the events. The last argument is the set of arms that have failed so far; it grows
while the block runs. An arm that fails in one group is left out of every later group."""


def default_run_block(plan: Plan) -> RunBlock:
    """The function that runs a block, chosen by the plan's features."""
    if plan.whole:
        return run_whole
    return run_training if plan.trains else run_gate if plan.gate else run_profile if plan.profiles else run_together


def run_together(block: Block, arms: Sequence[str], failed: set[str]) -> Iterator[Event]:
    """Run all arms together. If memory does not hold them, run each in a pair with the baseline; if it does not hold a
    pair, run the two arms one after the other.

    `failed` grows meanwhile: an arm that fails in one pair is left out of every later pair.
    """
    yield from _take_turns(block, arms, failed)
    yield from _count_apart(block, failed)


def _count_apart(block: Block, failed: set[str]) -> Iterator[Event]:
    """Count the operations of arms whose training was over before they could be counted, in processes of their own."""
    while block.known.uncounted:
        arm = block.known.uncounted.pop(0)
        if arm not in failed:
            yield from Profiling(block.group(arm), COUNTING).run()


def _take_turns(block: Block, arms: Sequence[str], failed: set[str]) -> Iterator[Event]:
    baseline, known = block.plan.baseline, block.known
    if block.is_exclusive:
        yield from TakingTurns(block.group(*arms)).run_one_by_one()
        return
    if known.fit(arms):
        yield from TakingTurns(block.group(*arms)).run_together()
        if known.fit(arms):
            return
    for other in arms:
        pair = [arm for arm in (baseline, other) if arm in arms and arm not in failed]
        if other == baseline or other not in pair:
            continue
        if known.fit(pair):
            yield from TakingTurns(block.group(*pair)).run_together()
        if not known.fit(pair):
            yield from TakingTurns(block.group(*pair)).run_one_by_one()


def run_whole(block: Block, arms: Sequence[str], failed: set[str]) -> Iterator[Event]:
    """Run each program from start to end."""
    yield from Whole(block.group(*arms)).run()


def run_profile(block: Block, arms: Sequence[str], failed: set[str]) -> Iterator[Event]:
    """Run the timed epochs; then, in the first block only, one pass of each arm under each probe, and its first epochs
    from another seed."""
    timed: dict[str, list[Epoch]] = {}
    for event in _take_turns(block, arms, failed):
        if isinstance(event, Slice) and event.probe is None:
            timed.setdefault(event.arm, []).extend(event.epochs)
        yield event
    for probe in block.plan.probes if not block.block else ():
        for arm in arms:
            if arm not in failed:
                exact = get_pass(probe).returns_memory and block.plan.exact_memory
                yield from Profiling(block.group(arm, exact_memory=exact), probe).run()
    if block.plan.tries_another_seed and not block.block:
        yield from _try_another_seed(block, timed, failed)
    yield from _count_apart(block, failed)


def _try_another_seed(block: Block, timed: Mapping[str, Sequence[Epoch]], failed: set[str]) -> Iterator[Event]:
    """Run the first of the epochs in `timed` from another seed."""
    own = replace(block, plan=msgspec.structs.replace(block.plan, seed=block.plan.another_seed))
    for arm, epochs in timed.items():
        if arm not in failed and is_worthwhile(epochs):
            yield from AnotherSeed(own.group(arm), epochs).run()


def run_gate(block: Block, arms: Sequence[str], failed: set[str]) -> Iterator[Event]:
    """Run one variant after the other: the timed epochs, and in the first block the counting pass too.

    A variant with a failed arm is skipped: its answer is already known.
    """
    for triple in block.plan.gate.triples if block.plan.gate else ():
        own = replace(block, plan=block.plan.of(triple))
        members = [arm for arm in triple.arms if arm not in failed]
        if len(members) == len(triple.arms):
            yield from run_together(own, members, failed)
        together = block.known.fit(members) and not block.is_exclusive
        groups = [members] if together else [[arm] for arm in members]
        for group in groups if not block.block and triple.tolerances.counts else ():
            if not failed & set(triple.arms):
                repeatable = bool(get_gpus()) and block.plan.device != "cpu"
                yield from Counting(own.group(*group, repeatable=repeatable), triple).count()
                yield from _count_apart(own, failed)


def run_training(block: Block, arms: Sequence[str], failed: set[str]) -> Iterator[Event]:
    """Train all arms whole, taking turns. If memory does not hold them together, train one after the other."""
    if block.known.fit(arms) and not block.is_exclusive:
        yield from Training(block.group(*arms)).train()
        if block.known.fit(arms):
            return
    for arm in start_order(block.plan, block.block, 0, arms):
        if arm not in failed:
            yield from Training(block.group(arm)).train(alone=True)

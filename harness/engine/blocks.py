"""How the arms of one block run: which of them live together, and what each does.

A command says which of these it takes; by default a plan's own features do.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path

from harness.engine.groups.counting import Counting
from harness.engine.groups.group import Group
from harness.engine.groups.known import Known
from harness.engine.groups.profiling import Profiling
from harness.engine.groups.taking_turns import TakingTurns
from harness.engine.groups.training import Training
from harness.engine.processes.fork_client import ForkServers
from harness.plan.plan import Plan
from harness.record.events import Event
from harness.schedule.turns import start_order
from harness.worker.wire.evidence import MEMORY


@dataclass(frozen=True)
class Block:
    """What the groups of a block share."""

    plan: Plan
    block: int
    logs: Path
    known: Known
    servers: ForkServers
    numbers: Iterator[int] = field(default_factory=count)

    def group(self, *members: str, exact_memory: bool = False) -> Group:
        """A new group of these arms."""
        return Group(
            self.plan, self.block, next(self.numbers), members, self.logs, self.known, self.servers, exact_memory
        )


RunBlock = Callable[[Block, Sequence[str], set[str]], Iterator[Event]]
"""Runs a block's arms and yields what happens. The last argument holds the arms that have failed, and grows: who fails
in one group is in no later one."""


def usual(plan: Plan) -> RunBlock:
    """The way of running a block that follows from a plan."""
    return trained if plan.trains else gated if plan.gate else profiled if plan.probes else together


def together(here: Block, arms: Sequence[str], failed: set[str]) -> Iterator[Event]:
    """All arms together; where memory does not hold them, each beside the baseline; or else one after the other.

    `failed` grows meanwhile: who fails in one pair is in no later one.
    """
    baseline, known = here.plan.baseline, here.known
    if known.fit(arms):
        yield from TakingTurns(here.group(*arms)).run_together()
        if known.fit(arms):
            return
    for other in arms:
        pair = [arm for arm in (baseline, other) if arm in arms and arm not in failed]
        if other == baseline or other not in pair:
            continue
        if known.fit(pair):
            yield from TakingTurns(here.group(*pair)).run_together()
        if not known.fit(pair):
            yield from TakingTurns(here.group(*pair)).run_one_by_one()


def profiled(here: Block, arms: Sequence[str], failed: set[str]) -> Iterator[Event]:
    """What is timed, and then, after the first block, a pass of each arm under each probe."""
    yield from together(here, arms, failed)
    for probe in here.plan.probes if not here.block else ():
        for arm in arms:
            if arm not in failed:
                exact = probe == MEMORY and here.plan.exact_memory
                yield from Profiling(here.group(arm, exact_memory=exact), probe).run()


def gated(here: Block, arms: Sequence[str], failed: set[str]) -> Iterator[Event]:
    """One variant after the other: what is timed, and, after the first block, what is counted. A variant of which an
    arm has failed has its answer."""
    for triple in here.plan.gate.triples if here.plan.gate else ():
        own = replace(here, plan=here.plan.of(triple))
        members = [arm for arm in triple.arms if arm not in failed]
        if len(members) == len(triple.arms):
            yield from together(own, members, failed)
        groups = [members] if here.known.fit(members) else [[arm] for arm in members]
        for some in groups if not here.block and triple.tolerances.counts else ():
            if not failed & set(triple.arms):
                yield from Counting(own.group(*some), triple).count()


def trained(here: Block, arms: Sequence[str], failed: set[str]) -> Iterator[Event]:
    """Whole trainings of all arms together; where memory does not hold them, of one after the other."""
    if here.known.fit(arms):
        yield from Training(here.group(*arms)).train()
        if here.known.fit(arms):
            return
    for arm in start_order(here.plan, here.block, 0, arms):
        if arm not in failed:
            yield from Training(here.group(arm)).train(alone=True)

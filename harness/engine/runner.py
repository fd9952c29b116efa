"""Runs a plan block by block, and yields what happens as it happens.

It does nothing between two events: whoever consumes them draws, writes and computes while no arm is being timed.
"""

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from time import monotonic
from typing import TypeVar

from harness.engine.groups.counting import Exactly
from harness.engine.groups.group import Group, Known
from harness.engine.groups.profiling import Probing
from harness.engine.groups.training import Training
from harness.engine.processes.fork_client import ForkServerLost, ForkServers
from harness.plan.plan import Plan
from harness.record.events import Event
from harness.record.schema import ArmEnd, BlockAgain, BlockEnd, Look
from harness.record.store import Record
from harness.schedule.turns import start_order

_Group = TypeVar("_Group", bound=Group)


def run(plan: Plan, logs: Path, look: Callable[[], Look | None], before: Record | None = None) -> Generator[Event]:
    """Run the blocks of `plan` until they are done, or until `look`, asked after each, says to stop.

    Those that are done in `before` are not run again. Whatever the arms print is kept under `logs`.
    """
    servers = ForkServers(plan, logs)
    try:
        yield from _blocks(plan, logs, look, before, servers)
    finally:
        servers.close()


def _blocks(
    plan: Plan, logs: Path, look: Callable[[], Look | None], before: Record | None, servers: ForkServers
) -> Iterator[Event]:
    known = Known.of(before) if before else Known()
    failed = {end.arm for end in before.ends if end.status == "failed"} if before else set[str]()
    for block in range(len(before.blocks_done) if before else 0, plan.blocks):
        started = monotonic()
        alive = [label for label in plan.labels(block) if label not in failed]
        if not alive:
            break
        run_block = _seed if plan.trains else _gate if plan.gate else _profile if plan.probes else _block
        before_it = set(failed)
        try:
            yield from _noting(run_block(_Block(plan, block, logs, known, servers), alive, failed), failed)
        except ForkServerLost as loss:
            # No arm is to blame. What happened once may happen again: the later blocks begin as this one does now.
            yield BlockAgain(block, f"{loss}; from here on each arm is a fresh process")
            servers.give_up()
            known.forget(block)
            failed &= before_it
            yield from _noting(run_block(_Block(plan, block, logs, known, servers), alive, failed), failed)
        yield BlockEnd(block, monotonic() - started)
        found = look()
        if found:
            yield found
            if not found.go_on:
                break


@dataclass(frozen=True)
class _Block:
    """What the groups of a block share."""

    plan: Plan
    block: int
    logs: Path
    known: Known
    servers: ForkServers
    numbers: Iterator[int] = field(default_factory=count)

    def group(self, sort: type[_Group], *members: str) -> _Group:
        """A new group of this sort."""
        return sort(self.plan, self.block, next(self.numbers), members, self.logs, self.known, self.servers)


def _noting(events: Iterator[Event], failed: set[str]) -> Iterator[Event]:
    """Add to `failed` every arm that fails."""
    for event in events:
        if isinstance(event, ArmEnd) and event.status == "failed":
            failed.add(event.arm)
        yield event


def _block(here: _Block, arms: Sequence[str], failed: set[str]) -> Iterator[Event]:
    """All arms together; where memory does not hold them, each beside the baseline; or else one after the other.

    `failed` grows meanwhile: who fails in one pair is in no later one.
    """
    baseline, known = here.plan.baseline, here.known
    if known.fit(arms):
        yield from here.group(Group, *arms).run_together()
        if known.fit(arms):
            return
    for other in arms:
        pair = [arm for arm in (baseline, other) if arm in arms and arm not in failed]
        if other == baseline or other not in pair:
            continue
        if known.fit(pair):
            yield from here.group(Group, *pair).run_together()
        if not known.fit(pair):
            yield from here.group(Group, *pair).run_one_by_one()


def _profile(here: _Block, arms: Sequence[str], failed: set[str]) -> Iterator[Event]:
    """What is timed, and then, after the first block, a pass of each arm under each probe."""
    yield from _block(here, arms, failed)
    for probe in here.plan.probes if not here.block else ():
        for arm in arms:
            if arm not in failed:
                yield from here.group(Probing, arm).watch(probe)


def _gate(here: _Block, arms: Sequence[str], failed: set[str]) -> Iterator[Event]:
    """One variant after the other: what is timed, and, after the first block, what is counted. A variant of which an
    arm has failed has its answer."""
    for triple in here.plan.gate.triples if here.plan.gate else ():
        own = replace(here, plan=here.plan.of(triple))
        members = [arm for arm in triple.arms if arm not in failed]
        if len(members) == len(triple.arms):
            yield from _block(own, members, failed)
        together = [members] if here.known.fit(members) else [[arm] for arm in members]
        for some in together if not here.block and triple.tolerances.counts else ():
            if not failed & set(triple.arms):
                yield from own.group(Exactly, *some).count(triple)


def _seed(here: _Block, arms: Sequence[str], failed: set[str]) -> Iterator[Event]:
    """Whole trainings of all arms together; where memory does not hold them, of one after the other."""
    if here.known.fit(arms):
        yield from here.group(Training, *arms).train()
        if here.known.fit(arms):
            return
    for arm in start_order(here.plan, here.block, 0, arms):
        if arm not in failed:
            yield from here.group(Training, arm).train(alone=True)

"""Runs a plan block by block, and yields what happens as it happens.

It does nothing between two events: whoever consumes them draws, writes and computes while no arm is being timed.
"""

from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from time import monotonic

from harness.engine.blocks import Block, RunBlock, usual
from harness.engine.groups.known import Known
from harness.engine.processes.fork_client import ForkServerLost, ForkServers
from harness.plan.plan import Plan
from harness.record.events import Event
from harness.record.schema import ArmEnd, BlockAgain, BlockEnd, Look
from harness.record.store import Record


def run(
    plan: Plan,
    logs: Path,
    look: Callable[[], Look | None],
    before: Record | None = None,
    run_block: RunBlock | None = None,
) -> Generator[Event]:
    """Run the blocks of `plan` until they are done, or until `look`, asked after each, says to stop.

    Those that are done in `before` are not run again. Whatever the arms print is kept under `logs`. `run_block` runs
    one; by default as the plan's features say.
    """
    servers = ForkServers(plan, logs)
    try:
        yield from _blocks(plan, logs, look, before, servers, run_block or usual(plan))
    finally:
        servers.close()


def _blocks(
    plan: Plan,
    logs: Path,
    look: Callable[[], Look | None],
    before: Record | None,
    servers: ForkServers,
    run_block: RunBlock,
) -> Iterator[Event]:
    known = Known.of(before) if before else Known()
    failed = {end.arm for end in before.ends if end.status == "failed"} if before else set[str]()
    for block in range(len(before.blocks_done) if before else 0, plan.blocks):
        started = monotonic()
        alive = [label for label in plan.labels(block) if label not in failed]
        if not alive:
            break
        before_it = set(failed)
        try:
            yield from _noting(run_block(Block(plan, block, logs, known, servers), alive, failed), failed)
        except ForkServerLost as loss:
            # No arm is to blame. What happened once may happen again: the later blocks begin as this one does now.
            yield BlockAgain(block, f"{loss}; from here on each arm is a fresh process")
            servers.give_up()
            known.forget(block)
            failed &= before_it
            yield from _noting(run_block(Block(plan, block, logs, known, servers), alive, failed), failed)
        yield BlockEnd(block, monotonic() - started)
        found = look()
        if found:
            yield found
            if not found.go_on:
                break


def _noting(events: Iterator[Event], failed: set[str]) -> Iterator[Event]:
    """Add to `failed` every arm that fails."""
    for event in events:
        if isinstance(event, ArmEnd) and event.status == "failed":
            failed.add(event.arm)
        yield event

"""Runs a plan block by block, and yields events as they happen.

The generator does nothing between two events, so its consumer can draw, write and compute while no arm is being timed.
"""

import logging
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from time import monotonic

from msgspec.structs import replace

from harness.engine.blocks import Block, RunBlock, default_run_block, run_whole
from harness.engine.groups.group import NothingSeen
from harness.engine.groups.known import Known
from harness.engine.processes.fork_client import ForkServerLost, ForkServers
from harness.plan.plan import Plan
from harness.record.events import Event
from harness.record.schema import ArmEnd, BlockAgain, BlockEnd, Look
from harness.record.store import Record

_log = logging.getLogger(__name__)


def run(
    plan: Plan,
    logs: Path,
    look: Callable[[], Look | None],
    before: Record | None = None,
    run_block: RunBlock | None = None,
) -> Generator[Event]:
    """Run the blocks of `plan` until all are done, or until `look`, called after each block, says to stop.

    Blocks that are complete in `before` are not run again. Whatever the arms print is kept under `logs`. `run_block`
    runs one block; the default follows from the plan's features.
    """
    servers = ForkServers(plan, logs)
    try:
        yield from _run_blocks(plan, logs, look, before, servers, run_block or default_run_block(plan))
    finally:
        servers.close()


def _run_blocks(
    plan: Plan,
    logs: Path,
    look: Callable[[], Look | None],
    before: Record | None,
    servers: ForkServers,
    run_block: RunBlock,
) -> Iterator[Event]:
    known = Known.from_record(before) if before else Known()
    failed = {end.arm for end in before.ends if end.status == "failed"} if before else set[str]()
    block, most = (len(before.blocks_done), before.most) if before else (0, plan.blocks)
    if before:
        plan = replace(plan, rounds=before.rounds)
    while block < most:
        started = monotonic()
        alive = [label for label in plan.labels(block) if label not in failed]
        if not alive:
            break
        failed_earlier = set(failed)
        try:
            yield from _collect_failures(run_block(Block(plan, block, logs, known, servers), alive, failed), failed)
        except ForkServerLost as loss:
            # No arm is to blame. It may happen again, so from now on the arms start as fresh processes.
            yield BlockAgain(block, f"{loss}; from here on each arm is a fresh process")
            servers.disable()
            known.forget(block)
            failed &= failed_earlier
            yield from _collect_failures(run_block(Block(plan, block, logs, known, servers), alive, failed), failed)
        except NothingSeen as arm:
            yield BlockAgain(block, f"{arm} ended without an epoch that was seen, so each program is run as a whole")
            plan, run_block = plan.as_wholes(), run_whole
            known.forget(block)
            failed &= failed_earlier
            yield from _collect_failures(run_block(Block(plan, block, logs, known, servers), alive, failed), failed)
        yield BlockEnd(block, monotonic() - started)
        decision = look()
        if decision:
            _log.info("block %d: %s: %s", block, "goes on" if decision.go_on else "stops", decision.reason)
            yield decision
            if not decision.go_on:
                break
            plan, most = replace(plan, rounds=decision.rounds or plan.rounds), decision.most or most
        block += 1


def _collect_failures(events: Iterator[Event], failed: set[str]) -> Iterator[Event]:
    """Pass the events on, and add every arm that fails to `failed`."""
    for event in events:
        if isinstance(event, ArmEnd) and event.status == "failed":
            failed.add(event.arm)
        yield event

"""The time of an epoch by the lines of the user's own code whose operations ran."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from harness.worker.probes.operations import Operation, busy, set_own_times
from harness.worker.probes.places import Stack

MOST_KEPT = 20_000
"""Maximum number of operations of an epoch that are kept to be drawn one by one."""


@dataclass
class Traffic:
    """What the operations of one stack read and write."""

    runs: float = 0.0
    """How many operations ran."""
    moved: float = 0.0
    """The bytes of the operands and results of those whose sizes are known."""
    unsized: float = 0.0
    """The seconds of those whose sizes are not known."""

    def add(self, runs: float, moved: float, unsized: float) -> None:
        self.runs += runs
        self.moved += moved
        self.unsized += unsized


@dataclass
class Spent:
    """The time of the operations of one epoch."""

    wall: float | None
    """The epoch's seconds; None if it ran in another way than usual, and took longer than its operations do."""
    busy: float = 0.0
    """Seconds in which at least one operation ran."""
    ran: list[tuple[float, float]] = field(default_factory=list)
    """When each operation, and each call of a compiled function, began and ended by the clock."""
    by_stack: Counter[Stack] = field(default_factory=Counter)
    """Seconds by the stacks that the operations come from. They add up to `busy`."""
    traffic: dict[Stack, Traffic] = field(default_factory=dict)
    operations: list[tuple[Operation, Stack]] = field(default_factory=list)
    """The operations with these stacks, the first `MOST_KEPT` of them."""

    def find_traffic(self, stack: Stack) -> Traffic:
        return self.traffic.setdefault(stack, Traffic())


def leave_out_first(found: Sequence[Spent]) -> Sequence[Spent]:
    """Return what several epochs took without the first one, if there are others: it includes what a profiler does only
    once."""
    return found[1:] or found


def average(found: Sequence[Spent]) -> Spent:
    """Return the mean of several epochs. The times of single operations are those of the last one."""
    kept = leave_out_first(found)
    walls = [one.wall for one in kept if one.wall is not None]
    mean = Spent(sum(walls) / len(kept) if walls else None, sum(one.busy for one in kept) / len(kept), kept[-1].ran)
    for one in kept:
        for stack, seconds in one.by_stack.items():
            mean.by_stack[stack] += seconds / len(kept)  # type: ignore[assignment]  # typeshed: int counts only
        for stack, own in one.traffic.items():
            mean.find_traffic(stack).add(own.runs / len(kept), own.moved / len(kept), own.unsized / len(kept))
    return mean


def share_out(operations: Sequence[tuple[Operation, Stack]], wall: float) -> Spent:
    """Return the time of an epoch of `wall` seconds, in which these operations ran.

    Operations that ran side by side in several threads share the time: the own times of all are scaled to the time in
    which any ran.
    """
    ran = [one for one, _ in operations]
    set_own_times(ran)
    found = Spent(wall, busy(ran), [(one.start, one.start + one.seconds) for one in ran])
    whole = sum(one.own for one in ran)
    for one, stack in operations if whole else ():
        seconds = one.own * found.busy / whole
        found.by_stack[stack] += seconds  # type: ignore[assignment]  # typeshed: int counts only
        found.find_traffic(stack).add(1, one.moved or 0, seconds if one.moved is None else 0.0)
    found.operations = sorted(operations, key=lambda one: one[0].start)[:MOST_KEPT]
    return found

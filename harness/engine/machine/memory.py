"""Free memory, by what holds it: the machine's own, and that of each GPU."""

from collections.abc import Iterable, Mapping

from harness.engine.machine.gpus import get_gpus
from harness.engine.machine.machine import free_memory_bytes

Amounts = Mapping[str, int]
"""Bytes by what holds them."""
RAM = "memory"
RESERVE_BYTES = 500_000_000
"""Memory, in bytes, that is left free for everything else, here and on each GPU that arms use."""
GROWTH = 0.4
"""How much an arm's memory may grow beyond its first epochs, as a share: its batch may grow, and each new shape leaves
gaps in the memory that a framework's allocator holds."""


def free() -> Amounts:
    """Return the bytes that a new process could use."""
    return {RAM: free_memory_bytes(), **{f"GPU {number}": own for number, own in get_gpus().free_bytes().items()}}


def used_since(before: Amounts) -> Amounts:
    """Return how much less is free than `before`."""
    return {what: max(before[what] - now, 0) for what, now in free().items() if what in before}


def largest(needs: Iterable[Amounts]) -> Amounts:
    """Return the largest of each."""
    found: dict[str, int] = {}
    for own in needs:
        for what, amount in own.items():
            found[what] = max(found.get(what, 0), amount)
    return found


def half(amounts: Amounts) -> Amounts:
    return {what: amount // 2 for what, amount in amounts.items()}


def is_short(extra: Amounts, needs: Iterable[Amounts], grows: bool = True) -> bool:
    """Return whether some memory would run short if `extra` more bytes were used, and arms with these `needs` grew if
    they still do. A GPU counts only if an arm needs memory of it."""
    most = largest(needs)
    for what, now in free().items():
        if what != RAM and not (extra.get(what) or most.get(what)):
            continue
        growth = int(GROWTH * most.get(what, 0)) if grows else 0
        if extra.get(what, 0) + max(RESERVE_BYTES, growth) > now:
            return True
    return False

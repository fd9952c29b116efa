"""Whether two processes of the baseline from one seed agree: only then does a difference say anything about an arm.

Programs that are not seeded do not agree, nor do some kernels of accelerators. The differences between such a
baseline's own processes grow from epoch to epoch as rounding does, at a different pace each time. An arm is therefore
taken to differ only if all of its processes do so by far more, at the same epoch, than any two of the baseline's have
until then.
"""

from collections.abc import Iterator, Mapping, Sequence
from math import inf

from harness.record.lines import Lines
from harness.record.schema import Epoch

FAR = 10.0
"""A difference this many times that between the baseline's own processes is caused by the arm."""
MIN_PROCESSES = 3
"""The number of processes of the baseline that show how fast their differences grow. In simulations with onsets and
rates of growth that differ from process to process, identical programs are then called different in at most 5 of 100
runs."""

Numbers = Mapping[str, float | None]
"""Losses or terms by name; None for one that was not finite."""
Pairs = Sequence[tuple[Epoch, Epoch]]
"""The epochs that two processes both ran in the same order, from the first on."""


def difference(one: float | None, other: float | None) -> float:
    """Return the relative difference: 0 only between equals, infinite if exactly one of the two is not finite."""
    if one == other:
        return 0.0
    if one is None or other is None:
        return inf
    largest = max(abs(one), abs(other))
    return abs(one / largest - other / largest)  # the difference itself may be larger than any number


def differences(pairs: Pairs) -> list[float]:
    """Return the largest relative difference of each epoch's losses, over those that both report, until they have none
    in common."""
    return list(_iterate_differences(pairs))


def _iterate_differences(pairs: Pairs) -> Iterator[float]:
    for mine, theirs in pairs:
        names = mine.losses.keys() & theirs.losses.keys()
        if not names:
            return
        yield max(difference(mine.losses[name], theirs.losses[name]) for name in names)


def statements(record: Lines, arm: str) -> list[Numbers]:
    """Return the terms that an arm's processes reported, in their order."""
    return [line.terms for line in record.objectives if line.arm == arm]


def own_differences(stated: Sequence[Numbers]) -> dict[str, float]:
    """Return how much each term differs between the statements of one arm."""
    first, *others = stated or [{}]
    return {
        name: max(difference(first[name], other[name]) for other in others if name in other)
        for name in first
        if any(name in other for other in others)
    }


def far_apart(arm: Sequence[Sequence[float]], own: Sequence[Sequence[float]]) -> bool:
    """Whether the arm's processes differ from the baseline's of their blocks by far more than the baseline's from one
    another: at some epoch, all of the former differ by far more than any of the latter has by then. Both are by place
    in the order.

    Two processes alone show little of the pace at which differences grow, so the largest difference between them
    counts.
    """
    so_far = max((next(filter(None, of_pair), 0.0) for of_pair in own), default=0.0)  # their first differences
    if len(own) < MIN_PROCESSES - 1:
        so_far = max((max(of_pair, default=0.0) for of_pair in own), default=0.0)
    for place in range(min(map(len, [*arm, *own]), default=0)):
        so_far = max(so_far, *(of_pair[place] for of_pair in own))
        if min(of_pair[place] for of_pair in arm) > FAR * so_far:
            return True
    return False

"""Whether the baseline comes to the same in two processes from one seed: only then does a difference tell of an arm.

Programs that nobody seeds do not, nor do some kernels of accelerators. What such a baseline's own processes differ by
grows from epoch to epoch as rounding does, at its own pace each time; so an arm is held to differ only where all of its
processes do so by far more, at the same epoch, than any two of the baseline's have until then.
"""

from collections.abc import Iterator, Mapping, Sequence
from math import inf

from harness.record.lines import Lines
from harness.record.schema import Epoch

FAR = 10.0
"""How many times as much as the baseline's own processes differ by is the arm's doing."""
FEWEST = 3
"""Processes of the baseline that show how fast their differences grow. Simulated, with onsets and rates of growth that
differ from process to process, identical programs are then called different in at most 5 of 100 runs."""

Numbers = Mapping[str, float | None]
"""Losses or terms by name; None is one that was not finite."""
Pairs = Sequence[tuple[Epoch, Epoch]]
"""The epochs that two processes both ran in the same order, from the first on."""


def difference(one: float | None, other: float | None) -> float:
    """The relative difference, 0 only between equals; infinite where one of the two alone is not finite."""
    if one == other:
        return 0.0
    if one is None or other is None:
        return inf
    return abs(one - other) / max(abs(one), abs(other))


def differences(pairs: Pairs) -> list[float]:
    """The largest relative difference of each epoch's losses, over those that both report, until they report none in
    common."""
    return list(_differences(pairs))


def _differences(pairs: Pairs) -> Iterator[float]:
    for mine, theirs in pairs:
        names = mine.losses.keys() & theirs.losses.keys()
        if not names:
            return
        yield max(difference(mine.losses[name], theirs.losses[name]) for name in names)


def statements(record: Lines, arm: str) -> list[Numbers]:
    """The terms that an arm's processes stated, in the order in which they did."""
    return [line.terms for line in record.objectives if line.arm == arm]


def unlike_itself(stated: Sequence[Numbers]) -> dict[str, float]:
    """By how much each term differs between statements of one arm."""
    first, *others = stated or [{}]
    return {
        name: max(difference(first[name], other[name]) for other in others if name in other)
        for name in first
        if any(name in other for other in others)
    }


def far_apart(arm: Sequence[Sequence[float]], own: Sequence[Sequence[float]]) -> bool:
    """Whether the arm's processes, each beside the baseline's of its block, differ from these by far more than the
    baseline's do from one another: at some epoch all of them, than any of those by then. All by place in the order.

    Two processes alone say little of the pace at which differences grow, so what they come to in the end counts.
    """
    so_far = max((next(filter(None, of_pair), 0.0) for of_pair in own), default=0.0)  # what they begin to differ by
    if len(own) < FEWEST - 1:
        so_far = max((max(of_pair, default=0.0) for of_pair in own), default=0.0)
    for place in range(min(map(len, [*arm, *own]), default=0)):
        so_far = max(so_far, *(of_pair[place] for of_pair in own))
        if min(of_pair[place] for of_pair in arm) > FAR * so_far:
            return True
    return False

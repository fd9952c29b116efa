"""Divides whole trainings into parts with an evaluation after each: equal ones, if their length is known."""

import random
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import count
from math import ceil, inf
from statistics import fmean

from harness.plan.plan import Plan
from harness.schedule.turns import Round, Turn
from harness.worker.wire.messages import Segment

LONGEST_SLICE = 30.0
"""Intended maximum length of a slice of a training in seconds. A longer epoch is a slice of its own."""
LATEST = 10
"""Number of latest epochs that determine an arm's latest pace."""


def checkpoints(length: int, parts: int) -> list[int]:
    """Return after how many of `length` epochs to evaluate: `parts` times at equal distances, the last at the end."""
    parts = min(parts, length)
    return [length * part // parts for part in range(1, parts + 1)]


def split(length: int, parts: int) -> list[list[int]]:
    """Return the epochs of a training of known length as `parts` parts."""
    stops = checkpoints(length, parts)
    return [list(range(start, stop)) for start, stop in zip([0, *stops], stops, strict=False)]


def split_program(length: int | None, most: int | None, parts: int) -> Iterator[list[int]]:
    """Yield the epochs of a program part by part, without end unless `most` epochs are all.

    It may run for longer than the `length` that it expects, or expect none. Each further part is then at least as long
    as those before, and at least one of `parts` parts of everything so far.
    """
    stop = 0
    for own in split(length, parts) if length else ():
        yield from _limit(own, most)
        stop = own[-1] + 1
    while most is None or stop < most:
        start, stop = stop, stop + max(ceil(max(length or 0, stop) / parts), 1)
        yield from _limit(range(start, stop), most)


def _limit(part: Sequence[int], most: int | None) -> Iterator[list[int]]:
    own = [index for index in part if most is None or index < most]
    if own:
        yield own


def rounds(
    plan: Plan,
    block: int,
    group: int,
    parts: Mapping[str, Iterable[list[int]]],
    untrained: Collection[str],
    is_over: Callable[[str], bool] = lambda arm: False,
) -> Iterator[Round]:
    """Yield rounds with one part of each arm, in random order within a round, until no arm has another part.

    Round 0 has no epochs. It is the evaluation before any training, of the arms `untrained`. An arm that `is_over`
    gets no further parts.
    """
    rng = random.Random(f"{plan.seed}/{block}/{group}/parts")
    first = [Turn(arm, []) for arm in parts if arm in untrained]
    yield Round(0, rng.sample(first, len(first)))
    rest = {arm: iter(own) for arm, own in parts.items()}
    for number in count(1):
        rest = {arm: own for arm, own in rest.items() if not is_over(arm)}
        turns = [Turn(arm, part) for arm, own in rest.items() if (part := next(own, None))]
        if not turns:
            return
        yield Round(number, rng.sample(turns, len(turns)))


def stretches(indices: Sequence[int], segments: Sequence[Segment]) -> Iterator[tuple[str, list[int]]]:
    """Yield the epochs `indices`, in ascending order, as stretches of one kind each."""
    for segment in segments:
        own = [index for index in indices if segment.start <= index < segment.stop]
        if own:
            yield segment.kind, own


def slice_length(walls: Sequence[float], timeout: float) -> int:
    """Return the number of epochs in the next slice of an arm whose epochs of the same kind have taken `walls` seconds.

    The first epoch of a kind is a slice of its own, because its time is unknown. Afterwards the slower of two paces
    counts, that of all epochs and that of the latest, because epochs may become longer. A slice stays far below
    `timeout`, the seconds after which an arm that does not answer is given up.
    """
    pace = max((fmean(some) for some in (walls, walls[-LATEST:]) if some), default=inf)
    return max(1, int(min(LONGEST_SLICE, timeout / 4) / max(pace, 1e-6)))

"""Divides whole trainings into equal parts with an evaluation after each: a pure function of plan and lengths."""

import random
from collections.abc import Iterator, Mapping, Sequence
from math import inf
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


def rounds(plan: Plan, block: int, group: int, lengths: Mapping[str, int]) -> list[Round]:
    """Return rounds with one part of each arm, in random order within a round. References have parts of one epoch.

    Round 0 has no epochs. It is the evaluation before any training, which a reference does not have.
    """
    assert plan.evaluations is not None, "a plan of whole trainings has a number of evaluations"
    rng = random.Random(f"{plan.seed}/{block}/{group}/parts")
    untrained = [Turn(arm, []) for arm in lengths if arm not in plan.references]
    parts = {
        arm: _split_epochs(length, length if arm in plan.references else plan.evaluations)
        for arm, length in lengths.items()
    }
    found = [Round(0, rng.sample(untrained, len(untrained)))]
    for number in range(1, max(map(len, parts.values()), default=0) + 1):
        turns = [Turn(arm, own[number - 1]) for arm, own in parts.items() if number <= len(own)]
        found.append(Round(number, rng.sample(turns, len(turns))))
    return found


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


def _split_epochs(length: int, parts: int) -> list[list[int]]:
    stops = checkpoints(length, parts)
    return [list(range(start, stop)) for start, stop in zip([0, *stops], stops, strict=False)]

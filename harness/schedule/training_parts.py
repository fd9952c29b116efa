"""Whole trainings, cut into equal parts with an evaluation after each: a pure function of the plan and the lengths."""

import random
from collections.abc import Iterator, Mapping, Sequence
from math import inf
from statistics import fmean

from harness.plan.plan import Plan
from harness.schedule.turns import Round, Turn
from harness.worker.wire.messages import Segment

LONGEST_SLICE = 30.0
"""Seconds that a slice of a training is meant to last at most. An epoch that is longer makes a slice of its own."""
LATEST = 10
"""Epochs that show an arm's latest pace."""


def checkpoints(length: int, parts: int) -> list[int]:
    """After how many epochs of `length` to evaluate: `parts` times, equally far apart to an epoch, and at the end."""
    parts = min(parts, length)
    return [length * part // parts for part in range(1, parts + 1)]


def rounds(plan: Plan, block: int, group: int, lengths: Mapping[str, int]) -> list[Round]:
    """Each arm's parts in order, one a round, the arms of a round in random order. References have parts of one epoch.

    Round 0 has no epochs: it is the evaluation before any training, which a reference has no answer to yet.
    """
    assert plan.evaluations is not None, "a plan of whole trainings says how often to evaluate"
    lots = random.Random(f"{plan.seed}/{block}/{group}/parts")
    untrained = [Turn(arm, []) for arm in lengths if arm not in plan.references]
    parts = {
        arm: _parts(length, length if arm in plan.references else plan.evaluations) for arm, length in lengths.items()
    }
    found = [Round(0, lots.sample(untrained, len(untrained)))]
    for number in range(1, max(map(len, parts.values()), default=0) + 1):
        turns = [Turn(arm, own[number - 1]) for arm, own in parts.items() if number <= len(own)]
        found.append(Round(number, lots.sample(turns, len(turns))))
    return found


def stretches(indices: Sequence[int], segments: Sequence[Segment]) -> Iterator[tuple[str, list[int]]]:
    """The epochs `indices`, ascending, as stretches of one kind each."""
    for segment in segments:
        own = [index for index in indices if segment.start <= index < segment.stop]
        if own:
            yield segment.kind, own


def slice_length(walls: Sequence[float], timeout: float) -> int:
    """How many epochs make the next slice of an arm whose epochs of the same kind took `walls` seconds until now.

    The first epoch of a kind is a slice of its own, since nobody knows what it will take. Later the slower of two paces
    counts, of all epochs or of the latest: they may grow longer. An arm without an answer is given up after `timeout`
    seconds, so a slice stays far below them.
    """
    pace = max((fmean(some) for some in (walls, walls[-LATEST:]) if some), default=inf)
    return max(1, int(min(LONGEST_SLICE, timeout / 4) / max(pace, 1e-6)))


def _parts(length: int, parts: int) -> list[list[int]]:
    stops = checkpoints(length, parts)
    return [list(range(start, stop)) for start, stop in zip([0, *stops], stops, strict=False)]

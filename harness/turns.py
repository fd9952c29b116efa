"""Which epochs each arm of a block runs, and in which order: a pure function of the plan and of what the arms are.

Where every arm can `seek`, epochs are sampled across the schedule: see `sampling`. Where one cannot, all run epochs
0, 1, 2, ... in lockstep.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness import sampling, slices
from harness.lines import Description
from harness.plan import Plan
from harness.sampling import ROUNDS, Pace, Turn, lots

LEAD, SHORT_LEAD = 5, 2
"""Epochs that arms in lockstep run before any turns, to know their pace: the first ones may trace. Fewer where the plan
has few."""

__all__ = ["ROUNDS", "Pace", "Round", "Turn", "in_lockstep", "rounds", "start_order", "warm_up"]


@dataclass(frozen=True)
class Round:
    number: int
    turns: list[Turn]


def start_order(plan: Plan, block: int, group: int, arms: Sequence[str]) -> list[str]:
    """The order in which processes start: the first one started tends to be slower, so it is drawn by lot."""
    return lots(plan, block, group, "start").sample(list(arms), len(arms))


def in_lockstep(descriptions: Mapping[str, Description]) -> bool:
    return not all(description.seekable for description in descriptions.values())


def warm_up(plan: Plan, arm: str, descriptions: Mapping[str, Description]) -> list[int]:
    """What an arm runs alone, before any turns: the first epoch of each kind, and what it takes to know its pace."""
    if in_lockstep(descriptions):
        return list(range(_lead(plan, descriptions)))
    return sampling.warm_up(plan, arm, descriptions)


def watched(
    plan: Plan, arm: str, descriptions: Mapping[str, Description], pace: Pace, most: int | None = None
) -> list[int]:
    """What an arm runs under a probe: its first epochs, and then some of each kind in a row, as in training, at
    `most` so many."""
    if in_lockstep(descriptions):
        length = _length(plan, descriptions, sampling.in_a_row(max(pace.values(), default=0.0)))
        return list(range(min(length, 1 + most if most else length)))
    return sampling.watched(plan, arm, descriptions, pace, most)


def rounds(
    plan: Plan, block: int, group: int, descriptions: Mapping[str, Description], paces: Mapping[str, Pace]
) -> list[Round]:
    """The block's rounds: a slice of every arm in each, in random order, long enough that switching costs little."""
    order = lots(plan, block, group, "turns")
    if in_lockstep(descriptions):
        slices = _in_order(plan, descriptions, paces)
    else:
        slices = sampling.Sample(plan, block, group, descriptions, paces).turns()
    return [Round(number, order.sample(turns, len(turns))) for number, turns in enumerate(slices, start=1)]


def _in_order(plan: Plan, descriptions: Mapping[str, Description], paces: Mapping[str, Pace]) -> Iterator[list[Turn]]:
    means = [sum(pace.values()) / len(pace) for pace in paces.values() if pace] or [plan.slice_seconds]
    length = slices.shared(plan.slice_seconds, plan.settling_seconds, means)
    start = _lead(plan, descriptions)
    stop = _length(plan, descriptions, start + ROUNDS * (length.settling + length.counted))
    size = min(length.settling + length.counted, max(1, (stop - start) // ROUNDS))
    settling = min(length.settling, size // 2)
    for first in range(start, stop, size):
        own = list(range(first, min(first + size, stop)))
        before = own[:settling] if len(own) > settling else []  # the last slice may be short
        yield [Turn(arm, own[len(before) :], before) for arm in descriptions]


def _lead(plan: Plan, descriptions: Mapping[str, Description]) -> int:
    stop = _length(plan, descriptions, LEAD * ROUNDS)
    return min(LEAD if stop >= LEAD * ROUNDS else SHORT_LEAD, stop)


def _length(plan: Plan, descriptions: Mapping[str, Description], default: int) -> int:
    """Epochs that every arm can run in order, as many as the plan asks for; `default` if it does not say."""
    known = [description.segments[-1].stop for description in descriptions.values() if description.segments]
    return min([plan.epochs or default, *known])

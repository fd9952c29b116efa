"""Which epochs each arm of a block runs, and in which order: a pure function of the plan and of what the arms are.

Where every arm can `seek`, each kind of epoch is sampled in the middle of its stretch of the schedule, and kinds that
come as single epochs (refinements) one by one. Where one cannot, all run epochs 0, 1, 2, ... in lockstep.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count, islice
from math import ceil, sqrt

from harness.lines import Description, Segment
from harness.plan import Plan

ROUNDS = 10
"""Rounds of a kind where nobody says how many epochs to run. Where somebody does, slices are kept short enough for this
many rounds in lockstep, or for half as many of each kind: a trimmed mean needs some rounds to trim."""

Pace = Mapping[str, float]
"""Seconds that an epoch takes, by kind."""


@dataclass(frozen=True)
class Turn:
    arm: str
    indices: list[int]


@dataclass(frozen=True)
class Round:
    number: int
    turns: list[Turn]


def start_order(plan: Plan, block: int, group: int, arms: Sequence[str]) -> list[str]:
    """The order in which processes start: the first one started tends to be slower, so it is drawn by lot."""
    return _lots(plan, block, group, "start").sample(list(arms), len(arms))


def in_lockstep(descriptions: Mapping[str, Description]) -> bool:
    return not all(description.seekable for description in descriptions.values())


def warm_up(plan: Plan, arm: str, descriptions: Mapping[str, Description]) -> list[int]:
    """What an arm runs alone, before any turns: the first epoch of each kind, and whatever the later slices trace.

    An epoch just before each first one takes the tracing of a batch that has grown since; so the first of a kind costs
    here what it costs in training. The firsts keep the schedule's order: if a later epoch came before it, the first
    refinement might find its new shape traced, or (`reduce_retracing`) no shape to trace any more.
    """
    if in_lockstep(descriptions):
        return list(range(_length(plan, descriptions, 2)))[:2]
    kinds = _kinds(descriptions[arm])
    firsts = [segments[0].start for segments in kinds.values()]
    before = [index for first in firsts for index in ([first - 1, first] if first else [first, first + 1])]
    places = [
        list(islice(_cycle(segments, _middle(kind, arm, plan, descriptions)), 2))
        for kind, segments in kinds.items()
        if not _single(segments)
    ]
    last = descriptions[arm].segments[-1].stop
    indices = [index for index in before if index < last] + [index for place in places for index in place]
    return list(dict.fromkeys(indices))  # once each: a refinement run again would not cost what it costs in training


def rounds(
    plan: Plan, block: int, group: int, descriptions: Mapping[str, Description], paces: Mapping[str, Pace]
) -> list[Round]:
    """The block's rounds: a slice of every arm in each, in random order, long enough that switching costs little."""
    lots = _lots(plan, block, group, "turns")
    if in_lockstep(descriptions):
        slices = _in_order(plan, descriptions, paces)
    else:
        slices = _sampled(plan, block, group, descriptions, paces)
    return [Round(number, lots.sample(turns, len(turns))) for number, turns in enumerate(slices, start=1)]


def _lots(plan: Plan, block: int, group: int, what: str) -> random.Random:
    return random.Random(f"{plan.seed}/{block}/{group}/{what}")


def _in_order(plan: Plan, descriptions: Mapping[str, Description], paces: Mapping[str, Pace]) -> Iterator[list[Turn]]:
    # All slices hold the same epochs, so they can be long enough on the average over arms only.
    seconds = [seconds for pace in paces.values() for seconds in pace.values()]
    size = _slice_length(plan, sum(seconds) / len(seconds) if seconds else plan.slice_seconds)
    stop = _length(plan, descriptions, 2 + ROUNDS * size)
    start = min(2, stop)
    size = min(size, max(1, (stop - start) // ROUNDS))
    for first in range(start, stop, size):
        yield [Turn(arm, list(range(first, min(first + size, stop)))) for arm in descriptions]


def _length(plan: Plan, descriptions: Mapping[str, Description], default: int) -> int:
    """Epochs that every arm can run in order, as many as the plan asks for; `default` if it does not say."""
    known = [description.segments[-1].stop for description in descriptions.values() if description.segments]
    return min([plan.epochs or default, *known])


@dataclass(frozen=True)
class _Source:
    """Where one arm's epochs of one kind come from, and how many make a slice."""

    indices: Iterator[int]
    length: int


def _sampled(
    plan: Plan, block: int, group: int, descriptions: Mapping[str, Description], paces: Mapping[str, Pace]
) -> Iterator[list[Turn]]:
    sources: dict[str, dict[str, _Source]] = {}
    queue: list[str] = []
    for kind, share in _shares(plan, {arm: _kinds(own) for arm, own in descriptions.items()}).items():
        seed = f"{plan.seed}/{block}/{group}/{kind}"
        number, sources[kind] = _sources(plan, seed, kind, share, descriptions, paces)
        queue += [kind] * number
    for kind in _lots(plan, block, group, "kinds").sample(queue, len(queue)):
        yield [Turn(arm, list(islice(source.indices, source.length))) for arm, source in sources[kind].items()]


def _sources(
    plan: Plan,
    seed: str,
    kind: str,
    share: float,
    descriptions: Mapping[str, Description],
    paces: Mapping[str, Pace],
) -> tuple[int, dict[str, _Source]]:
    """How many rounds of `kind` there are, and what the arms that have it run in them."""
    segments = {arm: own[kind] for arm, own in ((a, _kinds(d)) for a, d in descriptions.items()) if kind in own}
    singles = {
        arm: _fresh_singles(own, descriptions[arm], warm_up(plan, arm, descriptions))
        for arm, own in segments.items()
        if _single(own)
    }
    lengths = {
        arm: 1 if arm in singles else _slice_length(plan, paces[arm].get(kind, plan.slice_seconds))
        for arm in segments
        if singles.get(arm) != []  # its only one was its first
    }
    if not lengths:
        return 0, {}
    shortest = min(lengths.values())
    wanted = max(1, round(plan.epochs * share)) if plan.epochs else (2 if singles else ROUNDS) * shortest
    number = min([_rounds_of(wanted, shortest), *(len(fresh) for fresh in singles.values() if fresh)])
    shortened = min(1.0, wanted / (number * shortest))  # all alike, where it takes shorter slices to have enough rounds
    sources = {}
    for arm, length in lengths.items():
        if arm in singles:
            # Drawn anew for each arm, so that arms with the same schedule run the same ones.
            drawn = random.Random(seed).sample(singles[arm], number)
            sources[arm] = _Source(iter(sorted(drawn)), 1)
        else:
            cycle = _cycle(segments[arm], _middle(kind, arm, plan, descriptions))
            sources[arm] = _Source(islice(cycle, 2, None), ceil(length * shortened))  # two have warmed it up
    return number, sources


def _rounds_of(epochs: int, slice_length: int) -> int:
    """Rounds that run `epochs` in slices of `slice_length`; in shorter ones, if those are too few rounds."""
    return max(ceil(epochs / slice_length), min(epochs, ROUNDS // 2))


def _shares(plan: Plan, kinds: Mapping[str, Mapping[str, list[Segment]]]) -> dict[str, float]:
    """The kinds' shares of the plan's epochs: by the square root of how often the baseline has them.

    By the count itself a refinement every 200 epochs would never be seen; in equal parts it would take a quarter.
    """
    ordered = [kinds[plan.baseline]] if plan.baseline in kinds else []
    ordered += [own for arm, own in kinds.items() if arm != plan.baseline]
    weights: dict[str, float] = {}
    for own in ordered:
        for kind, segments in own.items():
            weights.setdefault(kind, sqrt(sum(segment.stop - segment.start for segment in segments)))
    total = sum(weights.values())
    return {kind: weight / total for kind, weight in weights.items()}


def _slice_length(plan: Plan, seconds: float) -> int:
    return max(1, ceil(plan.slice_seconds / max(seconds, 1e-5)))


def _kinds(description: Description) -> dict[str, list[Segment]]:
    """The segments of each kind, in order of appearance."""
    kinds: dict[str, list[Segment]] = {}
    for segment in description.segments:
        kinds.setdefault(segment.kind, []).append(segment)
    return kinds


def _single(segments: Sequence[Segment]) -> bool:
    return all(segment.stop - segment.start == 1 for segment in segments)


def _middle(kind: str, arm: str, plan: Plan, descriptions: Mapping[str, Description]) -> int:
    """The middle epoch of a kind in the baseline's schedule, so that arms are sampled at the same place if they can."""
    baseline = _kinds(descriptions.get(plan.baseline, descriptions[arm]))
    segments = baseline.get(kind) or _kinds(descriptions[arm])[kind]
    indices = [index for segment in segments for index in (segment.start, segment.stop)]
    half = sum(segment.stop - segment.start for segment in segments) // 2
    for segment in segments:
        if half < segment.stop - segment.start:
            return segment.start + half
        half -= segment.stop - segment.start
    return indices[-1] - 1


def _cycle(segments: Sequence[Segment], target: int) -> Iterator[int]:
    """Epochs of one kind from `target` on, round and round within the longest stretch nearest to it."""
    longer = [segment for segment in segments if segment.stop - segment.start > 1] or list(segments)
    near = min(longer, key=lambda segment: max(segment.start - target, target - segment.stop + 1, 0))
    size = near.stop - near.start
    offset = min(max(target, near.start), near.stop - 1) - near.start
    return (near.start + (offset + step) % size for step in count())


def _fresh_singles(segments: Sequence[Segment], description: Description, warmed: Sequence[int]) -> list[int]:
    """The single epochs whose consequences no warm-up has met yet.

    What a refinement makes (a larger batch) is traced in it, once. If an epoch after it was run before, that tracing is
    over, and the refinement would look cheaper than it is.
    """
    met = {segment.start for segment in description.segments if any(segment.start <= i < segment.stop for i in warmed)}
    later = [segment.start for segment in segments[1:] if segment.start not in warmed]
    return [index for index in later if index + 1 not in met] or later

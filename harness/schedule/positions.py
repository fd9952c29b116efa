"""Determines where in its schedule an arm can be sampled, and which epochs must run before.

What an epoch traces depends on what its process has run before. In training, a refinement traces for the larger batch
that it creates, the epoch after it may trace too, and the epochs after that trace nothing. An epoch that is reached
with seek() costs the same as in training only if the refinement before it and the epoch after that refinement have run
in this process. The refinement itself costs the same as in training only if nothing with its sizes has run before.
"""

from bisect import bisect_right
from collections.abc import Collection, Sequence
from itertools import chain, count, islice

from harness.worker.wire.messages import Description, Segment


class Schedule:
    """The segments of a trainer's schedule, by kind and by index.

    A kind is called single if all of its segments consist of one epoch.
    """

    def __init__(self, description: Description) -> None:
        self.segments = description.segments
        self.stop = self.segments[-1].stop if self.segments else 0
        self.kinds: dict[str, list[Segment]] = {}
        """The segments of each kind. The kinds are in order of appearance."""
        for segment in self.segments:
            self.kinds.setdefault(segment.kind, []).append(segment)
        self.singles = {kind for kind, own in self.kinds.items() if all(s.stop - s.start == 1 for s in own)}
        self._starts = [segment.start for segment in self.segments]
        following = zip(self.segments, [*self.segments[1:], None], strict=True) if self.segments else ()
        self._changing = {segment.start for segment, after in following if not _have_same_sizes(segment, after)}
        """The starts of the segments within which sizes may change, because they may differ at the next segment."""
        single = [segment for segment in self.segments if segment.kind in self.singles]
        made = {segment.kind for segment in single if segment.start in self._changing and segment.stop < self.stop}
        self._changes = [
            segment.start
            for segment in single
            if segment.start in self._changing and (segment.stop < self.stop or segment.kind in made)
        ]

    def count(self, kind: str) -> int:
        """Return the number of epochs of a kind."""
        return sum(segment.stop - segment.start for segment in self.kinds[kind])

    def segment(self, index: int) -> Segment:
        return self.segments[bisect_right(self._starts, index) - 1]

    def change_before(self, index: int) -> int | None:
        """Return the last single epoch before `index` after which sizes may differ.

        Returns None if there is none, or if `index` is such an epoch itself, because its sizes are new in any case.
        """
        place = bisect_right(self._changes, index)
        if not place or self._changes[place - 1] == index:
            return None
        return self._changes[place - 1]

    def opening_after(self, index: int) -> list[int]:
        """Return the epoch after a single epoch in a list, which is empty if there is none or if it is single, too."""
        after = index + 1
        return [after] if after < self.stop and self.segment(after).kind not in self.singles else []

    def constant(self, stretch: Segment) -> bool:
        """Whether no size changes within a stretch. For the last stretch, this is assumed to be as in the others."""
        last = self.segments[-1].start
        others = [other.start for other in self.segments if other.kind not in self.singles and other.start != last]
        if stretch.start == last:
            return bool(others) and self._changing.isdisjoint(others)
        return stretch.start not in self._changing

    def opening(self, stretch: Segment) -> list[int]:
        """Return the first epoch of a stretch in a list, empty if the segment before is known to have equal sizes."""
        before = self.segment(stretch.start - 1) if stretch.start else None
        return [] if _have_same_sizes(stretch, before) else [stretch.start]

    def firsts(self) -> list[int]:
        """Return the first epoch of each kind and the epochs that must run before it, in order.

        In another order, the new shape of a first refinement might have been traced before, or (`reduce_retracing`) be
        covered by an open shape. If sizes are unknown, the epoch just before a first epoch runs too, so that any
        tracing for a batch that has grown happens there.
        """
        needed = {index for index in (0, 1) if index < self.stop}
        for kind, own in self.kinds.items():
            first = own[0].start
            needed |= self.way_to(first) | {first}
            if first:
                before = self.segment(first - 1)
                needed |= {before.start if _have_same_sizes(before, own[0]) else first - 1}
            if kind in self.singles:
                needed |= {*self.opening_after(first)}
        for kind, stretches in self.stretches(needed).items():
            if not any(self._is_reached(stretch, needed) for stretch in stretches):
                needed |= self.way_to(self.stretches(())[kind][0].start + 1)
        return sorted(needed)

    def way_to(self, index: int) -> set[int]:
        """Return the epochs that must run so that the sizes at `index` are traced before, unless it creates them."""
        change = self.change_before(index)
        return set() if change is None else {change, *self.opening_after(change)}

    def stretches(self, ran: Collection[int]) -> dict[str, list[Segment]]:
        """Return the segments in which each kind can be sampled once the single epochs in `ran` have run.

        They have more than one epoch, because the first epoch of a segment is treated separately. If none of a kind can
        be reached, all of its segments are returned, because each kind has to be sampled.
        """
        found = {}
        for kind, own in self.kinds.items():
            if kind not in self.singles:
                long = [segment for segment in own if segment.stop - segment.start > 1]
                found[kind] = [stretch for stretch in long if self._is_reached(stretch, ran)] or long
        return found

    def _is_reached(self, stretch: Segment, ran: Collection[int]) -> bool:
        change = self.change_before(stretch.start + 1)
        return change is None or change in ran


class Place:
    """The place in its schedule where an arm takes its slices of one kind.

    It starts at the epoch nearest to `target` in one of `stretches`, without the first epochs of these, and from there
    cycles through the stretch.
    """

    def __init__(self, schedule: Schedule, stretches: Sequence[Segment], target: int) -> None:
        def within(stretch: Segment) -> int:
            return min(max(target, stretch.start + 1), stretch.stop - 1)

        self._schedule = schedule
        self.stretch = min(stretches, key=lambda stretch: abs(within(stretch) - target))
        self.index = within(self.stretch)
        first = self.stretch.start + 1
        self._epochs = (first + step % (self.stretch.stop - first) for step in count(self.index - first))

    def preparation(self, ran: Collection[int]) -> list[int]:
        """Return the epochs that must still run so that a slice at this place traces nothing.

        These are the first epoch of the stretch and, if sizes may change within the stretch, an epoch at this place.
        """
        found = self._schedule.opening(self.stretch)
        if not self._schedule.constant(self.stretch):
            found.append(self.index)
        return [index for index in found if index not in ran]

    def epochs(self, number: int) -> list[int]:
        """Return the next epochs at this place."""
        return list(islice(self._epochs, number))


def spread(schedule: Schedule, kind: str, number: int) -> list[int]:
    """Return `number` epochs of a kind, each in the middle of an equal part of them."""
    indices = list(chain.from_iterable(range(segment.start, segment.stop) for segment in schedule.kinds[kind]))
    return [indices[(2 * part + 1) * len(indices) // (2 * number)] for part in range(number)]


def _have_same_sizes(one: Segment, other: Segment | None) -> bool:
    """Whether two segments are known to begin with the same sizes."""
    return other is not None and one.sizes is not None and one.sizes == other.sizes

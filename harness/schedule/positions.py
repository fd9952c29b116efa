"""Where in its schedule an arm can be sampled, and what must have run before, so that each epoch costs what it should.

What an epoch traces depends on what its process ran before. In training a refinement traces the batch that it has made
larger, and perhaps the epoch after it does too; the epochs that follow trace nothing. An epoch that is sought is only
then like them if the refinement before it has run in this process, and the epoch after that; and the refinement costs
what it does in training only if nothing of its size ran before it.
"""

from bisect import bisect_right
from collections.abc import Collection, Sequence
from itertools import chain, count, islice

from harness.worker.wire.messages import Description, Segment


class Schedule:
    """A description's segments by kind and by index. A kind is single where each of its segments is one epoch long."""

    def __init__(self, description: Description) -> None:
        self.segments = description.segments
        self.stop = self.segments[-1].stop if self.segments else 0
        self.kinds: dict[str, list[Segment]] = {}
        """In order of appearance."""
        for segment in self.segments:
            self.kinds.setdefault(segment.kind, []).append(segment)
        self.singles = {kind for kind, own in self.kinds.items() if all(s.stop - s.start == 1 for s in own)}
        self._starts = [segment.start for segment in self.segments]
        following = zip(self.segments, [*self.segments[1:], None], strict=True) if self.segments else ()
        self._changing = {segment.start for segment, after in following if not _alike(segment, after)}
        """Starts of the segments within which sizes may change: they are not known to be what they are after them."""
        single = [segment for segment in self.segments if segment.kind in self.singles]
        made = {segment.kind for segment in single if segment.start in self._changing and segment.stop < self.stop}
        self._changes = [
            segment.start
            for segment in single
            if segment.start in self._changing and (segment.stop < self.stop or segment.kind in made)
        ]

    def count(self, kind: str) -> int:
        return sum(segment.stop - segment.start for segment in self.kinds[kind])

    def segment(self, index: int) -> Segment:
        return self.segments[bisect_right(self._starts, index) - 1]

    def change_before(self, index: int) -> int | None:
        """The last single epoch before `index` after which sizes may differ; None before the first such, and for one of
        them itself: what it makes is new whatever ran before."""
        place = bisect_right(self._changes, index)
        if not place or self._changes[place - 1] == index:
            return None
        return self._changes[place - 1]

    def opening_after(self, index: int) -> list[int]:
        """The epoch after a single one, if there is one that is not single itself."""
        after = index + 1
        return [after] if after < self.stop and self.segment(after).kind not in self.singles else []

    def constant(self, stretch: Segment) -> bool:
        """Whether no size changes within a stretch. The last one is taken to be like the others."""
        last = self.segments[-1].start
        others = [other.start for other in self.segments if other.kind not in self.singles and other.start != last]
        if stretch.start == last:
            return bool(others) and self._changing.isdisjoint(others)
        return stretch.start not in self._changing

    def opening(self, stretch: Segment) -> list[int]:
        """The first epoch of a stretch, where sizes are not known to be those of the epoch before."""
        before = self.segment(stretch.start - 1) if stretch.start else None
        return [] if _alike(stretch, before) else [stretch.start]

    def firsts(self) -> list[int]:
        """The first epoch of each kind and what must run before it, in order.

        In another order a first refinement might find its new shape traced, or (`reduce_retracing`) no shape to trace
        any more. Where sizes are not known, the epoch just before a first one takes the tracing of a batch that has
        grown unseen.
        """
        needed = {index for index in (0, 1) if index < self.stop}
        for kind, own in self.kinds.items():
            first = own[0].start
            needed |= self.way_to(first) | {first}
            if first:
                before = self.segment(first - 1)
                needed |= {before.start if _alike(before, own[0]) else first - 1}
            if kind in self.singles:
                needed |= {*self.opening_after(first)}
        for kind, stretches in self.stretches(needed).items():
            if not any(self._reached(stretch, needed) for stretch in stretches):
                needed |= self.way_to(self.stretches(())[kind][0].start + 1)
        return sorted(needed)

    def way_to(self, index: int) -> set[int]:
        """What must have run for sizes that `index` meets, but does not make, to be traced."""
        change = self.change_before(index)
        return set() if change is None else {change, *self.opening_after(change)}

    def stretches(self, ran: Collection[int]) -> dict[str, list[Segment]]:
        """The segments in which each kind can be sampled once the single epochs in `ran` have run: those long enough to
        have an epoch besides their first, which stands apart. All of a kind, where none is reached: it has to be met.
        """
        found = {}
        for kind, own in self.kinds.items():
            if kind not in self.singles:
                long = [segment for segment in own if segment.stop - segment.start > 1]
                found[kind] = [stretch for stretch in long if self._reached(stretch, ran)] or long
        return found

    def _reached(self, stretch: Segment, ran: Collection[int]) -> bool:
        change = self.change_before(stretch.start + 1)
        return change is None or change in ran


class Place:
    """Where an arm takes its slices of one kind: the epoch nearest to `target` in one of `stretches`, but not the first
    of it, and from there on round and round within that stretch."""

    def __init__(self, schedule: Schedule, stretches: Sequence[Segment], target: int) -> None:
        def within(stretch: Segment) -> int:
            return min(max(target, stretch.start + 1), stretch.stop - 1)

        self._schedule = schedule
        self.stretch = min(stretches, key=lambda stretch: abs(within(stretch) - target))
        self.index = within(self.stretch)
        first = self.stretch.start + 1
        self._epochs = (first + step % (self.stretch.stop - first) for step in count(self.index - first))

    def preparation(self, ran: Collection[int]) -> list[int]:
        """What must still run so that a slice here traces nothing: the first epoch of its stretch; and where sizes may
        change within the stretch, an epoch here."""
        found = self._schedule.opening(self.stretch)
        if not self._schedule.constant(self.stretch):
            found.append(self.index)
        return [index for index in found if index not in ran]

    def epochs(self, number: int) -> list[int]:
        return list(islice(self._epochs, number))


def spread(schedule: Schedule, kind: str, number: int) -> list[int]:
    """`number` epochs of a kind, each in the middle of its share of them."""
    indices = list(chain.from_iterable(range(segment.start, segment.stop) for segment in schedule.kinds[kind]))
    return [indices[(2 * part + 1) * len(indices) // (2 * number)] for part in range(number)]


def _alike(one: Segment, other: Segment | None) -> bool:
    """Whether two segments are known to begin with the same sizes."""
    return other is not None and one.sizes is not None and one.sizes == other.sizes

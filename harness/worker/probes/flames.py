"""Turns what ran in a thread, each with the stack that it comes from, into slices inside each other: a flame chart.

It works in whole ticks of time, so that slices touch exactly or are apart: viewers drop slices that overlap by the
error of a rounding.
"""

from __future__ import annotations

from bisect import bisect
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import takewhile
from typing import NamedTuple

TICKS = 8_000_000
"""Ticks in a second. A tick is an eighth of a microsecond, because formats that count microseconds in floating-point
numbers hold it exactly, and it is a whole number of nanoseconds."""
NEAR = TICKS // 1_000
"""Ticks between two operations over which the lines that called both are taken to have gone on."""

Frames = tuple[str, ...]
"""The names of slices that lie inside each other, the outermost first."""


class Segment(NamedTuple):
    """A time in which nothing changed. Those of one track do not overlap, and are in order."""

    begin: int
    end: int
    """Ticks."""
    frames: Frames


class Slice(NamedTuple):
    """A span of time on a track."""

    name: str
    begin: int
    end: int
    """Ticks."""


def to_ticks(seconds: float) -> int:
    return round(seconds * TICKS)


def flatten(ran: Iterable[tuple[float, float, Frames]]) -> list[Segment]:
    """Return what ran innermost at each time, from the beginnings and ends in seconds of what ran in one thread."""
    ordered = sorted(ran, key=lambda one: (one[0], -one[1]))
    found: list[Segment] = []
    under_way: list[tuple[int, Frames]] = []
    drawn = to_ticks(ordered[0][0]) if ordered else 0

    def draw(end: int) -> None:
        nonlocal drawn
        if under_way and end > drawn:
            found.append(Segment(drawn, end, under_way[-1][1]))
        drawn = max(drawn, end)

    for start, end, frames in ordered:
        begin = to_ticks(start)
        while under_way and under_way[-1][0] <= begin:
            draw(under_way[-1][0])
            under_way.pop()
        draw(begin)
        under_way.append((to_ticks(end), frames))
    while under_way:
        draw(under_way[-1][0])
        under_way.pop()
    return found


def nest(segments: Iterable[Segment], inner: int) -> list[Slice]:
    """Return the slices of one track, ordered by their beginning, the outer ones first.

    Frames that segments which touch have in common from the outermost on are one slice. Those outside of the `inner`
    innermost ones go on over a short time in which nothing ran; the inner ones have exactly the time of their segments.
    """
    found: list[tuple[int, int, Slice]] = []
    under_way: list[tuple[int, str]] = []
    """The slices that have begun: their beginnings and names."""
    before, until = Frames(), 0

    def end(level: int) -> None:
        while len(under_way) > level:
            begin, name = under_way.pop()
            found.append((begin, len(under_way), Slice(name, begin, until)))

    for segment in segments:
        end(_count_common(Segment(0, until, before), segment, inner))
        under_way += [(segment.begin, name) for name in segment.frames[len(under_way) :]]
        before, until = segment.frames, segment.end
    end(0)
    return [own for *_, own in sorted(found)]


def _count_common(before: Segment, after: Segment, inner: int) -> int:
    """Return how many slices go on from one segment to the next."""
    gap = after.begin - before.end
    if gap > NEAR:
        return 0
    pairs = zip(before.frames, after.frames, strict=False)
    common = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    return common if not gap else max(0, min(common, len(before.frames) - inner, len(after.frames) - inner))


def add_up(shares: Mapping[Frames, float]) -> Iterator[Segment]:
    """Yield segments one after the other that stand for the seconds of each stack, the larger branches first.

    Seconds below 0 are left out: operations that overlap in part have such own times.
    """
    sums = defaultdict[Frames, float](float)
    for frames, own in shares.items():
        for level in range(1, len(frames) + 1):
            sums[frames[:level]] += own

    def order(frames: Frames) -> list[tuple[float, str]]:
        return [(-sums[frames[: level + 1]], name) for level, name in enumerate(frames)]

    seconds = 0.0
    for frames in sorted(shares, key=order):
        begin = to_ticks(seconds)
        seconds += max(0.0, shares[frames])
        if to_ticks(seconds) > begin:
            yield Segment(begin, to_ticks(seconds), frames)


def cut_out(begin: float, end: float, starts: Sequence[float], stops: Sequence[float]) -> Iterator[tuple[float, float]]:
    """Yield the parts of a time in which nothing ran. `starts` and `stops` tell when anything did, in order."""
    around = slice(bisect(stops, begin), bisect(starts, end))
    for start, stop in zip(starts[around], stops[around], strict=True):
        if start > begin:
            yield begin, min(start, end)
        begin = max(begin, stop)
    if begin < end:
        yield begin, end

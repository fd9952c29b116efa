"""What ran in a thread becomes slices inside each other, without a change of what ran when."""

from collections import Counter
from itertools import pairwise

import pytest
from drawn import Drawn, check_nested
from hypothesis import given
from hypothesis import strategies as st

from harness.worker.probes.flames import NEAR, TICKS, Segment, Slice, add_up, cut_out, flatten, nest, to_ticks
from harness.worker.probes.operations import Operation, set_own_times


def checked(slices):
    return check_nested([Drawn(*one) for one in slices])


def test_touching_segments_share_their_outer_slices():
    segments = [
        Segment(0, 5, ("main", "f", "mm")),
        Segment(5, 9, ("main", "f", "add")),
        Segment(9, 12, ("main", "add")),
    ]
    assert nest(segments, inner=2) == [
        Slice("main", 0, 12),
        Slice("f", 0, 9),
        Slice("mm", 0, 5),
        Slice("add", 5, 9),
        Slice("add", 9, 12),
    ]


def test_only_callers_go_on_over_a_short_gap():
    line = ("main", "f", "mm")
    assert nest([Segment(0, 5, line), Segment(6, 9, line)], inner=2) == [
        Slice("main", 0, 9),
        Slice("f", 0, 5),
        Slice("mm", 0, 5),
        Slice("f", 6, 9),
        Slice("mm", 6, 9),
    ]
    later = Segment(6 + NEAR, 9 + NEAR, line)
    assert [one for one in nest([Segment(0, 5, line), later], inner=2) if one.name == "main"] == [
        Slice("main", 0, 5),
        Slice("main", 6 + NEAR, 9 + NEAR),
    ]


def test_a_line_that_runs_an_operation_and_calls_is_not_stretched_by_what_it_calls():
    found = nest([Segment(0, 5, ("f", "mm")), Segment(6, 9, ("f", "g", "add"))], inner=2)
    assert [one for one in found if one.name == "f"] == [Slice("f", 0, 5), Slice("f", 6, 9)]


frames = st.lists(st.sampled_from("abc"), min_size=1, max_size=4).map(tuple)


@st.composite
def tracks(draw):
    """The segments of a track, with gaps of all sizes."""
    found, at = [], 0
    for own in draw(st.lists(frames, max_size=15)):
        at += draw(st.sampled_from([0, 0, 1, NEAR, NEAR + 1]))
        end = at + draw(st.integers(1, 2 * NEAR))
        found.append(Segment(at, end, own))
        at = end
    return found


@given(tracks(), st.integers(0, 2))
def test_slices_nest_and_show_every_segment(segments, inner):
    slices = checked(nest(segments, inner))
    for begin, end, own in segments:
        around = [one for one in slices if one.begin <= begin and end <= one.end]
        assert tuple(one.name for one in around) == own
    outermost = [one for one in slices if not one.around]
    assert sum(one.end - one.begin for one in outermost) >= sum(end - begin for begin, end, _ in segments)


@given(tracks())
def test_the_innermost_slices_have_the_time_of_their_segments(segments):
    """The name of the operation is the innermost frame, which nothing else has."""
    named = [one._replace(frames=(*one.frames, f"{one.frames[-1]}!")) for one in segments]
    drawn, told = Counter(), Counter()
    for one in checked(nest(named, inner=2)):
        if one.name.endswith("!"):
            drawn[*one.around, one.name] += one.end - one.begin
    for begin, end, own in named:
        told[own] += end - begin
    assert drawn == told


@st.composite
def calls(draw, begin=0, end=400, deep=3):
    """What ran in a thread, some inside others: beginnings and ends in eighths of a microsecond."""
    found = []
    while begin < end and draw(st.booleans()):
        start = draw(st.integers(begin, end - 1))
        stop = draw(st.integers(start + 1, end))
        found.append((start, stop))
        if deep and draw(st.booleans()):
            found += draw(calls(start, stop, deep - 1))
        begin = stop + 1
    return found


@given(calls())
def test_each_operation_has_its_own_time(ran):
    operations = [Operation(str(number), "", "", a / TICKS, (b - a) / TICKS) for number, (a, b) in enumerate(ran)]
    set_own_times(operations)
    segments = flatten((one.start, one.start + one.seconds, (one.type,)) for one in operations)
    assert all(before.end <= after.begin for before, after in pairwise(segments))
    own = Counter()
    for begin, end, (type_,) in segments:
        own[type_] += end - begin
    same = Counter((a, b) for a, b in ran)
    for one, times in zip(operations, ran, strict=True):
        if same[times] == 1:  # of two with the same times, either may be the inner one
            assert own[one.type] == pytest.approx(one.own * TICKS, abs=1e-3)


@given(st.lists(st.tuples(st.floats(0, 1e-4), st.floats(0, 1e-5)), max_size=20))
def test_what_overlaps_in_part_is_drawn_without_overlaps(ran):
    segments = flatten((start, start + seconds, (str(number),)) for number, (start, seconds) in enumerate(ran))
    assert all(before.end <= after.begin for before, after in pairwise(segments))
    assert all(one.begin < one.end for one in segments)
    checked(nest(segments, inner=2))


@given(st.dictionaries(frames, st.floats(1e-6, 1e-3), max_size=12))
def test_what_is_added_up_has_its_time_and_each_branch_is_whole(shares):
    segments = list(add_up(shares))
    times = {one.frames: one.end - one.begin for one in segments}
    assert times == pytest.approx({own: seconds * TICKS for own, seconds in shares.items()}, abs=1.01)
    slices = checked(nest(segments, inner=0))
    paths = [(*one.around, one.name) for one in slices]
    assert len(paths) == len(set(paths)) or any(own[: len(one)] == one != own for one in shares for own in shares)


def test_larger_branches_come_first():
    found = [one.frames for one in add_up({("a", "x"): 1e-3, ("b", "y"): 3e-3, ("a", "z"): 2.5e-3})]
    assert found == [("a", "z"), ("a", "x"), ("b", "y")]


@given(st.integers(0, 30), st.integers(0, 10), st.sets(st.integers(0, 40), max_size=10))
def test_what_is_cut_out_leaves_the_rest(begin, length, edges):
    ordered = sorted(edges)[: len(edges) // 2 * 2]
    starts, stops = ordered[::2], ordered[1::2]
    ran = {at for a, b in zip(starts, stops, strict=True) for at in range(a, b)}
    left = [at for a, b in cut_out(begin, begin + length, starts, stops) for at in range(a, b)]
    assert left == [at for at in range(begin, begin + length) if at not in ran]


def test_a_tick_is_exact_in_microseconds_and_in_nanoseconds():
    assert to_ticks(1.0) == TICKS
    assert all((tick * 1e6 / TICKS * 1000).is_integer() for tick in range(1, 1000))

"""What is in a file in Chrome's trace format."""

import json
from collections import defaultdict
from typing import NamedTuple

import pytest


class Drawn(NamedTuple):
    """A slice, whose times are in microseconds."""

    name: str
    begin: float
    end: float
    around: tuple = ()
    """The names of the slices around it, from outside in."""


def read(file):
    """The slices of each track, by the names of its process and of itself, and its number."""
    events = json.loads(file.read_text())["traceEvents"]
    names = {
        (kind, *(e[key] for key in keys)): e["args"]["name"]
        for kind, keys in (("process_name", ["pid"]), ("thread_name", ["pid", "tid"]))
        for e in events
        if e["name"] == kind
    }
    found = defaultdict(list)
    for e in events:
        if e["ph"] == "X":
            track = names["process_name", e["pid"]], names["thread_name", e["pid"], e["tid"]], e["tid"]
            found[track].append(Drawn(e["name"], e["ts"], e["ts"] + e["dur"]))
    return {track: check_nested(own) for track, own in found.items()}


def check_nested(slices):
    """The slices of one track with those around them. Fails if they are not in order, or overlap otherwise."""
    found, under_way = [], []
    assert [one.begin for one in slices] == sorted(one.begin for one in slices)
    for one in slices:
        assert one.begin < one.end
        while under_way and under_way[-1].end <= one.begin:
            under_way.pop()
        assert not under_way or one.end <= under_way[-1].end, f"{one} overlaps {under_way[-1]}"
        found.append(one._replace(around=tuple(own.name for own in under_way)))
        under_way.append(one)
    return found


def sum_lines(slices):
    """The seconds of operations by the line next to them."""
    found = defaultdict(float)
    inner = {one.around for one in slices}
    for one in slices:
        if (*one.around, one.name) not in inner:
            found[one.around[-1]] += (one.end - one.begin) / 1e6
    return found


def check_lines(file, uses, kind=None):
    """Check that a file shows these lines of a kind of epoch, with their times, on the track that adds them up."""
    process = "lines of the program" + (f": {kind}" if kind else "")
    tracks = read(file)
    drawn = sum_lines(tracks[process, "all threads, added up", 1])
    told = defaultdict(float)
    for use in uses:
        where = use.where.rpartition("/")[2]
        told[f"{where} {use.text}"[:100].rstrip() if where else "(not attributed)"] += use.seconds
    assert drawn == pytest.approx({name: seconds for name, seconds in told.items() if name in drawn}, abs=2e-6)
    assert sum(drawn.values()) == pytest.approx(sum(told.values()), abs=1e-6 * len(told))
    return {track: own for (of, track, _), own in tracks.items() if of == process}

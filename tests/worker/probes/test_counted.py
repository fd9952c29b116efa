"""What was counted by part and by line adds up to the same."""

from collections import Counter
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from harness.worker.probes.counted import Place, make_counted
from harness.worker.probes.places import Line
from harness.worker.wire.evidence import Caller, LineUse, Timed
from harness.worker.wire.messages import TWO_FRAMEWORKS, Counted


def test_parts_and_lines_are_summed_and_have_their_text(tmp_path):
    file = tmp_path / "train.py"
    file.write_text("import torch\n    loss = net(x)\n")
    first, second = Line(str(file), 2), Line(str(file), 1)
    own = Counter({Place("a", (first,)): 6, Place("b", (first,)): 3, Place("b", (second,)): 2, Place("b", ()): 1})
    found = make_counted({"epoch": own}, None, None)
    assert found.flops == {"epoch": 12}
    assert found.parts == {"epoch": {"a": 6, "b": 6}}
    (most, next_, last) = found.lines["epoch"]
    assert (most.where.rpartition("/")[2], most.text, most.flops) == ("train.py:2", "loss = net(x)", 9)
    assert (next_.text, next_.flops) == ("import torch", 2)
    assert last == LineUse("", "", 1, [])


LINES = st.builds(Line, st.sampled_from(["nosuch.py", "other.py"]), st.integers(1, 3))
PLACES = st.builds(Place, st.sampled_from("ab"), st.lists(LINES, max_size=4).map(tuple))


@given(st.dictionaries(PLACES, st.integers(0, 10**12)))
def test_sums_by_part_and_by_line_are_the_whole(own):
    found = make_counted({"epoch": Counter(own)}, None, None)
    whole = sum(own.values())
    assert found.flops["epoch"] == whole == sum(found.parts["epoch"].values())
    assert sum(use.flops for use in found.lines["epoch"]) == whole
    for use in found.lines["epoch"]:
        assert sum(caller.flops for caller in use.callers) <= use.flops


def lines_of(stacks):
    """The use of the only line, given the operations by stacks of (file, number)."""
    own = Counter({Place("", tuple(Line(*line) for line in stack)): flops for stack, flops in stacks.items()})
    (found,) = make_counted({"epoch": own}, None, None).lines["epoch"]
    return found


NET, LAYER = ("net.py", 9), ("net.py", 3)


def test_the_lines_in_which_the_ways_to_a_line_differ_are_named():
    loss, physics, data = ("train.py", 30), ("train.py", 11), ("train.py", 17)
    found = lines_of({(LAYER, NET, physics, loss): 75, (LAYER, NET, data, loss): 25})
    assert (found.where, found.flops) == ("net.py:3", 100)
    assert found.callers == [Caller("train.py:11", "", 75), Caller("train.py:17", "", 25)]


def test_a_way_that_hardly_counts_does_not_hide_the_others():
    physics, data, rare = ("train.py", 11), ("train.py", 17), ("net.py", 80)
    found = lines_of({(LAYER, NET, physics): 60, (LAYER, NET, data): 37, (LAYER, rare): 3})
    assert [caller.where for caller in found.callers] == ["train.py:11", "train.py:17"]


def test_a_single_way_is_named_by_its_first_line_in_another_file_or_else_by_the_next():
    assert lines_of({(LAYER, NET, ("train.py", 11), ("train.py", 30)): 5}).callers == [Caller("train.py:11", "", 5)]
    assert lines_of({(LAYER, NET): 5}).callers == [Caller("net.py:9", "", 5)]
    assert lines_of({(LAYER,): 5}).callers == []
    assert lines_of({(): 5}) == LineUse("", "", 5, [])


def counted(flops, *lines):
    return Counted({"epoch": flops}, None, None, {"epoch": {"": flops}}, None, {"epoch": list(lines)} if lines else {})


def test_lines_of_two_frameworks_come_together():
    one, two = (LineUse("a.py:1", "", flops) for flops in (1.0, 2.0))
    assert Counted.together([counted(1.0, one), counted(2.0, two)]) == counted(3.0, one, two)


def test_lines_that_were_timed_are_kept_where_nothing_could_be_counted():
    timed = Counted({}, "no", None, lines={"epoch": [LineUse("a.py:1", "", 0.0, [], 0.5)]}, timed={"epoch": TIMES})
    assert Counted.together([timed]) == timed


TIMES = Timed(1.0, 0.5)


def test_times_of_two_frameworks_are_not_joined():
    times = {"epoch": TIMES}
    one, other = replace(counted(1.0), timed=times), replace(counted(2.0), timed=times)
    assert Counted.together([one]).timed == times
    both = Counted.together([one, other])
    assert (both.timed, both.untimed) == ({}, TWO_FRAMEWORKS)


def test_reasons_of_all_frameworks_are_kept_if_none_counted():
    nothing = Counted({}, "no calls", None)
    assert Counted.together([nothing, Counted({}, "no epoch", None)]).unavailable == "no calls; no epoch"
    assert Counted.together([nothing, counted(1.0)]) == counted(1.0)

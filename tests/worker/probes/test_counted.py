"""What was counted by part and by line adds up to the same."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from harness.worker.probes.counted import Place, make_counted
from harness.worker.probes.places import NOWHERE, Line
from harness.worker.wire.evidence import LineUse
from harness.worker.wire.messages import Counted


def test_parts_and_lines_are_summed_and_have_their_text(tmp_path):
    file = tmp_path / "train.py"
    file.write_text("import torch\n    loss = net(x)\n")
    first, second = Line(str(file), 2), Line(str(file), 1)
    own = Counter({Place("a", first): 6, Place("b", first): 3, Place("b", second): 2, Place("b", NOWHERE): 1})
    found = make_counted({"epoch": own}, None, None)
    assert found.flops == {"epoch": 12}
    assert found.parts == {"epoch": {"a": 6, "b": 6}}
    (most, next_, last) = found.lines["epoch"]
    assert (most.where.rpartition("/")[2], most.text, most.flops) == ("train.py:2", "loss = net(x)", 9)
    assert (next_.text, next_.flops) == ("import torch", 2)
    assert last == LineUse("", "", 1)


PLACES = st.builds(
    Place, st.sampled_from("ab"), st.builds(Line, st.just("nosuch.py"), st.integers(1, 3)) | st.just(NOWHERE)
)


@given(st.dictionaries(PLACES, st.integers(0, 10**12)))
def test_sums_by_part_and_by_line_are_the_whole(own):
    found = make_counted({"epoch": Counter(own)}, None, None)
    whole = sum(own.values())
    assert found.flops["epoch"] == whole == sum(found.parts["epoch"].values())
    assert sum(use.flops for use in found.lines["epoch"]) == whole


def counted(flops, *lines):
    return Counted({"epoch": flops}, None, None, {"epoch": {"": flops}}, None, {"epoch": list(lines)} if lines else {})


def test_lines_of_two_frameworks_come_together():
    one, two = (LineUse("a.py:1", "", flops) for flops in (1.0, 2.0))
    assert Counted.together([counted(1.0, one), counted(2.0, two)]) == counted(3.0, one, two)


def test_reasons_of_all_frameworks_are_kept_if_none_counted():
    nothing = Counted({}, "no calls", None)
    assert Counted.together([nothing, Counted({}, "no epoch", None)]).unavailable == "no calls; no epoch"
    assert Counted.together([nothing, counted(1.0)]) == counted(1.0)

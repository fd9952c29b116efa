"""The program's source with what its lines do: everything adds up to an epoch."""

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from simulated import DATA, FULL, REFINE, record

from harness.record.schema import Work
from harness.report.sections.source import LONGEST, Amount, sources
from harness.report.summarize import summarize
from harness.report.summary import ArmSummary
from harness.worker.wire.evidence import Between, Caller, LineUse, Timed

NET = "lib/net.py"


def views_of(lines, **own):
    arm = ArmSummary("a", "ok", None, None, commonest=FULL, lines=lines, **own)
    return [view for views in sources(SimpleNamespace(arms=[arm])) for view in views]


def view_of(*uses, timed=None, between=(), texts=None):
    """The view of the only kind of epoch."""
    own = {"timed": {FULL: timed}} if timed else {}
    (view,) = views_of({FULL: list(uses)}, between={FULL: list(between)}, sources=texts or {}, **own)
    return view


def shown(view):
    """The numbers of the lines by file, run by run."""
    return {file.name: [[line.number for line in run] for run in file.runs] for file in view.files}


def test_lines_are_shown_in_their_order_with_those_around_them():
    texts = {number: f"line {number}" for number in range(1, 40)}
    uses = [LineUse(f"{NET}:20", "line 20", 90.0), LineUse(f"{NET}:9", "line 9", 10.0)]
    view = view_of(*uses, texts={NET: texts, "other.py": {1: "unused"}})
    assert shown(view) == {"net.py": [list(range(6, 13)), list(range(17, 24))]}
    run = view.files[0].runs[1]
    assert run[3].text == "line 20"
    assert [line.amount.arithmetic for line in run] == [0, 0, 0, pytest.approx(0.9), 0, 0, 0]
    assert (view.timed, view.counted) == (False, True)


def test_without_sources_the_lines_alone_are_shown():
    view = view_of(LineUse("a.py:20", "y = 1", 9.0), LineUse("a.py:9", "x = 1", 1.0))
    assert [[(line.number, line.text) for line in run] for run in view.files[0].runs] == [
        [(9, "x = 1")],
        [(20, "y = 1")],
    ]


def test_empty_lines_at_the_ends_are_left_out():
    texts = {1: "", 2: "    ", 3: "x", 4: "", 5: "y", 6: ""}
    view = view_of(LineUse("a.py:3", "x", 9.0), texts={"a.py": texts})
    assert shown(view) == {"a.py": [[3, 4, 5]]}


def test_time_between_operations_is_beside_that_of_operations():
    view = view_of(
        LineUse("a.py:3", "x", 9.0, [], 0.05),
        timed=Timed(0.1, 0.05),
        between=[Between("a.py:3", "x", 0.02), Between("a.py:5", "y", 0.01), Between("", "", 0.005)],
    )
    first, second = (line for run in view.files[0].runs for line in run)
    assert (first.amount.operations, first.amount.between) == pytest.approx((0.5, 0.2))
    assert (second.text, second.amount.time) == ("y", pytest.approx(0.1))
    assert dict(view.rest) == {"(between operations, in no known line)": Amount(between=pytest.approx(0.2))}
    assert view.whole.time == pytest.approx(1.0)


def test_samples_that_add_up_to_more_than_the_time_between_operations_are_scaled_to_it():
    uses = LineUse("a.py:3", "x", 9.0, [], 0.08)
    view = view_of(uses, timed=Timed(0.1, 0.08), between=[Between("a.py:4", "y", 0.03), Between("", "", 0.01)])
    assert view.files[0].runs[0][1].amount.between == pytest.approx(0.15)
    assert view.whole.time == pytest.approx(1.0)


def test_what_is_not_shown_is_summed_below():
    uses = [
        LineUse("a.py:3", "x", 980.0, [], 0.09),
        LineUse("b.py:3", "y", 5.0, [], 0.0001),
        LineUse("(others)", "", 5.0, [], 0.0009),
        LineUse("", "", 10.0, [], 0.009),
    ]
    view = view_of(*uses, timed=Timed(0.1, 0.1))
    assert [file.name for file in view.files] == ["a.py"]
    (others, amount), (unknown, most) = view.rest
    assert (others, amount.arithmetic, amount.time) == ("1 other line", pytest.approx(0.01), pytest.approx(0.01))
    assert (unknown, most.arithmetic, most.time) == ("(not attributed)", pytest.approx(0.01), pytest.approx(0.09))


CALLER = Caller("b.py:1", "f()", 1.0)


def test_a_line_that_does_little_is_shown_beside_one_that_does_much():
    uses = [LineUse(f"a.py:{number}", "x", flops, [CALLER]) for number, flops in ((3, 999.0), (4, 1.0))]
    view = view_of(*uses, texts={"a.py": {3: "x", 4: "y"}})
    first, second = view.files[0].runs[0]
    assert (second.amount.arithmetic, view.rest) == (pytest.approx(0.001), [])
    assert [way.where for way in first.ways] == ["b.py:1"]
    assert second.ways == []


def test_files_come_by_what_they_do_and_keep_their_folders_where_names_are_alike():
    view = view_of(LineUse("old/net.py:1", "x", 1.0), LineUse("new/net.py:1", "x", 2.0))
    assert list(shown(view)) == ["new/net.py", "old/net.py"]
    assert [file.amount.arithmetic for file in view.files] == pytest.approx([2 / 3, 1 / 3])


def test_the_commonest_kind_comes_first():
    use = [LineUse("a.py:3", "x", 9.0)]
    assert [view.kind for view in views_of({DATA: use, FULL: use, REFINE: [LineUse("", "", 1.0)]})] == [FULL, DATA]
    assert [view.kind for view in views_of({DATA: use})] == [""]


def test_two_frameworks_may_use_one_line():
    view = view_of(LineUse("a.py:3", "x", 1.0), LineUse("a.py:3", "x", 3.0))
    assert [line.amount.arithmetic for run in view.files[0].runs for line in run] == [1.0]


def test_there_is_no_view_without_a_known_line():
    assert views_of({}) == []
    assert views_of({FULL: [LineUse("", "", 1.0)]}) == []


def test_text_is_bounded_and_tabs_are_spaces():
    view = view_of(LineUse("a.py:3", "x" * 999, 1.0), texts={"a.py": {4: "\tif x:"}})
    first, second = view.files[0].runs[0]
    assert len(first.text) == LONGEST
    assert (second.text, second.indent) == ("    if x:", 4)


places = st.sampled_from(
    ["a.py:1", "a.py:2", "a.py:9", "b.py:4", "", "(others)", "no number:x", ":3", "a.py:" + "9" * 5000]
)
amounts = st.floats(0, 1e6)


@given(
    st.lists(st.builds(LineUse, places, st.just("x"), amounts, st.just([]), amounts), min_size=1, max_size=8),
    st.lists(st.builds(Between, places, st.just("x"), amounts), max_size=4),
    st.dictionaries(
        st.sampled_from(["a.py", "c.py"]), st.dictionaries(st.integers(-3, 12), st.sampled_from(["", "y"]))
    ),
    st.floats(0, 1e6),
)
def test_shares_add_up_to_the_whole_epoch(uses, between, texts, more):
    busy = sum(use.seconds for use in uses)
    found = views_of({FULL: uses}, timed={FULL: Timed(busy + more, busy)}, between={FULL: between}, sources=texts)
    for view in found:
        if busy + more > 1e-3:
            assert view.whole.time == pytest.approx(1.0, abs=1e-6)
        if sum(use.flops for use in uses) > 1e-3:
            assert view.whole.arithmetic == pytest.approx(1.0)


def test_sources_of_a_record_reach_the_view():
    run = record({"a": {FULL: 0.1}})
    lines, texts = {FULL: [LineUse("a.py:3", "x", 9.0)]}, {"a.py": {2: "if x:", 3: "    x"}}
    run.works = [Work(block=0, group=0, arm="a", flops={}, lines=lines, sources=texts)]
    ((view,),) = sources(summarize(run))
    assert [line.text for line in view.files[0].runs[0]] == ["if x:", "    x"]

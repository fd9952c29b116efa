"""The table of the lines that take most of the time and do most of the arithmetic."""

from types import SimpleNamespace

from simulated import DATA, FULL, REFINE, record

from harness.record.schema import Work
from harness.report.sections.lines import BETWEEN, lines
from harness.report.summarize import summarize
from harness.report.wording.words import LONGEST
from harness.worker.wire.evidence import Between, Caller, LineUse, Timed

SECONDS = {arm: dict.fromkeys((DATA, REFINE, FULL), 0.1) for arm in ("a", "b")}


def shown(**uses):
    found = record(SECONDS)
    found.works = [Work(block=0, group=0, arm=arm, flops={}, lines=own) for arm, own in uses.items()]
    table = lines(summarize(found))
    return table and [tuple(map(str, row)) for row in table.rows]


def test_each_arm_has_the_lines_of_its_commonest_kind():
    heavy, light, unknown = LineUse("a.py:9", "u = net(x)", 9e6), LineUse("a.py:4", "v", 5e4), LineUse("", "", 1e6)
    assert shown(a={FULL: [heavy, unknown, light], DATA: [light]}, b={}) == [
        ("a", "a.py:9", "u = net(x)", "-", "90 %"),
        ("a", "(not attributed)", "", "-", "10 %"),
    ]


def test_times_are_shares_of_the_epoch_that_was_timed():
    uses = [LineUse("a.py:9", "u = net(x)", 9e6, [], 0.06), LineUse("a.py:4", "v", 0.0, [], 0.02)]
    found = record(SECONDS)
    found.works = [
        Work(block=0, group=0, arm="a", flops={}, lines={FULL: uses}, timed={FULL: Timed(0.1, 0.08)}),
        Work(block=0, group=0, arm="b", flops={}, lines={FULL: uses}, timed={FULL: Timed(None, 0.08)}),
    ]
    rows = [tuple(map(str, row)) for row in lines(summarize(found)).rows]
    assert [row for row in rows if row[0] == "a"] == [
        ("a", "a.py:9", "u = net(x)", "60 %", "100 %"),
        ("a", "a.py:4", "v", "20 %", "0 %"),
        ("a", BETWEEN, "", "20 %", "-"),
    ]
    assert [row[3] for row in rows if row[0] == "b"] == ["60 %", "20 %", "20 %"]  # its median epoch takes 0.1 s


def test_lines_between_operations_are_below_their_sum():
    uses = [LineUse("a.py:9", "u = net(x)", 9e6, [], 0.06)]
    outside = [Between("a.py:3", "x = np.sort(x)", 0.03), Between("", "", 0.01)]
    found = record(SECONDS)
    found.works = [
        Work(
            block=0,
            group=0,
            arm="a",
            flops={},
            lines={FULL: uses},
            timed={FULL: Timed(0.1, 0.06)},
            between={FULL: outside},
        )
    ]
    rows = [tuple(map(str, row)) for row in lines(summarize(found)).rows]
    assert rows[1:] == [
        ("a", BETWEEN, "", "40 %", "-"),
        ("a", "  in a.py:3", "x = np.sort(x)", "30 %", "-"),
        ("a", "  in (not attributed)", "", "10 %", "-"),
    ]


def test_what_lines_move_and_what_limits_them_is_shown_if_known():
    found = record(SECONDS)
    uses = [
        LineUse("a.py:9", "u = net(x)", 9e8, [], 0.02, [], 1e8, 5.0),
        LineUse("a.py:4", "v = u * u", 0.0, [], 0.04, [], 1e9, 5.0),
    ]
    rates = {"gemm_flops_per_second": 1e11, "memory_bytes_per_second": 2e10}
    timed, outside = {FULL: Timed(0.1, 0.06)}, {FULL: [Between("a.py:3", "x = np.sort(x)", 0.03)]}
    found.works = [
        Work(block=0, group=0, arm=arm, flops={}, lines={FULL: uses}, timed=timed, between=outside, **known)
        for arm, known in (("a", rates), ("b", {}))
    ]
    summary = summarize(found)
    table = lines(summary)
    assert table.columns == ["arm", "line", "source", "time", "arithmetic", "moved", "limited by"]
    assert [(row[0], *row[5:]) for row in table.rows] == [
        ("a", "100 MB", "arithmetic"),
        ("a", "1.00 GB", "memory"),
        ("a", "-", "host"),
        ("a", "-", "-"),
        ("b", "100 MB", "-"),
        ("b", "1.00 GB", "-"),
        ("b", "-", "host"),
        ("b", "-", "-"),
    ]
    assert summary.arms[0].bounds == {FULL: {"a.py:9": "arithmetic", "a.py:4": "memory"}}


def test_why_lines_were_not_timed_is_said():
    found = record(SECONDS)
    own = {FULL: [LineUse("a.py:9", "u = net(x)", 9e6)]}
    found.works = [Work(block=0, group=0, arm="a", flops={}, lines=own, untimed="it computes on an accelerator")]
    assert "a: it computes on an accelerator" in lines(summarize(found)).note


def test_the_ways_to_a_line_are_below_it():
    ways = [
        Caller("lib/train.py:30", "physics(x)", 75.0),
        Caller("lib/train.py:31", "data(x)", 24.0),
        Caller("", "", 1.0),
    ]
    found = shown(a={FULL: [LineUse("lib/net.py:9", "x @ w", 100.0, ways)]})
    assert [(*row[1:3], row[4]) for row in found] == [
        ("net.py:9", "x @ w", "100 %"),
        ("  from train.py:30", "physics(x)", "75 %"),
        ("  from train.py:31", "data(x)", "24 %"),
    ]


def test_files_of_the_same_name_keep_their_folders():
    found = shown(a={FULL: [LineUse("old/net.py:9", "x @ w", 2.0), LineUse("new/net.py:9", "x @ w", 1.0)]})
    assert [row[1] for row in found] == ["old/net.py:9", "new/net.py:9"]


def test_long_lines_are_cut():
    ((_, _, text, *_),) = shown(a={FULL: [LineUse("a.py:1", "x" * 100, 1.0)]})
    assert len(text) == LONGEST
    assert text.endswith("...")


def test_there_is_no_table_where_no_framework_tells_lines():
    assert shown(a={}, b={}) is None
    assert shown(a={FULL: [LineUse("", "", 1.0)]}) is None
    assert lines(SimpleNamespace(arms=[])) is None

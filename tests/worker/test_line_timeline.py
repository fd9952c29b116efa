"""Epochs drawn by the lines of the program agree with the table of time by line."""

import pytest
from drawn import check_nested, read, sum_lines
from hypothesis import given
from hypothesis import strategies as st

from harness.worker import line_timeline
from harness.worker.line_timeline import BETWEEN, EPOCHS, PROCESS, SUMS, UNKNOWN, draw
from harness.worker.probes import spent
from harness.worker.probes.operations import Operation
from harness.worker.probes.places import Line
from harness.worker.probes.sampler import Sampled, _Sample
from harness.worker.probes.spent import average, share_out

MAIN, NET, LOSS = Line("/home/me/train.py", 3), Line("/home/me/net.py", 1), Line("/home/me/loss.py", 2)
IN_NET, IN_LOSS = (NET, MAIN), (LOSS, MAIN)


@pytest.fixture(autouse=True)
def sources(monkeypatch):
    texts = {MAIN: "step()", NET: "y = tf.tanh(x @ w)", LOSS: "return mean(y ** 2)"}
    monkeypatch.setattr(
        line_timeline, "name_line", lambda line: (f"me/{line.path.rpartition('/')[2]}:{line.number}", texts[line])
    )


def ran(thread, start, seconds, type_="MatMul"):
    return Operation(type_, "", thread, start, seconds)


def drawn(tmp_path, *arguments, **options):
    draw(*arguments, **options).write(tmp_path / "lines.json")
    return {(process, track): own for (process, track, _), own in read(tmp_path / "lines.json").items()}


def test_operations_lie_inside_their_lines_and_the_outermost_is_at_the_top(tmp_path):
    epoch = share_out(
        [(ran("a", 100.0, 1e-3), IN_NET), (ran("a", 100.001, 1e-3, "Sum"), IN_LOSS), (ran("a", 100.002, 5e-4), ())],
        1.0,
    )
    found = drawn(tmp_path, {"epoch": [epoch]}, [])[PROCESS, "a"]
    assert [(one.name, one.begin, one.end) for one in found] == [
        ("train.py:3 step()", 0.0, 2000.0),
        ("net.py:1 y = tf.tanh(x @ w)", 0.0, 1000.0),
        ("MatMul", 0.0, 1000.0),
        ("loss.py:2 return mean(y ** 2)", 1000.0, 2000.0),
        ("Sum", 1000.0, 2000.0),
        (UNKNOWN, 2000.0, 2500.0),
        ("MatMul", 2000.0, 2500.0),
    ]


def test_files_of_the_same_name_are_told_apart(tmp_path, monkeypatch):
    monkeypatch.setattr(line_timeline, "name_line", lambda line: (f"{line.path[1:]}:{line.number}", ""))
    stacks = [(Line("/one/net.py", 1), Line("/one/train.py", 1)), (Line("/two/net.py", 1),)]
    epoch = share_out([(ran("a", number * 1e-3, 1e-3), stack) for number, stack in enumerate(stacks)], 1.0)
    names = {one.name for one in drawn(tmp_path, {"epoch": [epoch]}, [])[PROCESS, SUMS]}
    assert names == {"train.py:1", "one/net.py:1", "two/net.py:1", "MatMul"}


def test_epochs_of_a_kind_follow_each_other_and_begin_at_zero(tmp_path):
    epochs = [share_out([(ran("a", at + 1e-3, 2e-3), IN_NET)], 5e-3) for at in (50.0, 70.0)]
    sampled = [
        Sampled(kind, index, [_Sample(at), _Sample(at + 4e-3, (MAIN,))], at + 5e-3)
        for kind, index, at in (("data", 3, 50.0), ("other", 4, 60.0), ("data", 5, 70.0))
    ]
    tracks = drawn(tmp_path, {"data": epochs}, sampled)
    assert {process for process, _ in tracks} == {f"{PROCESS}: data"}
    assert [(one.name, one.begin, one.end) for one in tracks[f"{PROCESS}: data", EPOCHS]] == [
        ("data 3", 0.0, 5000.0),
        ("data 5", 5000.0, 10000.0),
    ]
    operations = [one for one in tracks[f"{PROCESS}: data", "a"] if one.name == "MatMul"]
    assert [(one.begin, one.end) for one in operations] == [(1000.0, 3000.0), (6000.0, 8000.0)]
    between = [(one.begin, one.end) for one in tracks[f"{PROCESS}: data", BETWEEN]]
    assert between == [(0.0, 1000.0), (3000.0, 4000.0), (5000.0, 6000.0), (8000.0, 9000.0)]
    assert next(iter(tracks)) == (f"{PROCESS}: data", SUMS), "speedscope shows the first one"


def test_what_runs_between_is_left_out_where_epochs_ran_in_another_way(tmp_path):
    epoch = share_out([(ran("a", 1e-3, 2e-3), IN_NET)], 5e-3)
    epoch.wall = None
    sampled = [Sampled("epoch", 0, [_Sample(0.0), _Sample(4e-3, (MAIN,))], 5e-3)]
    assert (PROCESS, BETWEEN) not in drawn(tmp_path, {"epoch": [epoch]}, sampled)


operations = st.lists(
    st.tuples(
        st.builds(
            ran,
            st.sampled_from("abc"),
            st.integers(0, 5000).map(lambda ticks: ticks / 8e6),
            st.integers(8, 900).map(lambda ticks: ticks / 8e6),
            st.sampled_from(["MatMul", "Sum"]),
        ),
        st.sampled_from([IN_NET, IN_LOSS, (MAIN,), ()]),
    ),
    min_size=1,
    max_size=20,
)


@given(st.lists(operations, min_size=1, max_size=3))
def test_lines_have_the_time_of_the_table_and_tracks_nest(tmp_path_factory, given_):
    epochs = [share_out(one, 1e-3) for one in given_]
    tracks = drawn(tmp_path_factory.getbasetemp(), {"epoch": epochs}, [])
    table = dict.fromkeys(["train.py:3 step()", "net.py:1 y = tf.tanh(x @ w)", "loss.py:2 return mean(y ** 2)"], 0.0)
    table[UNKNOWN] = 0.0
    names = dict(zip((MAIN, NET, LOSS), table, strict=False))
    mean = average([epochs[0], *epochs])  # which leaves out the first
    for stack, seconds in mean.by_stack.items():
        table[names[stack[0]] if stack else UNKNOWN] += seconds
    if all(seconds >= 0 for one in epochs for seconds in one.by_stack.values()):  # else they overlap in part
        sums = sum_lines(tracks[PROCESS, SUMS])
        assert {name: sums.get(name, 0.0) for name in table} == pytest.approx(table, abs=2e-6)


def test_too_many_operations_leave_out_later_epochs_and_the_end_of_the_first(tmp_path):
    def epoch(at):
        return share_out([(ran("a", at + number * 1e-5, 1e-5, str(number)), IN_NET) for number in range(50)], 1.0)

    whole = drawn(tmp_path, {"epoch": [epoch(1.0), epoch(2.0)]}, [], most=150)
    assert [one.name for one in whole[PROCESS, EPOCHS]] == ["epoch"]
    assert len(whole[PROCESS, "a"]) == 52
    part = drawn(tmp_path, {"epoch": [epoch(1.0), epoch(2.0)]}, [], most=60)
    assert [one.name for one in part[PROCESS, EPOCHS]] == ["epoch (drawn in part)"]
    assert sum(map(len, part.values())) <= 61
    assert check_nested([one._replace(around=()) for one in part[PROCESS, "a"]])


def test_operations_that_were_not_kept_still_have_their_line(tmp_path, monkeypatch):
    monkeypatch.setattr(spent, "MOST_KEPT", 1)
    monkeypatch.setattr(line_timeline, "MOST_KEPT", 1)
    epoch = share_out([(ran("a", 0.0, 1e-3), IN_NET), (ran("a", 1e-3, 2e-3), IN_LOSS)], 1.0)
    tracks = drawn(tmp_path, {"epoch": [epoch]}, [])
    seconds = {one.name: (one.end - one.begin) / 1e6 for one in tracks[PROCESS, SUMS]}
    assert seconds["loss.py:2 return mean(y ** 2)"] == pytest.approx(2e-3)
    assert [one.name for one in tracks[PROCESS, EPOCHS]] == ["epoch (drawn in part)"]


def test_nothing_is_drawn_of_epochs_without_operations():
    assert draw({}, []) is None
    assert draw({"epoch": [share_out([], 1.0)]}, []) is None

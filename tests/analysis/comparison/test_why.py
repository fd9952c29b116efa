"""Where a difference comes from, for lines with known times."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.analysis.comparison.reasons import By
from harness.analysis.comparison.why import Epochs, Of, explain
from harness.worker.wire.evidence import Caller, LineUse, Product, Timed


def epochs(*uses, wall=None, seconds=None):
    busy = sum(use.seconds or 0.0 for use in uses)
    return Epochs(uses, Timed(busy if wall is None else wall, busy), seconds or (busy if wall is None else wall))


def line(where, text, seconds, flops=0.0, callers=(), products=()):
    return LineUse(where, text, flops, list(callers), seconds, list(products))


def test_lines_are_matched_by_their_content():
    before = epochs(line("train.py:10", "u = net(x)", 9.0), line("train.py:30", "v = data(x)", 1.0))
    after = epochs(line("train.py:14", "u = net(x)", 2.0), line("train.py:10", "v = data(x)", 1.0))
    (found,) = explain("epoch", after, before).changes
    assert (found.where, found.baseline_seconds, found.seconds, found.share) == ("train.py:14", 9.0, 2.0, 1.0)


def test_equal_lines_are_matched_in_their_order():
    before = epochs(line("a.py:10", "h = f(h)", 5.0), line("a.py:20", "h = f(h)", 1.0))
    after = epochs(line("a.py:21", "h = f(h)", 1.0), line("a.py:11", "h = f(h)", 2.0))
    (found,) = explain("epoch", after, before).changes
    assert (found.where, found.baseline_seconds, found.seconds) == ("a.py:11", 5.0, 2.0)


def test_lines_of_the_same_file_come_first():
    before = epochs(line("x/one.py:1", "u = net(x)", 4.0), line("x/two.py:1", "u = net(x)", 1.0))
    after = epochs(line("y/two.py:1", "u = net(x)", 1.0), line("y/one.py:1", "u = net(x)", 2.0))
    (found,) = explain("epoch", after, before).changes
    assert found.where == "y/one.py:1"


def test_an_edited_line_is_still_that_line():
    before = epochs(line("a.py:5", "grid = uniform((20000, 2))", 8.0), line("a.py:9", "opt.step()", 1.0))
    after = epochs(line("a.py:5", "grid = uniform((2000, 2))", 1.0), line("a.py:9", "opt.step()", 1.0))
    (found,) = explain("epoch", after, before).changes
    assert (found.text, found.only_in, found.share) == ("grid = uniform((2000, 2))", "", 1.0)


def test_lines_that_only_one_has_are_told():
    before = epochs(line("a.py:5", "percentile(x, 50.0)", 3.0), line("a.py:9", "u = net(x)", 2.0))
    after = epochs(line("a.py:7", "mean, deviation = moments(r)", 1.0), line("a.py:9", "u = net(x)", 2.0))
    gone, new = explain("epoch", after, before).changes
    assert (gone.text, gone.only_in, gone.share) == ("percentile(x, 50.0)", "baseline", pytest.approx(1.5))
    assert (new.text, new.only_in, new.share) == ("mean, deviation = moments(r)", "arm", pytest.approx(-0.5))


def test_the_way_and_the_size_that_make_the_difference_are_told():
    def network(grid, seconds):
        ways = [
            Caller("b.py:35", "f = density(grid)", grid, seconds - 1.0, [Product((grid, 32), (32, 32), grid)]),
            Caller("r.py:42", "n = density(points)", 1e6, 1.0, [Product((50, 32), (32, 32), 1e6)]),
        ]
        return line("net.py:62", "y = tanh(x @ w)", seconds, 1e7, ways, [Product((grid, 32), (32, 32), 9e6)])

    found = explain("epoch", epochs(network(100, 2.0)), epochs(network(1200, 13.0))).changes[0]
    assert (found.via, found.via_text) == ("b.py:35", "f = density(grid)")
    assert (found.reason.baseline_product.left, found.reason.product.left) == ((1200, 32), (100, 32))


def test_a_line_that_does_the_same_is_doubtful_with_one_block():
    before = epochs(line("a.py:1", "train()", 2.0, 1e6), line("a.py:2", "predict()", 1.0, 1e6))
    after = epochs(line("a.py:1", "train()", 1.0, 1e6))
    assert [one.doubtful for one in explain("epoch", after, before, blocks=1).changes] == [True, False]
    assert not any(one.doubtful for one in explain("epoch", after, before, blocks=2).changes)
    runs = [
        epochs(line("a.py:1", "train()", seconds, 1e6)._replace(runs=runs)) for seconds, runs in ((1.0, 90), (2.0, 99))
    ]
    assert not explain("epoch", *runs, blocks=1).changes[0].doubtful


def test_what_is_left_by_rounding_is_nothing():
    before = epochs(*(line(f"a.py:{n}", f"u{n} = net{n}(x)", 0.1) for n in range(10)), wall=1.0 + 1e-15)
    found = explain("epoch", epochs(line("a.py:1", "u = net(x)", 0.5)), before)
    assert (found.between_seconds, found.baseline_between_seconds, found.between) == (0.0, 0.0, 0.0)


def test_operations_of_an_epoch_are_counted_if_all_lines_tell():
    before, after = (epochs(line("a.py:1", "u", s)._replace(runs=r)) for s, r in ((2.0, 40), (1.0, 10)))
    found = explain("epoch", after, before)
    assert (found.runs, found.baseline_runs, found.changes[0].reason.by) == (10, 40, By.RUNS)
    assert explain("epoch", epochs(line("a.py:1", "u", 1.0)), before).runs is None


def test_times_under_the_profiler_are_scaled_to_the_median_epoch():
    before = epochs(line("a.py:1", "u = net(x)", 6.0), wall=10.0, seconds=5.0)
    after = epochs(line("a.py:1", "u = net(x)", 2.0), wall=4.0, seconds=4.0)
    found = explain("epoch", after, before)
    assert (found.changes[0].baseline_seconds, found.changes[0].seconds) == (3.0, 2.0)
    assert (found.baseline_between_seconds, found.between_seconds) == (2.0, 2.0)
    assert (found.changes[0].share, found.between) == (1.0, 0.0)


def test_without_the_epochs_own_time_operations_keep_theirs():
    before = Epochs([line("a.py:1", "u", 3.0)], Timed(None, 3.0), 5.0)
    after = Epochs([line("a.py:1", "u", 6.0)], Timed(None, 6.0), 2.0)  # more than the epoch takes: scaled to it
    found = explain("epoch", after, before)
    assert (found.baseline_between_seconds, found.between_seconds) == (2.0, 0.0)
    assert found.changes[0].seconds == 2.0


def test_without_times_arithmetic_is_explained():
    before = Epochs([LineUse("a.py:1", "x @ w", 9e6), LineUse("a.py:2", "h @ w", 1e6)], None, 1.0)
    after = Epochs([LineUse("a.py:1", "x @ w", 1e6), LineUse("a.py:2", "h @ w", 1e6)], Timed(1.0, 1.0), 0.5)
    found = explain("epoch", after, before)
    assert (found.of, found.baseline, found.arm) == (Of.ARITHMETIC, 1e7, 2e6)
    assert [(one.text, one.share, one.seconds) for one in found.changes] == [("x @ w", 1.0, None)]


def test_nothing_is_explained_where_lines_are_unknown_or_nothing_differs():
    known, unknown = epochs(line("a.py:1", "u", 3.0)), epochs(line("", "", 2.0))
    assert explain("epoch", known, unknown) is None
    assert explain("epoch", known, Epochs([], None, 1.0)) is None
    assert explain("epoch", known, known) is None


texts = st.sampled_from(["u = net(x)", "v = net(y)", "loss = mean(r)", "opt.step()", "grid = uniform(n)"])
uses = st.lists(
    st.builds(
        line,
        st.builds("{}.py:{}".format, st.sampled_from("ab"), st.integers(1, 30)),
        texts,
        st.floats(0.001, 10.0),
        st.floats(0.0, 1e9),
    ),
    min_size=1,
    max_size=8,
)


@given(uses, uses, st.floats(0.0, 5.0), st.floats(0.0, 5.0), st.floats(0.1, 10.0))
def test_all_parts_add_up_to_the_difference(mine, theirs, idle, other_idle, factor):
    busy = sum(use.seconds for use in mine), sum(use.seconds for use in theirs)
    after = Epochs(mine, Timed(busy[0] + idle, busy[0]), factor)
    before = Epochs(theirs, Timed(busy[1] + other_idle, busy[1]), 2 * factor)
    found = explain("epoch", after, before)
    assert sum(one.share for one in found.changes) + found.between + found.rest == pytest.approx(1.0)
    parts = sum(one.seconds for one in found.changes) + found.between_seconds
    assert parts <= factor + 1e-9

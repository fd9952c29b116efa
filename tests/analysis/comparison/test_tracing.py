"""What tracing and compiling have to do with a difference."""

import pytest
from epochs import epoch_of

from harness.analysis.comparison.tracing import compare_tracings, find_repeated, in_all_epochs, in_median_epoch
from harness.analysis.comparison.why import Epochs, explain
from harness.worker.wire.evidence import Cause, Compilation, LineUse, Timed, Trace

VALUE, SHAPE = Cause("value", "argument w: Python value 0.0 -> 0.1"), Cause("shape", "argument x: shape (8,) -> (9,)")


def trace(cause, seconds=1.0, line=37):
    return Trace("step", f"pbm/trainer.py:{line}", seconds, cause)


def epochs(*traced, wall=2.0):
    """A first epoch, and one for each of these lists of traces."""
    first = epoch_of(0, "epoch", 5.0, 5.0, {}, first=True, traces=[trace(None)])
    return [first, *(epoch_of(i, "epoch", wall, wall, {}, traces=own) for i, own in enumerate(traced, 1))]


def test_traces_after_first_epochs_come_together_by_function():
    (found,) = find_repeated(epochs([trace(VALUE)], [trace(VALUE)], [trace(SHAPE, 0.5)]))
    assert (found.function, found.times, found.of, found.cause.kind) == ("step", 3, 3, "value")
    assert found.charge.seconds == pytest.approx(2.5)


def test_what_is_traced_in_first_epochs_only_is_left_out():
    assert find_repeated(epochs([], [], [])) == []


def test_compilations_without_a_trace_are_found():
    own = epochs([], [], [])
    compiled = [Compilation("step", "a.py:3", 0.5, True, "XLA")]
    own[2] = epoch_of(2, "epoch", 3.0, 3.0, {}, compilations=compiled)
    (found,) = find_repeated(own)
    assert (found.function, found.compiler, found.times, found.cause) == ("step", "XLA", 1, None)


def test_the_function_that_one_traces_in_each_epoch_makes_the_difference():
    mine = find_repeated(epochs([trace(SHAPE, 0.1, line=38)], [], [], wall=0.5))
    theirs = find_repeated(epochs(*[[trace(VALUE)]] * 3))
    (found,) = compare_tracings(mine, theirs, -1.5, in_median_epoch)
    assert (found.only_in, found.other_times, found.bounded) == ("baseline", 1, False)
    assert (found.share, found.seconds, found.baseline_seconds) == (pytest.approx(2 / 3), 0.0, 1.0)
    (found,) = compare_tracings(mine, theirs, -6.0, in_all_epochs)
    assert found.baseline_seconds == 3.0


def test_tracing_explains_epochs_whose_lines_were_not_timed():
    theirs = find_repeated(epochs(*[[trace(VALUE)]] * 3))
    known = Epochs([LineUse("a.py:1", "u", 0.0, [], 0.3)], Timed(0.5, 0.4), 0.5)
    found = explain("epoch", known, Epochs([], None, 2.0, (), theirs))
    assert found.untimed
    assert found.tracings[0].share + found.rest == pytest.approx(1.0)
    assert explain("epoch", known, Epochs([], None, 2.0)) is None


def test_lines_have_what_tracing_leaves():
    theirs = find_repeated(epochs(*[[trace(VALUE)]] * 3))
    known = Epochs([LineUse("a.py:1", "u", 0.0, [], 0.3)], Timed(0.5, 0.4), 0.5)
    both = Epochs([LineUse("a.py:1", "u", 0.0, [], 0.3)], Timed(0.5, 0.4), 2.0, (), theirs)
    found = explain("epoch", known, both)
    assert found.baseline_between_seconds + found.changes[0].baseline_seconds == pytest.approx(1.0)
    assert found.tracings[0].share + found.changes[0].share + found.between == pytest.approx(1.0)

"""Time that operations share out among lines adds up to the time in which any ran."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.worker.probes.operations import Operation, busy
from harness.worker.probes.places import Line
from harness.worker.probes.spent import average, share_out

FIRST, SECOND = (Line("a.py", 1),), (Line("a.py", 2),)


def ran(thread, start, seconds):
    return Operation("MatMul", "", thread, start, seconds)


def test_operations_in_a_row_have_their_own_times():
    found = share_out([(ran("a", 0.0, 1.0), FIRST), (ran("a", 1.0, 3.0), SECOND)], 5.0)
    assert (found.wall, found.busy) == (5.0, 4.0)
    assert found.by_stack == {FIRST: 1.0, SECOND: 3.0}


def test_an_operation_inside_another_is_not_counted_twice():
    found = share_out([(ran("a", 0.0, 4.0), FIRST), (ran("a", 1.0, 1.0), SECOND)], 5.0)
    assert found.by_stack == {FIRST: 3.0, SECOND: 1.0}


def test_operations_side_by_side_share_the_time():
    found = share_out([(ran("a", 0.0, 3.0), FIRST), (ran("b", 0.0, 1.0), SECOND)], 5.0)
    assert found.by_stack == {FIRST: pytest.approx(2.25), SECOND: pytest.approx(0.75)}


def test_the_first_of_several_epochs_does_not_count():
    epochs = [share_out([(ran("a", 0.0, seconds), FIRST)], 10.0 * seconds) for seconds in (9.0, 1.0, 3.0)]
    found = average(epochs)
    assert (found.wall, found.busy, found.by_stack) == (20.0, 2.0, {FIRST: 2.0})
    assert found.ran == [(0.0, 3.0)]
    assert average(epochs[:1]).busy == 9.0


operations = st.lists(
    st.tuples(
        st.builds(ran, st.sampled_from("abc"), st.integers(0, 50).map(float), st.integers(1, 9).map(float)),
        st.sampled_from([FIRST, SECOND, ()]),
    ),
    max_size=20,
)


@given(operations)
def test_all_lines_together_have_the_time_in_which_anything_ran(given_):
    found = share_out(given_, 100.0)
    assert found.by_stack.total() == pytest.approx(busy([one for one, _ in given_]))

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import slices
from harness.slices import Length, length

seconds = st.floats(0.001, 1)
paces = st.floats(1e-5, 100)


@pytest.mark.parametrize(
    ("pace", "turn"),
    [
        (0.0025, Length(4, 20)),
        (0.009, Length(2, 8)),
        (0.015, Length(1, 4)),
        (0.039, Length(1, 4)),
        (0.041, Length(0, 5)),
        (0.1, Length(0, 2)),
        (3.0, Length(0, 1)),
    ],
)
def test_short_epochs_settle_and_longer_ones_drown_what_switching_costs(pace, turn):
    assert length(slices.SECONDS, pace) == turn


@given(seconds, paces)
def test_a_turn_counts_as_many_seconds_as_it_is_to_and_settles_a_fifth_of_its_epochs_at_most(seconds, pace):
    turn = length(seconds, pace)
    assert turn.counted * pace >= seconds * 0.999
    assert turn.settling <= slices.SETTLING * (turn.settling + turn.counted)
    if turn.settling:
        assert turn.settling * pace >= slices.SETTLING * seconds * 0.999
    else:
        assert turn.counted * pace >= slices.UNSETTLED * seconds * 0.999


@given(paces)
def test_where_any_turn_will_do_it_is_one_epoch(pace):
    assert length(0.0, pace) == Length(0, 1)

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.plan import turn_length
from harness.plan.turn_length import Length, length

paces = st.floats(1e-5, 100)


@pytest.mark.parametrize(
    ("threads", "pace", "turn"),
    [
        (1, 0.0013, Length(8, 39)),
        (1, 0.009, Length(2, 6)),
        (1, 0.09, Length(1, 1)),
        (1, 0.11, Length(0, 1)),
        (2, 0.0025, Length(40, 40)),
        (2, 0.047, Length(3, 3)),
        (2, 0.3, Length(1, 1)),
        (2, 3.0, Length(0, 1)),
    ],
)
def test_a_turn_settles_and_then_counts_unless_its_epochs_are_long(threads, pace, turn):
    assert length(*turn_length.seconds(threads), pace) == turn


@given(st.floats(0.001, 1), st.floats(0.001, 1), paces)
def test_turn_length_in_seconds(counted, settling, pace):
    turn = length(counted, settling, pace)
    assert turn.counted * pace >= counted * 0.999
    assert turn.counted >= turn.settling
    if pace < turn_length.LONG * settling:
        assert turn.settling * pace >= settling * 0.999
    else:
        assert turn.settling == 0


@given(paces)
def test_a_turn_without_a_required_length_is_one_epoch(pace):
    assert length(0.0, 0.0, pace) == Length(0, 1)

import pytest
from hypothesis import given
from hypothesis import strategies as st

from variants.breakage.schedule import loss_weights, refreshed, stage


def test_the_published_stages():
    stages = [stage(index, 3000) for index in range(3000)]
    assert stages == ["data"] * 901 + ["ramp"] * 1199 + ["full"] * 900


@pytest.mark.parametrize(("index", "weight"), [(0, 0), (900, 0), (1200, 25), (1500, 50), (2100, 100), (2999, 100)])
def test_the_physics_weight_rises_linearly(index, weight):
    assert loss_weights(index, 3000, 100.0) == (1.0, pytest.approx(weight))


def test_it_stays_in_full_beyond_its_end():
    assert stage(10_000, 3000) == "full"
    assert loss_weights(10_000, 3000, 50.0) == (1.0, 50.0)


progressions = st.sampled_from(["published", "from_start"])


@given(epochs=st.integers(1, 5000), index=st.integers(0, 6000), progression=progressions)
def test_weights_agree_with_stages(epochs, index, progression):
    _, physics = loss_weights(index, epochs, 75.0, progression)
    assert stage(index, epochs, progression) == ("data" if physics == 0 else "full" if physics == 75 else "ramp")
    assert physics <= loss_weights(index + 1, epochs, 75.0, progression)[1]


def test_cached_weights_are_a_staircase():
    weights = [loss_weights(refreshed(index, 100), 3000, 100.0)[1] for index in range(3000)]
    assert len(set(weights[900:2100])) == 12
    assert all(weights[index] == weights[index - index % 100] for index in range(3000))
    late = [loss_weights(index, 3000, 100.0)[1] - weights[index] for index in range(3000)]
    assert min(late) == 0
    assert max(late) == pytest.approx(99 / 12)


@pytest.mark.parametrize(("index", "weight"), [(0, 0), (1050, 25), (2100, 100), (2999, 100)])
def test_from_the_start_it_rises_as_the_square(index, weight):
    assert loss_weights(index, 3000, 100.0, "from_start") == (1.0, pytest.approx(weight))

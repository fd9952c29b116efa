import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from harness.analysis.profile.growth import Growth, growth

MB = 1e6


def sizes(per_epoch=0.0, noise=0.1, epochs=30, start=0.0, seed=0):
    """Resident bytes after each epoch: from 500 MB, with what is allocated at first, and a leak."""
    random = np.random.default_rng(seed)
    index = np.arange(epochs)
    return 500 * MB + per_epoch * index + start * np.minimum(index / 5, 1) + noise * MB * random.standard_normal(epochs)


@pytest.mark.parametrize("leak", [0.5 * MB, 1 * MB, 20 * MB])
def test_finds_a_leak_and_its_size(leak):
    found = growth(sizes(leak))
    assert found.verdict == "growing"
    assert found.bytes_per_epoch == pytest.approx(leak, rel=0.1)
    assert found.low <= leak <= found.high


@pytest.mark.parametrize("seed", range(20))
def test_noise_and_warm_up_are_no_leak(seed):
    assert growth(sizes(noise=1.0, seed=seed)).verdict != "growing"
    assert growth(sizes(seed=seed)) == Growth("steady")
    assert growth(sizes(start=300 * MB, seed=seed)) == Growth("warm-up")


def staircase(*steps, epochs=60):
    """500 MB, plus the given MB from each of these epochs on."""
    found = np.full(epochs, 500 * MB)
    for at, by in steps:
        found[at:] += by * MB
    return found


@pytest.mark.parametrize(
    "steps",
    [
        [(50, 50)],
        [(30, 10), (50, 10)],
        [(30, 8), (36, 8), (42, 8), (48, -16), (54, 8)],
        [(25, 6), (30, -6), (35, 6), (40, -6), (45, 6), (50, 6)],
    ],
    ids=["one step", "two steps", "a staircase that falls", "up and down"],
)
def test_temporary_increase_is_no_growth(steps):
    assert growth(staircase(*steps)) == Growth("uneven")
    assert growth(np.repeat(staircase(*steps), 4)) == Growth("uneven")


def test_stepwise_increase_is_growth():
    found = growth(staircase(*((at, 8) for at in range(0, 60, 8))))
    assert found.verdict == "growing"
    assert found.bytes_per_epoch == pytest.approx(MB, rel=0.2)


def test_memory_released_at_the_end_was_no_leak():
    """Where it fell in the last dozen epochs, though what came after that rises."""
    teeth = [0, 0, 0, 7, 14, 21, 28, 35, 0, 7, 14, 21, 28, 35]
    assert growth(500 * MB + MB * np.array(teeth, dtype=float)) == Growth("uneven")


def test_growth_must_be_significant_relative_to_process_memory():
    leak = sizes(0.3 * MB)
    assert growth(leak).verdict == "growing"
    assert growth(leak + 10_000 * MB) == Growth("steady")


def test_a_burst_does_not_hide_growth():
    leak = sizes(1 * MB)
    leak[[15, 22]] += 200 * MB
    assert growth(leak).verdict == "growing"


def test_finds_a_leak_after_warm_up():
    assert growth(sizes(1 * MB, start=300 * MB)).verdict == "growing"


def test_no_finding_from_too_few_epochs():
    assert growth(sizes(10 * MB, epochs=7)) is None


@given(st.floats(0, 100), st.integers(8, 200), st.integers(0, 100))
def test_constant_memory_with_noise_is_never_a_leak(constant, epochs, seed):
    flat = sizes(noise=0.3, epochs=epochs, seed=seed) + constant * MB
    assert growth(flat).verdict != "growing"


@given(st.integers(2, 12), st.integers(0, 11), st.floats(1, 500), st.integers(60, 200))
def test_a_sawtooth_without_trend_is_never_a_leak(period, shift, height, epochs):
    teeth = (np.arange(epochs) + shift) % period / period
    assert growth(500 * MB + height * MB * teeth).verdict != "growing"


@given(st.integers(100, 200), st.integers(0, 1000))
def test_finds_a_1_mb_leak_under_3_mb_noise_with_enough_epochs(epochs, seed):
    found = growth(sizes(1 * MB, noise=3.0, epochs=epochs, seed=seed))
    assert found.verdict == "growing"
    assert found.bytes_per_epoch == pytest.approx(MB, rel=0.2)


@given(st.integers(8, 60), st.floats(0, 1000), st.integers(0, 1000))
def test_other_memory_of_the_process_does_not_cause_a_leak(epochs, more, seed):
    """In a small process it does not hide a leak either."""
    walk = 500 * MB + np.cumsum(2 * MB * np.random.default_rng(seed).standard_normal(epochs))
    assume(growth(walk).verdict != "growing")
    assert growth(walk + more * MB).verdict != "growing"

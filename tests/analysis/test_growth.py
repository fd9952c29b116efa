import numpy as np
import pytest

from harness.analysis.growth import Growth, growth

MB = 1e6


def sizes(per_epoch=0.0, noise=0.1, epochs=30, start=0.0, seed=0):
    """Resident bytes after each epoch: from 500 MB, with what is allocated at first, and a leak."""
    random = np.random.default_rng(seed)
    index = np.arange(epochs)
    return 500 * MB + per_epoch * index + start * np.minimum(index / 5, 1) + noise * MB * random.standard_normal(epochs)


@pytest.mark.parametrize("leak", [0.5 * MB, 1 * MB, 20 * MB])
def test_a_leak_is_found_with_its_size(leak):
    found = growth(sizes(leak))
    assert found.verdict == "growing"
    assert found.bytes_per_epoch == pytest.approx(leak, rel=0.1)
    assert found.low <= leak <= found.high


@pytest.mark.parametrize("seed", range(20))
def test_nobody_is_accused_for_noise_or_for_warming_up(seed):
    assert growth(sizes(noise=1.0, seed=seed)).verdict in ("steady", "warm-up")
    assert growth(sizes(seed=seed)) == Growth("steady")
    assert growth(sizes(start=300 * MB, seed=seed)) == Growth("warm-up")


def test_one_step_is_no_growth():
    late = sizes()
    late[25:] += 50 * MB
    assert growth(late).verdict == "warm-up"


def test_a_leak_after_warming_up_is_one():
    assert growth(sizes(1 * MB, start=300 * MB)).verdict == "growing"


def test_of_a_few_epochs_nothing_is_said():
    assert growth(sizes(10 * MB, epochs=7)) is None

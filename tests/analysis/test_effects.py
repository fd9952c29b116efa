import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from simulated import DATA, FULL, REFINE, record

from harness.analysis.effects import Ratio, block_estimate, by_kind, interval
from harness.analysis.epochs import table, usable

logs = st.lists(st.floats(-1, 1), min_size=2, max_size=12)


@given(logs)
def test_the_interval_is_scipys_t_interval_of_the_logarithms(values):
    found = interval(values)
    assert found.estimate == pytest.approx(np.exp(np.mean(values)))
    error = stats.sem(values)
    if error > 1e-9:
        low, high = stats.t.interval(0.95, len(values) - 1, np.mean(values), error)
        assert (found.low, found.high) == pytest.approx((np.exp(low), np.exp(high)))


def test_one_block_has_no_interval_and_none_is_an_error():
    assert interval([np.log(2)]) == Ratio(pytest.approx(2.0), None, None)
    with pytest.raises(ValueError, match="no block"):
        interval([])


@given(st.lists(st.floats(-0.005, 0.005), min_size=20, max_size=60), st.floats(-0.005, 0.005))
def test_a_block_is_the_trimmed_mean_of_its_rounds(rounds, sums):
    assert block_estimate(rounds, sums, 0.03) == pytest.approx(stats.trim_mean(rounds, 0.2))


def test_a_burst_in_few_rounds_decides_nothing_but_a_stall_that_costs_decides():
    rounds = [0.0] * 47 + [2.3] * 3
    assert block_estimate(rounds, 0.01, 0.03) == 0.0
    assert block_estimate(rounds, np.log(1.18), 0.03) == pytest.approx(np.log(1.18))


def test_intervals_over_blocks_cover_what_they_promise():
    """Blocks differ by 0.5 %, rounds by 3 % with bursts of another load: what runs on a noisy machine look like."""
    random = np.random.default_rng(1)
    trials, covered = 600, 0
    for _ in range(trials):
        blocks = []
        for block in random.normal(np.log(1.05), 0.005, size=4):
            rounds = block + 0.03 * random.standard_t(3, size=30)
            blocks.append(block_estimate(rounds, float(np.mean(rounds)), tolerance=1.0))
        found = interval(blocks)
        covered += found.low <= 1.05 <= found.high
    assert 0.92 <= covered / trials <= 0.98


def test_kinds_are_compared_with_like_kinds_only():
    run = record({"a": {DATA: 1.0, REFINE: 5.0, FULL: 2.0}, "b": {DATA: 0.5, FULL: 3.0}}, noise=0.3)
    effects = by_kind(table(run), "b", "a", 0.03)
    assert set(effects.index.get_level_values(2)) == {DATA, FULL}
    assert len(effects) == 6
    assert np.exp(effects.xs(DATA, level=2)).to_numpy() == pytest.approx(0.5, rel=0.1)
    assert np.exp(effects.xs(FULL, level=2)).to_numpy() == pytest.approx(1.5, rel=0.1)


def test_what_slows_both_arms_of_a_round_cancels():
    noisy = record({"a": {DATA: 1.0, FULL: 1.0}, "b": {DATA: 1.02, FULL: 1.02}}, noise=0.5, rounds=60)
    effects = by_kind(table(noisy), "b", "a", tolerance=1.0)
    assert effects.mean() == pytest.approx(np.log(1.02), abs=0.02)


def test_blocks_that_an_arm_did_not_finish_are_left_out_if_others_are_whole():
    run = record({"a": {DATA: 1.0}, "b": {DATA: 2.0}}, blocks=3)
    run.blocks_done.pop()
    assert set(usable(run, table(run), "b")["block"]) == {0, 1}
    run.blocks_done.clear()
    assert set(usable(run, table(run), "b")["block"]) == {0, 1, 2}

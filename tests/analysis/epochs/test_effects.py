import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from scipy import stats
from simulated import DATA, FULL, REFINE, record

from harness.analysis.epochs.effects import effects, log_ratios_by_kind
from harness.analysis.epochs.shapes import Shapes
from harness.analysis.epochs.table import table, usable
from harness.analysis.stats.ratios import RESOLUTION, Ratio, guarded, interval, of_times, typical


def shaped(run):
    return Shapes(run, table(run)).epochs


logs = st.lists(st.floats(-1, 1), min_size=2, max_size=12)


@given(logs)
def test_the_interval_is_scipys_t_interval_of_the_logarithms(values):
    found = interval(values)
    assert found.estimate == pytest.approx(np.exp(np.mean(values)))
    error = stats.sem(values)
    if error > 1e-9:
        low, high = stats.t.interval(0.95, len(values) - 1, np.mean(values), error)
        assert (found.low, found.high) == pytest.approx((np.exp(low), np.exp(high)))


@given(logs)
def test_interval_is_no_narrower_than_clock_resolution(values):
    found, own = interval(values), of_times(values)
    assert own.estimate == found.estimate
    assert own.low == pytest.approx(min(found.low, found.estimate * np.exp(-RESOLUTION)))
    assert own.high == pytest.approx(max(found.high, found.estimate * np.exp(RESOLUTION)))


def test_one_block_has_no_interval_and_zero_blocks_raise():
    assert interval([np.log(2)]) == Ratio(pytest.approx(2.0), None, None)
    with pytest.raises(ValueError, match="no block"):
        interval([])


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=60))
def test_block_value_is_the_trimmed_mean_of_rounds(rounds):
    assert typical(rounds) == pytest.approx(stats.trim_mean(rounds, 0.2))


def test_a_burst_in_few_rounds_is_trimmed():
    assert typical([0.0] * 47 + [2.3] * 3) == 0.0


def test_only_a_stall_in_every_block_decides():
    quiet, burst, stall = [0.0] * 4, [0.0, 0.05, 0.0, -0.01], [0.17, 0.16, 0.15, 0.18]
    assert guarded(quiet, burst, 0.03) == quiet
    assert guarded(quiet, stall, 0.03) == stall
    assert guarded(stall, quiet, 0.03) == quiet  # what the other arm does of itself, too


@given(logs)
def test_typical_values_are_kept_if_sums_agree(values):
    scattered = [value + (0.01, -0.01)[place % 2] for place, value in enumerate(values)]
    assert guarded(values, scattered, 0.03) == values
    assert guarded(values, [value + 0.0009 for value in values], 0.03) == values


@given(st.lists(st.floats(-1, 1), min_size=3, max_size=12))
def test_sums_decide_if_they_differ_in_every_block(values):
    beyond = [value + 0.01 for value in values]
    assert guarded(values, beyond, 0.03) == beyond
    assert guarded(values[:2], beyond[:2], 0.03) == values[:2]  # two blocks are no evidence


def test_intervals_over_blocks_have_nominal_coverage():
    """Blocks differ by 0.5 % and rounds by 3 %, with bursts of other load, as on a noisy machine."""
    random = np.random.default_rng(1)
    trials, covered = 600, 0
    for _ in range(trials):
        blocks = []
        for block in random.normal(np.log(1.05), 0.005, size=4):
            rounds = block + 0.03 * random.standard_t(3, size=30)
            blocks.append(typical(rounds))
        found = interval(blocks)
        covered += found.low <= 1.05 <= found.high
    assert 0.92 <= covered / trials <= 0.98


def test_compares_only_equal_kinds():
    run = record({"a": {DATA: 1.0, REFINE: 5.0, FULL: 2.0}, "b": {DATA: 0.5, FULL: 3.0}}, noise=0.3)
    found = effects(log_ratios_by_kind(shaped(run), "b", "a"), 0.03)
    assert found.keys() == {DATA, FULL}
    assert np.exp(found[DATA]) == pytest.approx([0.5] * 3, rel=0.1)
    assert np.exp(found[FULL]) == pytest.approx([1.5] * 3, rel=0.1)


def test_no_effect_between_arms_without_common_turns():
    run = record({"a": {DATA: 1.0}, "b": {DATA: 0.5}})
    assert effects(log_ratios_by_kind(shaped(run), "c", "a"), 0.03) == {}


def test_a_turn_is_its_lower_quartile_checked_by_its_sum():
    """One epoch in eight of b takes ten times as long: this changes the sums but not the typical values."""
    run = record({"a": {DATA: 1.0}, "b": {DATA: 1.0}})
    for piece in run.slices:
        if piece.round:
            (one, *_) = piece.epochs
            piece.epochs[:] = [one] * 7 + [replace(one, wall=10.0 * one.wall) if piece.arm == "b" else one]
    found = log_ratios_by_kind(shaped(run), "b", "a")
    assert np.exp(found["typical"]).to_numpy() == pytest.approx(np.ones(3))
    assert np.exp(found["of_sums"]).to_numpy() == pytest.approx(np.full(3, 17 / 8))
    assert np.exp(effects(found, 0.03)[DATA]) == pytest.approx([17 / 8] * 3)


def test_slowdown_of_both_arms_in_a_round_cancels():
    noisy = record({"a": {DATA: 1.0, FULL: 1.0}, "b": {DATA: 1.02, FULL: 1.02}}, noise=0.5, rounds=60)
    found = log_ratios_by_kind(shaped(noisy), "b", "a")
    assert found["typical"].mean() == pytest.approx(np.log(1.02), abs=0.02)


def test_unfinished_blocks_are_dropped_if_others_are_complete():
    run = record({"a": {DATA: 1.0}, "b": {DATA: 2.0}}, blocks=3)
    run.blocks_done.pop()
    assert set(usable(run, table(run), "b")["block"]) == {0, 1}
    run.blocks_done.clear()
    assert set(usable(run, table(run), "b")["block"]) == {0, 1, 2}

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from variants.breakage.cases import CASE1
from variants.breakage.randomness import generator
from variants.breakage.refinement import Capped, Unbounded, high_count, highest, jittered
from variants.breakage.scales import PAPER, SMOKE

refiners = pytest.mark.parametrize("refiner", [Unbounded, Capped])


def by_volume(points):
    """A residual that is largest where v is."""
    return points[:, 0]


def rows(points):
    return {tuple(row) for row in points.tolist()}


@given(count=st.integers(1, 10_000), percentile=st.integers(1, 99))
def test_high_count_is_how_many_reach_the_interpolated_percentile(count, percentile):
    threshold = Fraction(percentile, 100) * (count - 1)
    assert high_count(count, percentile) == sum(rank >= threshold for rank in range(count))


@given(scores=arrays(np.float32, st.integers(1, 200), elements=st.floats(0, 10, width=32)))
def test_the_highest_scores_are_taken_in_their_order_even_where_they_tie(scores):
    taken = highest(scores, 95)
    assert len(taken) == high_count(len(scores), 95)
    assert (np.diff(taken) > 0).all()
    assert scores[taken].min() >= np.delete(scores, taken).max(initial=0)


def test_jitter_is_about_one_percent_and_stays_in_the_domain():
    inside = np.tile(np.float32([[1.0, 5.0]]), (10_000, 1))
    moved = jittered(CASE1, inside, generator(0, "refinement"))
    assert np.log(moved[:, 0]).std() == pytest.approx(0.01, rel=0.05)
    assert moved[:, 1].std() == pytest.approx(0.01 * CASE1.t_end, rel=0.05)
    corner = jittered(CASE1, np.tile(np.float32([[10.0, 0.0]]), (100, 1)), generator(0, "refinement"))
    assert corner[:, 0].max() == 10
    assert corner[:, 1].min() == 0


def test_the_original_grows_by_every_high_point_for_good():
    refiner = Unbounded(CASE1, PAPER, seed=0)
    sizes = []
    for index in range(0, 601, 50):
        refiner.advance(index, by_volume)
        sizes.append((len(refiner.pool), len(refiner.joined)))
    # 5 % of 1,000 is 50, of 1,050 is 52.5, of 1,103 is 55.2: what is at or above the percentile is rounded up.
    assert sizes == [(1000, 0)] * 4 + [(1050, 50)] * 4 + [(1103, 103)] * 4 + [(1159, 159)]


def test_the_original_adds_points_near_the_highest_that_are_not_copies():
    refiner = Unbounded(CASE1, SMOKE, seed=0)
    highest_volumes = np.sort(refiner.pool[:, 0])[-2:]
    before = rows(refiner.pool)
    refiner.advance(SMOKE.refine_every, by_volume)
    np.testing.assert_allclose(np.sort(refiner.joined[:, 0]), highest_volumes, rtol=0.05)
    assert not rows(refiner.joined) & before


@refiners
@pytest.mark.parametrize("index", [0, 1, 20, 21, 40, 41, 80, 81, 299])
def test_seek_finds_the_sizes_that_training_would_have(refiner, index):
    trained, sought = refiner(CASE1, SMOKE, seed=0), refiner(CASE1, SMOKE, seed=0)
    for epoch in range(index):
        trained.advance(epoch, by_volume)
    sought.seek(index)
    assert len(sought.pool) == len(trained.pool)
    # What joined the batch of the epoch before `index` only does not join the next.
    trained.advance(index, by_volume)
    sought.advance(index, by_volume)
    assert len(sought.joined) == len(trained.joined)


def test_seek_keeps_what_is_known_and_goes_both_ways():
    refiner = Unbounded(CASE1, SMOKE, seed=0)
    refiner.advance(20, by_volume)
    known = refiner.pool
    refiner.seek(200)
    assert len(refiner.pool) > len(known)
    assert (refiner.pool[: len(known)] == known).all()
    refiner.seek(30)
    assert (refiner.pool == known).all()
    refiner.seek(20)
    assert (refiner.pool == Unbounded(CASE1, SMOKE, seed=0).pool).all()


def test_the_capped_one_refines_half_as_often():
    original, capped = Unbounded(CASE1, SMOKE, seed=0), Capped(CASE1, SMOKE, seed=0)
    assert [index for index in range(101) if original.due(index)] == [20, 40, 60, 80, 100]
    assert [index for index in range(101) if capped.due(index)] == [40, 80]


def test_the_capped_one_adds_copies_to_one_batch_and_cuts_its_pool():
    refiner = Capped(CASE1, SMOKE, seed=0)
    before = rows(refiner.pool)
    scored = []
    refiner.advance(40, lambda points: scored.append(points) or by_volume(points))
    (sample,) = scored
    assert sample.shape == (SMOKE.sample, 2)
    assert len(rows(sample)) == SMOKE.sample
    assert rows(refiner.joined) <= rows(sample) <= before
    assert sorted(refiner.joined[:, 0]) == sorted(sample[:, 0])[-len(refiner.joined) :]
    assert len(refiner.pool) == SMOKE.pool_cap
    refiner.advance(41, by_volume)
    assert len(refiner.joined) == 0


def test_the_capped_one_takes_the_first_points_not_the_highest():
    scale = replace(SMOKE, percentile=50, first=5)
    refiner = Capped(CASE1, scale, seed=0)
    scored = []
    refiner.advance(40, lambda points: scored.append(points) or by_volume(points))
    (sample,) = scored
    high = sample[sample[:, 0] >= np.percentile(sample[:, 0], 50)]
    assert (refiner.joined == high[:5]).all()


@refiners
def test_it_is_deterministic_under_its_seed(refiner):
    one, same, other = (refiner(CASE1, SMOKE, seed=seed) for seed in (1, 1, 2))
    for each in (one, same, other):
        each.advance(40, by_volume)
    assert (one.pool == same.pool).all()
    assert (one.joined == same.joined).all()
    assert not rows(one.pool) & rows(other.pool)

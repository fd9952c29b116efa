"""Properties of all refiners and of their parts."""

from fractions import Fraction

import numpy as np
import pytest
from brief import BRIEF
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from refining import by_volume, drawn, rows, train

from variants.breakage.cases import CASE1, CASE4
from variants.breakage.collocation import collocation_points
from variants.breakage.randomness import generator
from variants.breakage.refinement import refiner
from variants.breakage.refinement.base import high_count, highest, jittered, top

CHOICES = ["none", "unbounded", "capped", "sound", "r3"]
EVERY = BRIEF.refine_every

each = pytest.mark.parametrize("choice", CHOICES)


def made(choice, seed=0):
    return refiner(choice, CASE1, BRIEF, seed)


def sizes(each, index):
    """Of pool and batch, at the epoch before which it stands."""
    before = len(each.pool)
    (batch,) = train(each, CASE1, BRIEF, [index])
    return before, len(batch), len(each.pool)


def test_rejects_an_unknown_choice():
    with pytest.raises(KeyError):
        made("bounded")


@pytest.mark.parametrize(
    ("choice", "due"),
    [("none", []), ("unbounded", [20, 40, 60, 80]), ("capped", [40, 80]), ("sound", [20, 40, 60, 80]), ("r3", [])],
)
def test_when_it_is_due(choice, due):
    assert [index for index in range(100) if made(choice).due(index)] == due


@each
@pytest.mark.parametrize("index", [0, 1, 20, 21, 40, 41, 80, 81, 299])
def test_seek_finds_the_sizes_that_training_would_have(choice, index):
    trained, sought, back = made(choice), made(choice), made(choice)
    list(train(trained, CASE1, BRIEF, range(index)))
    sought.seek(index)
    list(train(back, CASE1, BRIEF, [20, 40, 41, 60]))
    back.seek(299)
    back.seek(index)
    assert sizes(sought, index) == sizes(back, index) == sizes(trained, index)


@each
def test_seek_far_away_and_back_to_the_start_leaves_no_trace(choice):
    fresh, sought = made(choice), made(choice)
    for index in (20, 41, 280, 0):
        sought.seek(index)
    batches = [list(train(each, CASE1, BRIEF, [0, 1, 20, 21, 40, 41])) for each in (fresh, sought)]
    for one, other in zip(*batches, strict=True):
        np.testing.assert_array_equal(one, other)


@each
def test_seek_puts_points_of_the_domain_where_it_knows_none(choice):
    sought = made(choice)
    sought.seek(250)
    (batch,) = train(sought, CASE1, BRIEF, [250])
    for points in (sought.pool, batch):
        assert points.dtype == np.float32
        assert points.shape[1:] == (2,)
        assert ((points[:, 0] >= 0.999e-3) & (points[:, 0] <= 10) & (points[:, 1] >= 0) & (points[:, 1] <= 10)).all()
    assert len(rows(batch)) == len(batch)


@each
def test_until_it_has_refined_it_trains_on_what_is_drawn(choice):
    batches = train(made(choice), CASE1, BRIEF, range(1 if choice == "r3" else EVERY))
    for index, batch in enumerate(batches):
        assert (batch == drawn(CASE1, BRIEF, index)).all()


@each
@pytest.mark.parametrize("clock", ["log", "log1p"])
def test_its_pool_begins_with_times_by_the_clock(choice, clock):
    pool = refiner(choice, CASE1, BRIEF, 0, clock).pool
    assert (pool == collocation_points(CASE1, 0, "pool", 0, len(pool), clock)).all()


@each
def test_where_none_are_drawn_it_trains_on_its_own_alone(choice):
    alone = made(choice)
    for index in (0, 1, 20, 21, 40, 41):
        held = rows(alone.pool)
        alone.advance(index, by_volume)
        batch = alone.batch(np.empty((0, 2), np.float32))
        assert batch.shape == (len(batch), 2)
        assert rows(batch) <= held | rows(alone.pool)


@each
def test_to_ask_for_the_batch_again_changes_nothing(choice):
    made_refiner = made(choice)
    for index, batch in zip([0, 1, 20, 40, 41], train(made_refiner, CASE1, BRIEF, [0, 1, 20, 40, 41]), strict=True):
        assert (made_refiner.batch(drawn(CASE1, BRIEF, index)) == batch).all()


@each
def test_it_is_deterministic_under_its_seed(choice):
    one, same, other = (made(choice, seed) for seed in (1, 1, 2))
    indices = [*range(5), 20, 21, 40]
    batches = [list(train(each, CASE1, BRIEF, indices, seed=3)) for each in (one, same, other)]
    for left, right in zip(*batches[:2], strict=True):
        assert (left == right).all()
    assert (one.pool == same.pool).all()
    # R3 draws nothing itself after its first epoch: what it holds was drawn for it.
    assert choice == "r3" or not rows(one.pool) & rows(other.pool)


@each
def test_only_refiners_that_need_them_observe_batch_residuals(choice):
    observing, unobserving = made(choice), made(choice)
    assert observing.watches == (choice == "r3")
    for each in (observing, unobserving):
        list(train(each, CASE1, BRIEF, [20, 40]))
    observing.observe(by_volume(observing.batch(drawn(CASE1, BRIEF, 40))))
    for each in (observing, unobserving):
        each.seek(41) if choice == "r3" else each.advance(41, by_volume)
    assert (observing.batch(drawn(CASE1, BRIEF, 41)) == unobserving.batch(drawn(CASE1, BRIEF, 41))).all()


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


def test_of_equal_scores_the_later_are_the_top():
    assert top(np.array([1.0, 3.0, 1.0, 1.0]), 3).tolist() == [1, 2, 3]


def test_jitter_is_about_one_percent_and_stays_in_the_domain():
    inside = np.tile(np.float32([[1.0, 5.0]]), (10_000, 1))
    moved = jittered(CASE1, inside, generator(0, "refinement"))
    assert np.log(moved[:, 0]).std() == pytest.approx(0.01, rel=0.05)
    assert moved[:, 1].std() == pytest.approx(0.01 * CASE1.t_end, rel=0.05)
    corner = jittered(CASE1, np.tile(np.float32([[10.0, 0.0]]), (100, 1)), generator(0, "refinement"))
    assert corner[:, 0].max() == 10
    assert corner[:, 1].min() == 0
    # Above v = 1 it is known that there is none, and the network does not reach there.
    end = jittered(CASE4, np.tile(np.float32([[1.0, 1.0]]), (100, 1)), generator(0, "refinement"))
    assert end[:, 0].max() == 1

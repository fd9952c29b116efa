import numpy as np
import pytest
from brief import BRIEF
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from refining import by_volume, drawn, rows, train

from variants.breakage.cases import CASE1
from variants.breakage.refinement.r3 import R3, above_mean

SIZE = BRIEF.collocation


def after(scores):
    """The first two batches: on the first, the residuals were `scores`; None if there were none."""
    refiner = R3(CASE1, BRIEF, seed=0)
    refiner.advance(0, None)
    first = refiner.batch(drawn(CASE1, BRIEF, 0))
    if scores is not None:
        refiner.observe(scores)
    refiner.advance(1, None)
    return first, refiner.batch(drawn(CASE1, BRIEF, 1))


def test_it_retains_what_is_above_the_mean_and_refills_with_what_is_drawn():
    scores = np.zeros(SIZE, np.float32)
    scores[[3, 5, 40]] = 1, 2, 3  # their mean over the population is 0.09
    scores[7] = 0.05
    first, second = after(scores)
    assert (second[-3:] == first[[3, 5, 40]]).all()
    assert (second[:-3] == drawn(CASE1, BRIEF, 1)[:-3]).all()


def test_it_releases_a_point_once_its_residual_has_fallen_to_the_mean():
    refiner = R3(CASE1, BRIEF, seed=0)
    list(train(refiner, CASE1, BRIEF, range(5)))
    (batch,) = train(refiner, CASE1, BRIEF, [5], score=lambda points: -by_volume(points))
    volumes = batch[:, 0].astype(float)
    (following,) = train(refiner, CASE1, BRIEF, [6])
    assert rows(following) & rows(batch) == rows(batch[volumes < volumes.mean()])


def test_it_gathers_where_the_residual_is_high_at_a_constant_size():
    refiner = R3(CASE1, BRIEF, seed=0)
    batches = list(train(refiner, CASE1, BRIEF, range(BRIEF.epochs)))
    assert {batch.shape for batch in batches} == {(SIZE, 2)}
    assert {batch.dtype for batch in batches} == {np.dtype(np.float32)}
    assert len(refiner.pool) == SIZE
    assert all(len(rows(batch)) == SIZE for batch in batches)
    assert np.median(batches[-1][:, 0]) > 100 * np.median(batches[0][:, 0])


@given(
    scores=arrays(
        np.float32, SIZE, elements=st.floats(0, 2.0**127, width=32) | st.sampled_from([np.nan, np.inf]), fill=None
    )
)
def test_whatever_the_residuals_the_size_holds_and_what_is_not_finite_goes(scores):
    first, second = after(scores)
    assert second.shape == (SIZE, 2)
    finite = scores[np.isfinite(scores)].astype(float)
    stays = [i for i in range(SIZE) if np.isfinite(scores[i]) and scores[i] > finite.mean()]
    assert (second[SIZE - len(stays) :] == first[stays]).all()
    assert len(stays) < SIZE


@given(value=st.floats(0, 2.0**127, width=32))
def test_none_of_equal_residuals_is_above_their_mean(value):
    assert not above_mean(np.full(SIZE, value, np.float32)).any()


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_residuals_that_are_all_not_finite_give_a_fresh_batch_and_no_warning(wrong, recwarn):
    _, second = after(np.full(SIZE, wrong, np.float32))
    assert (second == drawn(CASE1, BRIEF, 1)).all()
    assert not recwarn.list


def test_an_epoch_without_physics_is_followed_by_a_fresh_batch():
    _, second = after(None)
    assert (second == drawn(CASE1, BRIEF, 1)).all()
    refiner = R3(CASE1, BRIEF, seed=0)
    list(train(refiner, CASE1, BRIEF, range(5)))
    refiner.advance(5, None)
    assert rows(refiner.batch(drawn(CASE1, BRIEF, 5))) - rows(drawn(CASE1, BRIEF, 5))
    refiner.advance(6, None)
    assert (refiner.batch(drawn(CASE1, BRIEF, 6)) == drawn(CASE1, BRIEF, 6)).all()


def test_it_evaluates_nothing_itself():
    def score(points):
        raise AssertionError

    refiner = R3(CASE1, BRIEF, seed=0)
    for index in range(BRIEF.epochs):
        refiner.advance(index, score)
        refiner.observe(by_volume(refiner.batch(drawn(CASE1, BRIEF, index))))


def test_after_a_seek_the_batch_is_what_is_drawn():
    refiner = R3(CASE1, BRIEF, seed=0)
    list(train(refiner, CASE1, BRIEF, range(5)))
    for index in (200, 2):
        refiner.seek(index)
        assert (refiner.batch(drawn(CASE1, BRIEF, index)) == drawn(CASE1, BRIEF, index)).all()
        (batch,) = train(refiner, CASE1, BRIEF, [index])
        assert (batch == drawn(CASE1, BRIEF, index)).all()

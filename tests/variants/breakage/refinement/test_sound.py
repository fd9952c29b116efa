"""One test for each flaw of the notes' capped RAR that this refiner does not have."""

import numpy as np
import pytest
from brief import BRIEF
from hypothesis import given
from hypothesis import strategies as st
from refining import by_time, by_volume, drawn, rows, train
from scipy.stats import kstest

from variants.breakage.cases import CASE1
from variants.breakage.collocation import collocation_points
from variants.breakage.refinement.sound import Sound

EVERY, SLOTS = BRIEF.refine_every, BRIEF.slots
FLOOR = BRIEF.collocation - SLOTS


def sound(seed=0):
    return Sound(CASE1, BRIEF, seed)


def fresh(index):
    """The candidates of the refinement at an epoch."""
    return collocation_points(CASE1, 0, "refinement", index, BRIEF.sample)


def test_it_takes_the_highest_of_slots_and_candidates_not_the_first():
    refiner = sound()
    both = np.concatenate([refiner.pool, fresh(EVERY)])
    refiner.advance(EVERY, by_volume)
    assert rows(refiner.pool) == rows(both[np.argsort(both[:, 0])[-SLOTS:]])
    refiner.advance(2 * EVERY, by_volume)
    both = np.concatenate([both, fresh(2 * EVERY)])
    assert rows(refiner.pool) == rows(both[np.argsort(both[:, 0])[-SLOTS:]])


@given(seed=st.integers(0, 2**31), start=st.integers(0, 100), back=st.integers(0, 299))
def test_it_never_holds_or_trains_on_the_same_point_twice(seed, start, back):
    refiner = sound(seed)
    for first in (start, back, back):
        refiner.seek(first)
        for batch in train(refiner, CASE1, BRIEF, range(first, first + 3 * EVERY), seed=seed):
            assert len(rows(batch)) == len(batch)
        assert len(rows(refiner.pool)) == SLOTS


def test_no_shape_ever_changes_so_that_nothing_is_traced_anew():
    shapes = set()

    def score(points):
        shapes.add(("scored", points.shape, points.dtype))
        return by_volume(points)

    refiner = sound()
    for batch in train(refiner, CASE1, BRIEF, range(BRIEF.epochs), score):
        shapes |= {("trained on", batch.shape, batch.dtype), ("held", refiner.pool.shape, refiner.pool.dtype)}
    float32 = np.dtype(np.float32)
    assert shapes == {
        ("scored", (BRIEF.sample + SLOTS, 2), float32),
        ("trained on", (BRIEF.collocation, 2), float32),
        ("held", (SLOTS, 2), float32),
    }


def test_beside_a_grid_for_which_none_are_drawn_its_slots_are_all_of_the_batch():
    refiner, none = sound(), np.empty((0, 2), np.float32)
    for index in range(2 * EVERY + 1):
        refiner.advance(index, by_volume)
        assert (refiner.batch(none) == refiner.pool).all()


def test_a_uniform_floor_is_under_every_batch():
    batches = list(train(sound(), CASE1, BRIEF, range(BRIEF.epochs)))
    for index, batch in enumerate(batches):
        assert (batch[:FLOOR] == drawn(CASE1, BRIEF, index)[:FLOOR]).all()
    floor = np.concatenate([batch[:FLOOR] for batch in batches]).astype(float)
    low, high = np.log(CASE1.v_range)
    assert kstest((np.log(floor[:, 0]) - low) / (high - low), "uniform").pvalue > 0.01
    assert kstest(floor[:, 1] / CASE1.t_end, "uniform").pvalue > 0.01


def test_it_evicts_what_is_lowest_now_not_what_was_or_at_random():
    refiner = sound()
    refiner.advance(EVERY, by_volume)
    held = refiner.pool
    refiner.advance(2 * EVERY, by_time)  # the network has learned, and its residual is elsewhere
    stayed = rows(held) & rows(refiner.pool)
    evicted = rows(held) - stayed
    assert stayed
    assert evicted
    lowest = refiner.pool[:, 1].min()
    assert all(t >= lowest for _, t in stayed)
    assert all(t < lowest for _, t in evicted)


def test_its_candidates_keep_the_clock_of_the_drawn_points():
    scored = []
    refiner = Sound(CASE1, BRIEF, 0, "log1p")
    refiner.advance(EVERY, lambda points: scored.append(points) or by_volume(points))
    assert (scored[0][: BRIEF.sample] == collocation_points(CASE1, 0, "refinement", EVERY, BRIEF.sample, "log1p")).all()


def test_lower_candidates_evict_nothing():
    refiner = sound()
    refiner.advance(EVERY, by_volume)
    held = refiner.pool
    refiner.advance(2 * EVERY, lambda points: np.ones(len(points), np.float32))
    assert (refiner.pool == held).all()


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_a_residual_that_is_not_finite_holds_no_slot(wrong):
    def score(points):
        return np.where(points[:, 0] > np.median(points[:, 0]), np.float32(wrong), points[:, 0])

    refiner = sound()
    both = np.concatenate([refiner.pool, fresh(EVERY)])
    refiner.advance(EVERY, score)
    finite = both[both[:, 0] <= np.median(both[:, 0])]
    assert rows(refiner.pool) == rows(finite[np.argsort(finite[:, 0])[-SLOTS:]])
    held = refiner.pool
    refiner.advance(2 * EVERY, lambda points: np.full(len(points), wrong))
    assert (refiner.pool == held).all()


@given(seed=st.integers(0, 2**31))
def test_it_depends_only_on_its_seed(seed):
    one, same = sound(seed), sound(seed)
    for index in (EVERY, 2 * EVERY, 3 * EVERY):
        one.advance(index, by_volume)
        np.random.random(3)
        same.advance(index, by_volume)
        assert (one.pool == same.pool).all()
    assert not rows(one.pool) & rows(sound(seed + 1).pool)


def test_its_slots_are_in_the_batch_of_every_epoch_from_the_first_refinement_on():
    refiner = sound()
    for index, batch in enumerate(train(refiner, CASE1, BRIEF, range(BRIEF.epochs))):
        assert (batch[FLOOR:] == (refiner.pool if index >= EVERY else drawn(CASE1, BRIEF, index)[FLOOR:])).all()
        if index >= EVERY:
            assert batch[FLOOR:, 0].min() > np.median(batch[:FLOOR, 0])


def test_it_pays_for_slots_and_candidates_in_one_evaluation_where_it_is_due_and_nowhere_else():
    paid = []
    refiner = sound()
    for index in range(BRIEF.epochs):
        refiner.advance(index, lambda points, index=index: paid.append((index, len(points))) or by_volume(points))
        refiner.batch(drawn(CASE1, BRIEF, index))
    assert paid == [(index, SLOTS + BRIEF.sample) for index in range(1, BRIEF.epochs) if refiner.due(index)]
    assert [index for index, _ in paid] == list(range(EVERY, BRIEF.epochs, EVERY))


def test_seek_keeps_the_slots_on_the_way_forward_alone():
    refiner = sound()
    beginning = refiner.pool
    refiner.advance(EVERY, by_volume)
    held = refiner.pool
    for index in (EVERY + 1, 200):
        refiner.seek(index)
        assert (refiner.pool == held).all()
    refiner.seek(150)
    assert (refiner.pool == beginning).all()
    assert (refiner.batch(drawn(CASE1, BRIEF, 150))[FLOOR:] == beginning).all()
    refiner.seek(EVERY)
    assert (refiner.batch(drawn(CASE1, BRIEF, EVERY)) == drawn(CASE1, BRIEF, EVERY)).all()

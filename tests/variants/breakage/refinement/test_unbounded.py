import numpy as np
from brief import BRIEF
from refining import by_volume, drawn, rows, train

from variants.breakage.cases import CASE1
from variants.breakage.refinement.unbounded import Unbounded
from variants.breakage.scales import PAPER


def test_it_grows_permanently_by_every_high_point():
    refiner = Unbounded(CASE1, PAPER, seed=0)
    indices = range(0, 601, 50)
    sizes = [(len(refiner.pool), len(batch) - 2048) for batch in train(refiner, CASE1, PAPER, indices)]
    # 5 % of 1,000 is 50, of 1,050 is 52.5, of 1,103 is 55.2: what is at or above the percentile is rounded up.
    assert sizes == [(1000, 0)] * 4 + [(1050, 50)] * 4 + [(1103, 103)] * 4 + [(1159, 159)]


def test_it_adds_points_near_the_highest_that_are_not_copies():
    refiner = Unbounded(CASE1, BRIEF, seed=0)
    highest_volumes = np.sort(refiner.pool[:, 0])[-2:]
    before = rows(refiner.pool)
    (batch,) = train(refiner, CASE1, BRIEF, [BRIEF.refine_every])
    new = batch[BRIEF.collocation :]
    np.testing.assert_allclose(np.sort(new[:, 0]), highest_volumes, rtol=0.05)
    assert not rows(new) & before
    assert (batch[: BRIEF.collocation] == drawn(CASE1, BRIEF, BRIEF.refine_every)).all()


def test_seek_keeps_what_is_known_and_goes_both_ways():
    refiner = Unbounded(CASE1, BRIEF, seed=0)
    refiner.advance(20, by_volume)
    known = refiner.pool
    refiner.seek(200)
    assert len(refiner.pool) > len(known)
    assert (refiner.pool[: len(known)] == known).all()
    refiner.seek(30)
    assert (refiner.pool == known).all()
    refiner.seek(20)
    assert (refiner.pool == Unbounded(CASE1, BRIEF, seed=0).pool).all()

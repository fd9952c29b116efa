from dataclasses import replace

import numpy as np
from brief import BRIEF
from refining import by_volume, drawn, rows

from variants.breakage.cases import CASE1
from variants.breakage.refinement.capped import Capped


def refined(scale=BRIEF):
    """A refiner that has refined once, and the sample that it scored."""
    refiner = Capped(CASE1, scale, seed=0)
    scored = []
    refiner.advance(40, lambda points: scored.append(points) or by_volume(points))
    (sample,) = scored
    return refiner, sample


def added(refiner, index):
    """What it adds to the points drawn for an epoch."""
    batch, points = refiner.batch(drawn(CASE1, BRIEF, index)), drawn(CASE1, BRIEF, index)
    assert (batch[: len(points)] == points).all()
    return batch[len(points) :]


def test_it_adds_copies_to_one_batch_and_cuts_its_pool():
    before = rows(Capped(CASE1, BRIEF, seed=0).pool)
    refiner, sample = refined()
    assert sample.shape == (BRIEF.sample, 2)
    assert len(rows(sample)) == BRIEF.sample
    new = added(refiner, 40)
    assert rows(new) <= rows(sample) <= before
    assert sorted(new[:, 0]) == sorted(sample[:, 0])[-4:]
    assert len(refiner.pool) == BRIEF.pool_cap
    refiner.advance(41, by_volume)
    assert len(added(refiner, 41)) == 0


def test_it_takes_the_first_points_not_the_highest():
    refiner, sample = refined(replace(BRIEF, percentile=50, first=5))
    high = sample[sample[:, 0] >= np.percentile(sample[:, 0], 50)]
    assert (added(refiner, 40) == high[:5]).all()

from dataclasses import fields

import pytest

from variants.breakage.refinement.base import high_count
from variants.breakage.scales import PAPER, SCALES


@pytest.mark.parametrize("scale", SCALES.values(), ids=SCALES)
def test_limits_bind_at_every_scale(scale):
    assert scale.chunk < scale.collocation
    assert scale.collocation % scale.chunk, "the last chunk must be partial"
    assert scale.recompute_chunk < scale.chunk
    assert 4 <= scale.coarse_nodes < scale.nodes
    assert scale.times * scale.coarse_nodes == pytest.approx(scale.collocation, rel=0.3)
    assert scale.slots < scale.collocation
    assert 1 < scale.weight_refresh < scale.epochs * 4 // 10, "the ramp must be a staircase"
    assert scale.sample < scale.pool_cap < scale.wide_pool
    assert high_count(scale.pool, scale.percentile) > 0
    assert scale.refine_every < scale.epochs * 3 // 10, "the original must refine in every stage"
    assert 2 * scale.refine_every < scale.epochs * 7 // 10, "the capped RAR must refine before physics is in full"


@pytest.mark.parametrize("scale", SCALES.values(), ids=SCALES)
def test_the_published_limit_on_new_points_never_binds(scale):
    assert 0 < high_count(scale.sample, scale.percentile) < scale.first


def test_the_published_sizes():
    assert (PAPER.layers, PAPER.width, PAPER.epochs, PAPER.data, PAPER.collocation) == (8, 128, 3000, 1024, 2048)
    assert (PAPER.nodes, PAPER.chunk, PAPER.refine_every) == (500, 1000, 200)
    assert (PAPER.coarse_nodes, PAPER.weight_refresh, PAPER.recompute_chunk) == (41, 100, 256)
    assert (PAPER.pool, PAPER.sample, PAPER.percentile, PAPER.first, PAPER.pool_cap) == (1000, 2000, 95, 500, 8000)


@pytest.mark.parametrize("scale", SCALES.values(), ids=SCALES)
def test_half_a_batch_is_half_of_what_an_epoch_takes_and_of_nothing_else(scale):
    half = scale.half()
    changed = {field.name for field in fields(scale) if getattr(scale, field.name) != getattr(half, field.name)}
    assert changed == {"data", "collocation", "times"}
    assert (2 * half.data, 2 * half.collocation, 2 * half.times) == (scale.data, scale.collocation, scale.times)

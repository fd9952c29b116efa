import pytest

from variants.breakage.refinement import high_count
from variants.breakage.scales import PAPER, SCALES


@pytest.mark.parametrize("scale", SCALES.values(), ids=SCALES)
def test_limits_bind_at_every_scale(scale):
    assert scale.chunk < scale.collocation
    assert scale.collocation % scale.chunk, "the last chunk must be partial"
    assert scale.sample < scale.pool_cap < scale.wide_pool
    assert high_count(scale.pool, scale.percentile) > 0
    assert 2 * scale.refine_every < scale.epochs * 3 // 10, "both kinds of RAR must happen in every stage"


@pytest.mark.parametrize("scale", SCALES.values(), ids=SCALES)
def test_the_published_limit_on_new_points_never_binds(scale):
    assert 0 < high_count(scale.sample, scale.percentile) < scale.first


def test_the_published_sizes():
    assert (PAPER.layers, PAPER.width, PAPER.epochs, PAPER.data, PAPER.collocation) == (8, 128, 3000, 1024, 2048)
    assert (PAPER.nodes, PAPER.chunk, PAPER.refine_every) == (500, 1000, 200)
    assert (PAPER.pool, PAPER.sample, PAPER.percentile, PAPER.first, PAPER.pool_cap) == (1000, 2000, 95, 500, 8000)

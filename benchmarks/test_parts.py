"""Benchmarks of the parts in which variants differ, each alone, to show the maximum gain from changing that part."""

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
import tensorflow as tf

from variants import recipes
from variants.breakage import loss
from variants.breakage.cases import CASE1
from variants.breakage.collocation import collocation_grid, collocation_points
from variants.breakage.objective import Objective, Places
from variants.breakage.recipe import Evaluation
from variants.breakage.scales import SCALES
from variants.breakage.schedule import loss_weights


@pytest.mark.parametrize("statistic", ["median", "mean"])
@pytest.mark.parametrize("count", ["1e3", "1e4", "1e5", "1e6"])
def test_statistic(benchmark, count, statistic):
    benchmark.group = f"statistic of {count} values"
    compiled = tf.function(getattr(loss, statistic), autograph=False)
    values = tf.constant(np.random.default_rng(0).random(int(float(count))), tf.float32)
    result = benchmark.pedantic(lambda: compiled(values).numpy(), rounds=20, warmup_rounds=2)
    assert result == pytest.approx(0.5, abs=0.05)


@pytest.mark.benchmark(group="physics loss and its gradient")
@pytest.mark.parametrize("evaluation", get_args(Evaluation))
def test_physics(benchmark, scale, evaluation):
    """All evaluations have about the same number of points. Shared times use the recipe with the nodes for them."""
    shared = evaluation == "shared_times"
    recipe = recipes.SHARED_TIMES if shared else replace(recipes.ORIGINAL, evaluation=evaluation)
    sizes = SCALES[scale]
    objective = Objective(recipe, CASE1, sizes, seed=0)
    points = None if shared else Places.of(*collocation_points(CASE1, 0, "collocation", 0, sizes.collocation).T)
    grid = Places.of(*collocation_grid(CASE1, 0, 0, sizes.coarse_nodes, sizes.times)) if shared else None

    @tf.function(autograph=False)
    def gradient(points, grid):
        with tf.GradientTape() as tape:
            total, _ = objective.physics(points, grid)
        return tape.gradient(total, objective.variables)

    first, *_ = benchmark.pedantic(gradient, args=(points, grid), rounds=10, warmup_rounds=2)
    assert np.isfinite(first).all()


@pytest.mark.benchmark(group="refinement")
@pytest.mark.parametrize("name", ["original", "capped-rar", "sound-rar"])
def test_refinement(benchmark, build, name):
    """The first refinement. Later ones cost the original more, because it traces again for each size of its pool."""
    trainer = build(name)
    refiner = trainer.refiner
    index = next(index for index in range(trainer.epochs) if refiner.due(index))

    def rewind():
        refiner.seek(index)
        return (index, trainer.score), {}

    benchmark.pedantic(refiner.advance, setup=rewind, rounds=10, warmup_rounds=2)
    nowhere = np.zeros((trainer.scale.collocation, 2), np.float32)
    assert refiner.batch(nowhere).any(), "nothing was refined"


@pytest.mark.benchmark(group="loss weights")
def test_loss_weights(benchmark):
    data, physics = benchmark(loss_weights, 1500, 3000, 100.0)
    assert (data, physics) == (1.0, 50.0)

"""The parts that the variants exchange, each alone: what a change could earn if an epoch were nothing else."""

from functools import partial

import numpy as np
import pytest
import tensorflow as tf

from variants.breakage import loss
from variants.breakage.birth import log_spaced_nodes
from variants.breakage.collocation import collocation_points
from variants.breakage.residual import in_chunks, pointwise_residual
from variants.breakage.schedule import loss_weights


@pytest.mark.parametrize("statistic", ["median", "mean"])
@pytest.mark.parametrize("count", ["1e3", "1e4", "1e5", "1e6"])
def test_statistic(benchmark, count, statistic):
    benchmark.group = f"statistic of {count} values"
    compiled = tf.function(getattr(loss, statistic), autograph=False)
    values = tf.constant(np.random.default_rng(0).random(int(float(count))), tf.float32)
    result = benchmark.pedantic(lambda: compiled(values).numpy(), rounds=20, warmup_rounds=2)
    assert result == pytest.approx(0.5, abs=0.05)


@pytest.mark.benchmark(group="residual, forward and backward")
@pytest.mark.parametrize("evaluation", ["whole", "chunked"])
def test_residual(benchmark, build, evaluation):
    trainer = build("original")
    case, scale = trainer.case, trainer.scale
    whole = partial(
        pointwise_residual, trainer.network.density, case, tf.constant(log_spaced_nodes(case, scale.nodes), "float32")
    )
    residual = {"whole": whole, "chunked": partial(in_chunks, whole, scale.chunk)}[evaluation]
    v, t = tf.constant(collocation_points(case, 0, "collocation", 0, scale.collocation).T)

    @tf.function(autograph=False)
    def gradient(v, t):
        with tf.GradientTape() as tape:
            mean_square = tf.reduce_mean(tf.square(residual(v, t)[0]))
        return tape.gradient(mean_square, trainer.network.variables)

    first, *_ = benchmark.pedantic(gradient, args=(v, t), rounds=10, warmup_rounds=2)
    assert np.isfinite(first).all()


@pytest.mark.benchmark(group="refinement")
@pytest.mark.parametrize("name", ["original", "capped-rar"])
def test_refinement(benchmark, build, name):
    """The first one. Later ones cost the original more: its pool has grown, and each size is traced anew."""
    trainer = build(name)
    refiner = trainer.refiner
    index = next(index for index in range(trainer.epochs) if refiner.due(index))

    def rewind():
        refiner.seek(index)
        return (index, trainer.score), {}

    benchmark.pedantic(refiner.advance, setup=rewind, rounds=10, warmup_rounds=2)
    assert len(refiner.joined) > 0


@pytest.mark.benchmark(group="loss weights")
def test_loss_weights(benchmark):
    data, physics = benchmark(loss_weights, 1500, 3000, 100.0)
    assert (data, physics) == (1.0, 50.0)

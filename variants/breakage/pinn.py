"""The trainer that every variant shares: one epoch of training a PINN of the breakage equation."""

from collections.abc import Callable
from functools import partial

import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike, NDArray

from harness import phase
from variants.breakage import loss
from variants.breakage.birth import log_spaced_nodes
from variants.breakage.cases import Case
from variants.breakage.collocation import Points, collocation_points, data_points
from variants.breakage.network import Network
from variants.breakage.quality import quality
from variants.breakage.recipe import Recipe
from variants.breakage.refinement import Capped, Refiner, Unbounded
from variants.breakage.residual import Residual, in_chunks, pointwise_residual
from variants.breakage.scales import Scale
from variants.breakage.schedule import loss_weights, stage


class BreakagePinn:
    """A `harness.Trainer` with all its options. What it computes depends on recipe, case, scale and seed alone."""

    def __init__(self, recipe: Recipe, case: Case, scale: Scale, seed: int) -> None:
        self.case, self.scale, self.seed = case, scale, seed
        self.epochs = scale.epochs
        self.scaling = recipe.scaling
        self.statistic = {"median": loss.median, "mean": loss.mean}[recipe.statistic]
        self.refiner = _refiner(recipe, case, scale, seed)
        self.network = Network(case, scale.layers, scale.width, seed)
        self.optimizer = tf.keras.optimizers.Adam(case.learning_rate)
        self.optimizer.build(self.network.variables)
        self._equation = _equation(recipe, case, scale, self.network)
        # Without autograph: what reads as Python below runs as Python, once, while tracing.
        self.compiled_step = tf.function(self._step, autograph=False)
        self.compiled_residual = tf.function(self._equation, autograph=False)
        self.compiled_density = tf.function(self.network.density, autograph=False)

    def kind(self, index: int) -> str:
        """Either "refine", where the pool is refined, or the stage of the schedule: "data", "ramp" or "full"."""
        return "refine" if self.refiner.due(index) else stage(index, self.epochs)

    def seek(self, index: int) -> None:
        """Give pool and batch the sizes they have before epoch `index`, forward or backward; the network stays."""
        self.refiner.seek(index)

    def state(self) -> dict[str, float]:
        """The sizes of the refinement pool, and of the batch of collocation points at the epoch last run or sought."""
        joined = len(self.refiner.joined)
        return {"pool_points": len(self.refiner.pool), "batch_points": self.scale.collocation + joined}

    def epoch(self, index: int) -> dict[str, float]:
        """One step of Adam. Returns the total loss, and its two terms before they are weighted."""
        with phase("data"):
            data, observed = data_points(self.case, self.seed, index, self.scale.data)
            drawn = collocation_points(self.case, self.seed, "collocation", index, self.scale.collocation)
        with phase("refine"):
            self.refiner.advance(index, self.score)
            batch = np.concatenate([drawn, self.refiner.joined])
        with phase("weights"):
            data_weight, physics_weight = loss_weights(index, self.epochs, self.case.physics_weight)
            # Tensors, because a Python number would be traced anew for each of its values.
            weights = tf.constant(data_weight), tf.constant(physics_weight)
        with phase("step"):
            losses = self.compiled_step(*_columns(data), tf.constant(observed), *_columns(batch), *weights)
        with phase("host"):
            total, data_part, physics_part = losses.numpy().tolist()
        return {"loss": total, "data": data_part, "physics": physics_part}

    def residual(self, v: ArrayLike, t: ArrayLike) -> tuple[tf.Tensor, tf.Tensor]:
        """The residual of the equation and the density f at (n,) volumes and times; both (n,), float32."""
        residual, f = self.compiled_residual(tf.constant(v, tf.float32), tf.constant(t, tf.float32))
        return residual, f

    def predict(self, v: ArrayLike, t: ArrayLike) -> tf.Tensor:
        """The density f at (n,) volumes and times; (n,), float32."""
        return self.compiled_density(tf.constant(v, tf.float32), tf.constant(t, tf.float32))

    def evaluate(self) -> dict[str, float]:
        """The distance from the exact solution: see `quality.quality`."""
        return quality(self.case, self.predict)

    def score(self, points: Points) -> NDArray[np.float32]:
        """What refinement ranks (n, 2) points by: the absolute residual, (n,)."""
        residual, _ = self.compiled_residual(*_columns(points))
        scores: NDArray[np.float32] = np.abs(residual.numpy())
        return scores

    def _step(
        self,
        v_data: tf.Tensor,
        t_data: tf.Tensor,
        observed: tf.Tensor,
        v: tf.Tensor,
        t: tf.Tensor,
        data_weight: tf.Tensor,
        physics_weight: tf.Tensor,
    ) -> tf.Tensor:
        """Update the network; the losses (total, data, physics) before it. Physics is computed at weight 0 too."""
        with tf.GradientTape() as tape:
            with tf.name_scope("data_loss"):
                data = loss.data_loss(self.network.log_density(v_data, t_data), observed, self.statistic)
            with tf.name_scope("residual"):
                residual, f = self._equation(v, t)
            with tf.name_scope("physics_loss"):
                physics = loss.physics_loss(residual, f, self.statistic, self.scaling)
            total = data_weight * data + physics_weight * physics
        variables = self.network.variables
        with tf.name_scope("gradient"):
            gradients = tape.gradient(total, variables)
        with tf.name_scope("optimizer"):
            self.optimizer.apply_gradients(zip(gradients, variables, strict=True))
        return tf.stack([total, data, physics])


def _equation(recipe: Recipe, case: Case, scale: Scale, network: Network) -> Residual:
    nodes = tf.constant(log_spaced_nodes(case, scale.nodes), tf.float32)
    whole = partial(pointwise_residual, network.density, case, nodes)
    return {"whole": whole, "chunked": partial(in_chunks, whole, scale.chunk)}[recipe.evaluation]


def _refiner(recipe: Recipe, case: Case, scale: Scale, seed: int) -> Refiner:
    refiners: dict[str, Callable[[Case, Scale, int], Refiner]] = {"unbounded": Unbounded, "capped": Capped}
    return refiners[recipe.refinement](case, scale, seed)


def _columns(points: Points) -> tuple[tf.Tensor, tf.Tensor]:
    """(n, 2) points to their (n,) volumes and (n,) times."""
    return tf.constant(points[:, 0]), tf.constant(points[:, 1])

"""The trainer that all variants share: one epoch of training a PINN for the breakage equation."""

import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike, NDArray

from harness import phase
from variants.breakage.cases import Case
from variants.breakage.collocation import Points, collocation_grid, collocation_points, data_points
from variants.breakage.objective import Data, Objective, Places
from variants.breakage.quality import quality
from variants.breakage.recipe import Recipe
from variants.breakage.refinement import refiner
from variants.breakage.scales import Scale
from variants.breakage.schedule import loss_weights, refreshed, stage

FIXED_BATCH = 32
"""Number of collocation points, and of data points, in the batch on which the losses of variants are compared."""
FINAL_RATE = 1e-3
"""The learning rate at the end of a training, as a fraction of that at its start, if it decays."""


class BreakagePinn:
    """A `harness.Trainer` with all optional methods. What it computes depends only on recipe, case, scale and seed."""

    def __init__(self, recipe: Recipe, case: Case, scale: Scale, seed: int) -> None:
        scale = scale.half() if recipe.batch == "half" else scale
        self.recipe, self.case, self.scale, self.seed = recipe, case, scale, seed
        self.epochs = scale.epochs
        self.refiner = refiner(recipe.refinement, case, scale, seed, recipe.clock)
        self._objective = Objective(recipe, case, scale, seed)
        self.network = self._objective.network
        self.optimizer = tf.keras.optimizers.Adam(self._make_learning_rate())
        self.optimizer.build(self._objective.variables)
        self._batch = self.refiner.batch(self._draw_points(0))
        # Without autograph, Python code in these functions runs as Python, once, during tracing.
        xla = recipe.compiler == "xla"
        self.compiled_step = tf.function(self._step, autograph=False, jit_compile=xla)
        self.compiled_residual = tf.function(self._objective.residual, autograph=False)
        self.compiled_density = tf.function(self.network.density, autograph=False)

    def kind(self, index: int) -> str:
        """Return "refine" for an epoch that refines the pool, or else the stage: "data", "ramp" or "full"."""
        if self.refiner.due(index):
            return "refine"
        return stage(self._find_weights_epoch(index), self.epochs, self.recipe.progression)

    def seek(self, index: int) -> None:
        """Give pool and batch the sizes that they have before epoch `index`. The network stays as it is."""
        self.refiner.seek(index)
        self._batch = self.refiner.batch(self._draw_points(index))

    def state(self) -> dict[str, float]:
        """Return the sizes of the refinement pool and of the batch of collocation points, at the current epoch."""
        return {"pool_points": len(self.refiner.pool), "batch_points": self._count_grid_points() + len(self._batch)}

    def epoch(self, index: int) -> dict[str, float]:
        """Make one step of Adam. Returns the total loss, and the unweighted terms that were computed."""
        with phase("data"):
            data = self._draw_data(index, self.scale.data)
            drawn, grid = self._draw_points(index), self._draw_grid(index)
        with phase("refine"):
            self.refiner.advance(index, self.score)
            self._batch = self.refiner.batch(drawn)
        with phase("weights"):
            data_weight, physics_weight = self._choose_weights(index)
            lazy = self.recipe.physics == "lazy" and physics_weight == 0
            points = Places.of(*self._batch.T) if len(self._batch) and not lazy else None
            # Tensors, because each value of a Python number would cause a tracing.
            weights = tf.constant(data_weight), tf.constant(physics_weight)
        with phase("step"):
            losses, residual = self.compiled_step(data, points, None if lazy else grid, *weights)
        with phase("host"):
            named = dict(zip(("loss", "data", "physics"), losses.numpy().tolist(), strict=False))
            if self.refiner.watches and not lazy:
                self.refiner.observe(np.abs(residual.numpy()[len(residual) - len(self._batch) :]))
        return named

    def residual(self, v: ArrayLike, t: ArrayLike) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the residual of the equation and the density f at (n,) volumes and times; both (n,), float32."""
        residual, f = self.compiled_residual(*Places.of(v, t))
        return residual, f

    def predict(self, v: ArrayLike, t: ArrayLike) -> tf.Tensor:
        """Return the density f without the delta, at (n,) volumes and times in its support; (n,), float32."""
        return self.compiled_density(*Places.of(v, t))

    def predict_amplitude(self, t: ArrayLike) -> tf.Tensor:
        """Return the amplitude of the delta at v = 1 at (n,) times; (n,), float32. Only for cases that have a delta."""
        assert self._objective.amplitude is not None
        return self._objective.amplitude.value(tf.constant(t, tf.float32))

    def evaluate(self) -> dict[str, float]:
        """Return the distance from the exact solution, and the lower limits due to the quadrature.

        See `quality` and `floors`.
        """
        from variants.breakage.floors import floors  # imports SciPy, which only an evaluation needs

        measured = quality(self.case, self.predict, self.predict_amplitude)
        return measured | floors(self.case, self.recipe.quadrature, self._nodes)

    def objective(self) -> dict[str, float]:
        """Return the terms of the loss on one fixed batch, the same for all variants of a case and seed.

        They are computed without compilation, because this runs only once.
        """
        data = self._draw_data(0, FIXED_BATCH, "fixed data")
        points = collocation_points(self.case, self.seed, "fixed", 0, FIXED_BATCH)
        physics, _ = self._objective.physics(Places.of(*points.T))
        return {"data": float(self._objective.data(data)), "physics": float(physics)}

    def score(self, points: Points) -> NDArray[np.float32]:
        """Return the (n,) scores of (n, 2) points for refinement: absolute residuals, scaled as in the losses."""
        places = Places.of(*points.T)
        residual, _ = self.compiled_residual(*places)
        scores: NDArray[np.float32] = np.abs(self._objective.scaled(residual, places.t).numpy())
        return scores

    def _step(
        self,
        data: Data,
        points: Places | None,
        grid: Places | None,
        data_weight: tf.Tensor,
        physics_weight: tf.Tensor,
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Update the network. Returns the losses (total, data, physics) before the update, and the residuals.

        Without points and grid, there is no physics loss.
        """
        with tf.GradientTape() as tape:
            losses = [self._objective.data(data)]
            total, residual = data_weight * losses[0], tf.zeros([0])
            if points or grid:
                physics, residual = self._objective.physics(points, grid)
                losses.append(physics)
                total += physics_weight * physics
        variables = self._objective.variables
        with tf.name_scope("gradient"):
            gradients = tape.gradient(total, variables, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        with tf.name_scope("optimizer"):
            self.optimizer.apply_gradients(zip(gradients, variables, strict=True))
        return tf.stack([total, *losses]), residual

    def _draw_data(self, index: int, count: int, stream: str = "data") -> Data:
        places, observed = data_points(self.case, self.seed, index, count, stream)
        return Data(*Places.of(*places.T), tf.constant(observed))

    def _draw_points(self, index: int) -> Points:
        """Return the points drawn for an epoch, or none if it uses a grid instead."""
        count = 0 if self._on_grid else self.scale.collocation
        return collocation_points(self.case, self.seed, "collocation", index, count, self.recipe.clock)

    def _draw_grid(self, index: int) -> Places | None:
        if not self._on_grid:
            return None
        sizes = self._nodes, self.scale.times
        return Places.of(*collocation_grid(self.case, self.seed, index, *sizes, self.recipe.clock))

    @property
    def _nodes(self) -> int:
        return len(self._objective.equation.nodes)

    @property
    def _on_grid(self) -> bool:
        return self.recipe.evaluation == "shared_times"

    def _count_grid_points(self) -> int:
        return self._nodes * self.scale.times if self._on_grid else 0

    def _choose_weights(self, index: int) -> tuple[float, float]:
        index = self._find_weights_epoch(index)
        return loss_weights(index, self.epochs, self.case.physics_weight, self.recipe.progression)

    def _find_weights_epoch(self, index: int) -> int:
        """Return the epoch whose loss weights are used at epoch `index`."""
        return refreshed(index, self.scale.weight_refresh) if self.recipe.weights == "cached" else index

    def _make_learning_rate(self) -> float | tf.keras.optimizers.schedules.LearningRateSchedule:
        start = 1e-3 if self.recipe.rate == "cosine_from_1e-3" else self.case.learning_rate
        if self.recipe.rate == "constant":
            return start
        return tf.keras.optimizers.schedules.CosineDecay(start, self.epochs, alpha=FINAL_RATE)

"""The trainer that every variant shares: one epoch of training a PINN of the breakage equation."""

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
"""Points, and as many data points, of the one batch on which the losses of variants are held against each other."""
FINAL_RATE = 1e-3
"""The learning rate at the end of a training, as a share of that at its start, where it falls."""


class BreakagePinn:
    """A `harness.Trainer` with all its options. What it computes depends on recipe, case, scale and seed alone."""

    def __init__(self, recipe: Recipe, case: Case, scale: Scale, seed: int) -> None:
        scale = scale.half() if recipe.batch == "half" else scale
        self.recipe, self.case, self.scale, self.seed = recipe, case, scale, seed
        self.epochs = scale.epochs
        self.refiner = refiner(recipe.refinement, case, scale, seed, recipe.clock)
        self._objective = Objective(recipe, case, scale, seed)
        self.network = self._objective.network
        self.optimizer = tf.keras.optimizers.Adam(self._learning_rate())
        self.optimizer.build(self._objective.variables)
        self._batch = self.refiner.batch(self._draw(0))
        # Without autograph: what reads as Python below runs as Python, once, while tracing.
        xla = recipe.compiler == "xla"
        self.compiled_step = tf.function(self._step, autograph=False, jit_compile=xla)
        self.compiled_residual = tf.function(self._objective.residual, autograph=False)
        self.compiled_density = tf.function(self.network.density, autograph=False)

    def kind(self, index: int) -> str:
        """Either "refine", where the pool is refined, or the stage of the schedule: "data", "ramp" or "full"."""
        if self.refiner.due(index):
            return "refine"
        return stage(self._weighed(index), self.epochs, self.recipe.progression)

    def seek(self, index: int) -> None:
        """Give pool and batch the sizes they have before epoch `index`, forward or backward; the network stays."""
        self.refiner.seek(index)
        self._batch = self.refiner.batch(self._draw(index))

    def state(self) -> dict[str, float]:
        """The sizes of the refinement pool, and of the batch of collocation points at the epoch last run or sought."""
        return {"pool_points": len(self.refiner.pool), "batch_points": self._grid_size() + len(self._batch)}

    def epoch(self, index: int) -> dict[str, float]:
        """One step of Adam. Returns the total loss, and its terms before they are weighted: those it computed."""
        with phase("data"):
            data = self._data(index, self.scale.data)
            drawn, grid = self._draw(index), self._grid(index)
        with phase("refine"):
            self.refiner.advance(index, self.score)
            self._batch = self.refiner.batch(drawn)
        with phase("weights"):
            data_weight, physics_weight = self._weights(index)
            lazy = self.recipe.physics == "lazy" and physics_weight == 0
            points = Places.of(*self._batch.T) if len(self._batch) and not lazy else None
            # Tensors, because a Python number would be traced anew for each of its values.
            weights = tf.constant(data_weight), tf.constant(physics_weight)
        with phase("step"):
            losses, residual = self.compiled_step(data, points, None if lazy else grid, *weights)
        with phase("host"):
            named = dict(zip(("loss", "data", "physics"), losses.numpy().tolist(), strict=False))
            if self.refiner.watches and not lazy:
                self.refiner.observe(np.abs(residual.numpy()[len(residual) - len(self._batch) :]))
        return named

    def residual(self, v: ArrayLike, t: ArrayLike) -> tuple[tf.Tensor, tf.Tensor]:
        """The residual of the equation and the density f at (n,) volumes and times; both (n,), float32."""
        residual, f = self.compiled_residual(*Places.of(v, t))
        return residual, f

    def predict(self, v: ArrayLike, t: ArrayLike) -> tf.Tensor:
        """The density f, without a delta, at (n,) volumes and times in the density's support; (n,), float32."""
        return self.compiled_density(*Places.of(v, t))

    def predict_amplitude(self, t: ArrayLike) -> tf.Tensor:
        """The amplitude of the delta at v = 1 at (n,) times; (n,), float32. Only in the cases that have one."""
        assert self._objective.amplitude is not None
        return self._objective.amplitude.value(tf.constant(t, tf.float32))

    def evaluate(self) -> dict[str, float]:
        """The distance from the exact solution, and what the quadrature cannot get below: see `quality`, `floors`."""
        from variants.breakage.floors import floors  # with SciPy, which only an evaluation needs

        measured = quality(self.case, self.predict, self.predict_amplitude)
        return measured | floors(self.case, self.recipe.quadrature, self._nodes)

    def objective(self) -> dict[str, float]:
        """The terms of the loss on one fixed batch, the same for all variants of a case and seed; nothing is trained.

        Computed without compiling, because it is done once.
        """
        data = self._data(0, FIXED_BATCH, "fixed data")
        points = collocation_points(self.case, self.seed, "fixed", 0, FIXED_BATCH)
        physics, _ = self._objective.physics(Places.of(*points.T))
        return {"data": float(self._objective.data(data)), "physics": float(physics)}

    def score(self, points: Points) -> NDArray[np.float32]:
        """What refinement ranks (n, 2) points by: the absolute residual as the losses scale it, (n,)."""
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
        """Update the network. The losses (total, data, physics) before it, and the residuals; without points or grid
        there is no physics."""
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

    def _data(self, index: int, count: int, stream: str = "data") -> Data:
        places, observed = data_points(self.case, self.seed, index, count, stream)
        return Data(*Places.of(*places.T), tf.constant(observed))

    def _draw(self, index: int) -> Points:
        """The points drawn for an epoch; none where a grid takes their place."""
        count = 0 if self._on_grid else self.scale.collocation
        return collocation_points(self.case, self.seed, "collocation", index, count, self.recipe.clock)

    def _grid(self, index: int) -> Places | None:
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

    def _grid_size(self) -> int:
        return self._nodes * self.scale.times if self._on_grid else 0

    def _weights(self, index: int) -> tuple[float, float]:
        index = self._weighed(index)
        return loss_weights(index, self.epochs, self.case.physics_weight, self.recipe.progression)

    def _weighed(self, index: int) -> int:
        """The epoch whose loss weights are in use at epoch `index`."""
        return refreshed(index, self.scale.weight_refresh) if self.recipe.weights == "cached" else index

    def _learning_rate(self) -> float | tf.keras.optimizers.schedules.LearningRateSchedule:
        start = 1e-3 if self.recipe.rate == "cosine_from_1e-3" else self.case.learning_rate
        if self.recipe.rate == "constant":
            return start
        return tf.keras.optimizers.schedules.CosineDecay(start, self.epochs, alpha=FINAL_RATE)

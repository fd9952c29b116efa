"""The objective of the training: the data loss and the physics loss of a batch, according to a recipe."""

from functools import partial
from typing import NamedTuple

import tensorflow as tf
from numpy.typing import ArrayLike

from variants.breakage import loss
from variants.breakage.amplitude import Amplitude
from variants.breakage.birth import log_spaced_nodes
from variants.breakage.cases import Case
from variants.breakage.exact import amplitude
from variants.breakage.network import Network
from variants.breakage.quadrature import RULES
from variants.breakage.recipe import Recipe
from variants.breakage.residual import Equation, Residual, in_chunks, recomputed_birth
from variants.breakage.scales import Scale


class Data(NamedTuple):
    """The (n,) volumes, times and observed densities of data points."""

    v: tf.Tensor
    t: tf.Tensor
    observed: tf.Tensor


class Places(NamedTuple):
    """Volumes and times: (n,) of each for n points, or (m,) volumes and (n,) times for a grid."""

    v: tf.Tensor
    t: tf.Tensor

    @classmethod
    def of(cls, v: ArrayLike, t: ArrayLike) -> "Places":
        return cls(tf.constant(v, tf.float32), tf.constant(t, tf.float32))


class Objective:
    """The losses of one recipe as functions of the network's weights."""

    def __init__(self, recipe: Recipe, case: Case, scale: Scale, seed: int) -> None:
        self.case, self.scaling = case, recipe.scaling
        self.statistic = {"median": loss.median, "mean": loss.mean}[recipe.statistic]
        self.network = Network(case, scale.layers, scale.width, seed, recipe.clock, recipe.start)
        self.amplitude = Amplitude(case, seed, recipe.clock) if case.monodisperse else None
        nodes = log_spaced_nodes(case, scale.nodes if recipe.nodes == "fine" else scale.coarse_nodes)
        self.equation = Equation(case, RULES[recipe.quadrature], nodes, self.amplitude)
        self.residual = _make_residual(recipe, scale, self.equation, self.network)

    @property
    def variables(self) -> list[tf.Variable]:
        """Everything that is trained."""
        return self.network.variables + (self.amplitude.variables if self.amplitude else [])

    def data(self, data: Data) -> tf.Tensor:
        """Return the scalar data loss. It includes the mean square error of a delta's amplitude at the data times."""
        with tf.name_scope("data_loss"):
            log_f = self.network.log_density(data.v, data.t)
            total = loss.data_loss(log_f, data.observed, self.statistic)
            if self.amplitude:
                known = tf.constant(amplitude(self.case, self.case.data_times), tf.float32)
                found = self.amplitude.value(tf.constant(self.case.data_times, tf.float32))
                total += tf.reduce_mean(tf.square(found - known))
            return total

    def physics(self, points: Places | None, grid: Places | None = None) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the scalar physics loss over points and grid together, and their `scaled` residuals, the grid's first.

        The mean square residual of the equation for a delta's amplitude is added to the loss.
        """
        with tf.name_scope("physics"):
            with tf.name_scope("residual"):
                found = [self._evaluate_on_grid(grid)] if grid else []
                if points:
                    residual, f = self.residual(*points)
                    found.append((residual, f, *points))
                residual, f, v, t = (tf.concat(column, axis=0) for column in zip(*found, strict=True))
                scaled = self.scaled(residual, t)
            with tf.name_scope("loss"):
                total = (
                    loss.mass_loss(residual, v, t, self.case.selection(v))
                    if self.scaling == "mass"
                    else loss.physics_loss(scaled, f, self.statistic, self.scaling)
                )
                if self.amplitude:
                    times = tf.concat([places.t for places in (grid, points) if places], axis=0)
                    total += tf.reduce_mean(tf.square(self.amplitude.value_and_residual(times)[1]))
        return total, scaled

    def scaled(self, residual: tf.Tensor, t: tf.Tensor) -> tf.Tensor:
        """Return the residuals as the published losses and refinement use them, from (n,) residuals at the times t.

        If all particles start at v = 1, they are divided by 1 + t: the fragments accumulate, so df/dt grows with t and
        would exceed the clip of the residual, beyond which there is no gradient.
        """
        return residual / (1 + t) if self.case.monodisperse else residual

    def _evaluate_on_grid(self, grid: Places) -> tuple[tf.Tensor, ...]:
        """Return residual, f, volumes and times at every point of the grid, time by time; each (n * m,)."""
        volumes, times = grid.v.shape[0], grid.t.shape[0]
        v, t = tf.tile(grid.v, [times]), tf.repeat(grid.t, volumes)
        log_f, log_rate = self.network.log_density_and_rate(v, t)
        f = tf.exp(log_f)
        shape = (times, volumes)
        residual = self.equation.on_grid(tf.reshape(f, shape), tf.reshape(f * log_rate, shape), *grid)
        return tf.reshape(residual, [-1]), f, v, t


def _make_residual(recipe: Recipe, scale: Scale, equation: Equation, network: Network) -> Residual:
    """Return the function for the residual at points, which computes it at once or in chunks."""
    whole = partial(equation.at_points, network.density)
    match recipe.evaluation:
        case "chunked":
            return partial(in_chunks, whole, scale.chunk)
        case "recomputed":
            recomputed = partial(whole, birth=recomputed_birth(equation, network))
            return partial(in_chunks, recomputed, scale.recompute_chunk)
        case _:
            return whole

"""The residual of the breakage equation, df/dt - (birth - death), which is 0 for a solution f."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from variants.breakage.amplitude import Amplitude
from variants.breakage.birth import Density, birth_from_delta, birth_rate, birth_rate_at_nodes
from variants.breakage.cases import Case
from variants.breakage.network import Network
from variants.breakage.quadrature import Rule

Residual = Callable[[tf.Tensor, tf.Tensor], tuple[tf.Tensor, tf.Tensor]]
"""A function from (n,) volumes and times to (n,) residuals and densities."""
Birth = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
"""A function from (n,) volumes and times to (n,) birth integrals."""


@dataclass(frozen=True)
class Equation:
    """The equation of one case, with the birth integral by one quadrature rule on (m,) nodes."""

    case: Case
    rule: Rule
    nodes: NDArray[np.floating]
    amplitude: Amplitude | None = None
    """The amplitude of the delta at v = 1, for cases that have one."""

    def at_points(
        self, density: Density, v: tf.Tensor, t: tf.Tensor, birth: Birth | None = None
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the residual and f at (n,) points, from n * (m + 1) values of `density`.

        `birth` may compute the birth integral in another way. Time derivatives that are not finite count as 0.
        """
        with tf.name_scope("time_derivative"):
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(t)
                f = density(v, t)
            # f at a point does not depend on other points, so the gradient of the sum is the derivative at each point.
            rate = tape.gradient(f, t)
            rate = tf.where(tf.math.is_finite(rate), rate, tf.zeros_like(rate))
        with tf.name_scope("birth_integral"):
            integral = birth(v, t) if birth else self.birth(density, v, t)
            born = integral + self._compute_birth_from_delta(t)
        with tf.name_scope("death"):
            death = self.case.selection(v) * f
        return rate - (born - death), f

    def on_grid(self, f: tf.Tensor, rate: tf.Tensor, v: tf.Tensor, t: tf.Tensor) -> tf.Tensor:
        """Return the residual at all combinations of (m,) log-spaced volumes and (n,) times, from f and df/dt there.

        All three have the shape (n, m). The volumes are also the quadrature nodes for each time, so the birth term
        needs no further values of f.
        """
        with tf.name_scope("birth_integral"):
            born = birth_rate_at_nodes(self.case, self.rule, v, f) + self._compute_birth_from_delta(t)[:, None]
        with tf.name_scope("death"):
            death = self.case.selection(v) * f
        return rate - (born - death)

    def birth(self, density: Density, v: tf.Tensor, t: tf.Tensor) -> tf.Tensor:
        """Return the birth integral without the contribution of a delta, at (n,) points; (n,)."""
        return birth_rate(density, self.case, self.rule, self.nodes, v, t)

    def _compute_birth_from_delta(self, t: tf.Tensor) -> tf.Tensor:
        if self.amplitude is None:
            return tf.zeros_like(t)
        return birth_from_delta(self.case, self.amplitude.value(t))


def recomputed_birth(equation: Equation, network: Network) -> Birth:
    """Return a birth integral whose backward pass computes the density at the nodes again instead of storing it.

    Only the birth integral is recomputed, because a recomputed function must not contain a gradient tape. The weights
    are its arguments, because inside a loop its gradient cannot access variables from outside.
    """

    def integral(v: tf.Tensor, t: tf.Tensor, *weights: tf.Tensor) -> tf.Tensor:
        return equation.birth(network.on(weights).density, v, t)

    recomputed = tf.recompute_grad(integral)
    return lambda v, t: recomputed(v, t, *map(tf.convert_to_tensor, network.variables))


def in_chunks(residual: Residual, chunk: int, v: tf.Tensor, t: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Return the result of `residual`, computed for `chunk` of the (n,) points at a time in a `tf.while_loop`.

    The remaining points come last. This lowers the peak memory of a forward pass only. In training, the loop stores the
    intermediate results of every chunk for the backward pass, which are as large as those of the whole batch.
    """
    whole, left = divmod(v.shape[0], chunk)

    def collect(i: tf.Tensor, residuals: tf.TensorArray, densities: tf.TensorArray) -> tuple[tf.Tensor, ...]:
        r, f = residual(*(tf.slice(x, [i * chunk], [chunk]) for x in (v, t)))
        return i + 1, residuals.write(i, r), densities.write(i, f)

    parts = []
    if whole:
        empty = [tf.TensorArray(v.dtype, size=whole, element_shape=[chunk]) for _ in range(2)]
        _, *arrays = tf.while_loop(lambda i, *_: i < whole, collect, (0, *empty), maximum_iterations=whole)
        parts.append(tuple(array.concat() for array in arrays))
    if left:
        parts.append(residual(v[-left:], t[-left:]))
    residuals, densities = (tf.concat(column, axis=0) for column in zip(*parts, strict=True))
    return residuals, densities

"""The residual of the breakage equation: df/dt - (birth - death), zero where f solves it."""

from collections.abc import Callable

import tensorflow as tf

from variants.breakage.birth import Density, birth_rate
from variants.breakage.cases import Case

Residual = Callable[[tf.Tensor, tf.Tensor], tuple[tf.Tensor, tf.Tensor]]
"""Volumes and times of shape (n,) to residuals and densities of shape (n,)."""


def pointwise_residual(
    density: Density, case: Case, nodes: tf.Tensor, v: tf.Tensor, t: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """The residual and f at points of shape (n,), the birth integral on (m,) nodes: n * (m + 1) values of `density`.

    A rate that is not finite counts as 0.
    """
    with tf.name_scope("time_derivative"):
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(t)
            f = density(v, t)
        # f at a point depends on no other point, so the gradient of the sum is the derivative at each.
        rate = tape.gradient(f, t)
        rate = tf.where(tf.math.is_finite(rate), rate, tf.zeros_like(rate))
    with tf.name_scope("birth"):
        birth = birth_rate(density, case, nodes, v, t)
    with tf.name_scope("death"):
        death = case.selection(v) * f
    return rate - (birth - death), f


def in_chunks(residual: Residual, chunk: int, v: tf.Tensor, t: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """What `residual` returns, for `chunk` points at a time in a `tf.while_loop`; the last chunk may be partial.

    It lowers the peak of a forward pass only. In training the loop keeps what every chunk computed for the backward
    pass, which is as much as the whole batch at once.
    """
    count = tf.shape(v)[0]
    chunks = (count + chunk - 1) // chunk

    def collect(i: tf.Tensor, residuals: tf.TensorArray, densities: tf.TensorArray) -> tuple[tf.Tensor, ...]:
        part = slice(i * chunk, tf.minimum((i + 1) * chunk, count))
        r, f = residual(v[part], t[part])
        return i + 1, residuals.write(i, r), densities.write(i, f)

    def empty() -> tf.TensorArray:
        return tf.TensorArray(v.dtype, size=chunks, infer_shape=False, element_shape=[None])

    _, residuals, densities = tf.while_loop(lambda i, *_: i < chunks, collect, (0, empty(), empty()))
    return residuals.concat(), densities.concat()

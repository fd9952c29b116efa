"""A matrix product whose gradient XLA computes fast on a CPU."""

from collections.abc import Callable

import tensorflow as tf
from tensorflow.compiler.tf2xla.ops import gen_xla_ops

Gradient = Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]


def xla_matmul(x: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """x @ kernel for (n, k) x with n far larger than k, inside a function that XLA compiles.

    The kernel's gradient is x^T dy. XLA's CPU product runs at about half its speed where the left factor is to be read
    transposed and the inner dimension is long, and XLA folds a transposition into the product that follows it. The
    barrier keeps the two apart: `benchmarks/test_parts.py` has what it earns.
    """
    return _product(x, kernel)


def _with_gradient(x: tf.Tensor, kernel: tf.Tensor) -> tuple[tf.Tensor, Gradient]:
    def gradient(dy: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        (transposed,) = gen_xla_ops.xla_optimization_barrier(input=[tf.transpose(x)])
        return tf.matmul(dy, kernel, transpose_b=True), transposed @ dy

    return x @ kernel, gradient


_product = tf.custom_gradient(_with_gradient)

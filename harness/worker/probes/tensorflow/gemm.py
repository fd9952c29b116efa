"""The product of two large matrices in TensorFlow."""

from __future__ import annotations

from collections.abc import Callable


def prepare(size: int) -> Callable[[], object]:
    import tensorflow as tf

    left, right = tf.fill((size, size), 0.5), tf.fill((size, size), 0.25)

    def multiply() -> object:
        return tf.matmul(left, right)[0, 0].numpy()  # copying one number to the host waits for the product

    return multiply

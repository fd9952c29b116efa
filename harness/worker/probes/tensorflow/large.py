"""Large computations in TensorFlow: a product of matrices, and a sum of vectors.

They run at once, even in programs for TensorFlow 1, which have eager execution disabled.
"""

from __future__ import annotations

from collections.abc import Callable


def prepare_product(size: int) -> Callable[[], object]:
    import tensorflow as tf
    from tensorflow.python.eager.context import eager_mode

    with eager_mode():
        left, right = tf.fill((size, size), 0.5), tf.fill((size, size), 0.25)

    def multiply() -> object:
        with eager_mode():
            return tf.matmul(left, right)[0, 0].numpy()  # copying one number to the host waits for the product

    return multiply


def prepare_sum(size: int) -> Callable[[], object]:
    import tensorflow as tf
    from tensorflow.python.eager.context import eager_mode

    with eager_mode():
        total, one = tf.Variable(tf.zeros((size,))), tf.ones((size,))

    def add() -> object:
        with eager_mode():
            total.assign_add(one)
            return tf.raw_ops.ResourceGather(resource=total.handle, indices=[0], dtype=total.dtype).numpy()

    return add

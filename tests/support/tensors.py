"""Trainers that load TensorFlow, with known operations."""

import os
import time

import tensorflow as tf

from harness.worker.probes.tensorflow import flops

POINTS, WIDTH = 64, 32
FUNCTION = type(tf.function(lambda: 0))


class Dense:
    """One dense layer: a forward product, and one back, in every epoch; two layers in the last of its four."""

    epochs = 4

    def __init__(self):
        self.kernel = tf.Variable(tf.ones((WIDTH, WIDTH)) / WIDTH)
        self.step = tf.function(self._step)
        self.total = tf.function(lambda x: tf.reduce_sum(x @ self.kernel))

    def kind(self, index):
        return "late" if index == 3 else "early"

    def objective(self):
        return {"total": float(self.total(tf.ones((POINTS, WIDTH))))}

    def epoch(self, index):
        """Its loss `watched` is 1 while harness has replaced a call."""
        loss = self.step(tf.ones((POINTS, WIDTH)), 2 if index == 3 else 1)
        watched = FUNCTION.__call__.__module__.startswith("harness")
        return {"loss": float(loss), "watched": float(watched)}

    def _step(self, x, layers):
        with tf.GradientTape() as tape:
            for _ in range(layers):
                x = tf.tanh(x @ self.kernel)
            loss = tf.reduce_mean(x**2)
        self.kernel.assign_sub(0.1 * tape.gradient(loss, self.kernel))
        return loss


class DiesWhenCounted(Dense):
    def __init__(self):
        super().__init__()
        flops.of_call = lambda *call: os._exit(5)


class HangsWhenCounted(Dense):
    def __init__(self):
        super().__init__()
        flops.of_call = lambda *call: time.sleep(3600)


class FailsWhenCounted(Dense):
    def __init__(self):
        super().__init__()

        def of_call(*call):
            raise SystemExit("enough")

        flops.of_call = of_call


class Eager(Dense):
    """Computes its gradients outside every function."""

    def epoch(self, index):
        with tf.GradientTape() as tape:
            total = self.total(tf.ones((POINTS, WIDTH)))
        self.kernel.assign_sub(0.0 * tape.gradient(total, self.kernel))
        return {"loss": float(total), "watched": 0.0}

"""The network: log f as a function of log v and log t."""

from itertools import pairwise

import numpy as np
import tensorflow as tf

from variants.breakage.cases import Case
from variants.breakage.randomness import generator

TIME_OFFSET = 1e-8
"""Keeps log(t + offset) finite at t = 0, and makes that time as far from the next ones as the domain is long."""
LOG_DENSITY_LIMIT = 30.0


class Network:
    """A tanh network whose every second hidden layer adds its own input: f(v, t) = exp(network(log v, log t)).

    The inputs are scaled to [-1, 1] by the domain and the output is clipped to [-30, 30].
    Glorot-uniform weights and zero biases; the weights depend on the seed alone.
    """

    def __init__(self, case: Case, layers: int, width: int, seed: int) -> None:
        self._log_v = tuple(np.log(case.v_range))
        self._log_t = (np.log(TIME_OFFSET), np.log(case.t_end + TIME_OFFSET))
        random = generator(seed, "weights")
        sizes = [2, *[width] * layers, 1]
        self.kernels = []
        self.biases = []
        for layer, (inputs, outputs) in enumerate(pairwise(sizes)):
            limit = np.sqrt(6 / (inputs + outputs))
            kernel = random.uniform(-limit, limit, (inputs, outputs))
            self.kernels.append(tf.Variable(kernel, dtype=tf.float32, name=f"kernel_{layer}"))
            self.biases.append(tf.Variable(np.zeros(outputs), dtype=tf.float32, name=f"bias_{layer}"))

    @property
    def variables(self) -> list[tf.Variable]:
        """Every trainable variable, layer by layer, kernel before bias."""
        return [variable for layer in zip(self.kernels, self.biases, strict=True) for variable in layer]

    def log_density(self, v: tf.Tensor, t: tf.Tensor) -> tf.Tensor:
        """log f at volumes and times of shape (n,); shape (n,)."""
        inputs = [_scaled(tf.math.log(v), self._log_v), _scaled(tf.math.log(t + TIME_OFFSET), self._log_t)]
        x = tf.stack(inputs, axis=1)
        for number, (kernel, bias) in enumerate(zip(self.kernels[:-1], self.biases[:-1], strict=True), start=1):
            y = tf.tanh(x @ kernel + bias)
            x = x + y if number % 2 == 0 else y
        log_f = tf.squeeze(x @ self.kernels[-1] + self.biases[-1], axis=1)
        return tf.clip_by_value(log_f, -LOG_DENSITY_LIMIT, LOG_DENSITY_LIMIT)

    def density(self, v: tf.Tensor, t: tf.Tensor) -> tf.Tensor:
        """f at volumes and times of shape (n,); shape (n,)."""
        return tf.exp(self.log_density(v, t))


def _scaled(x: tf.Tensor, limits: tuple[float, float]) -> tf.Tensor:
    """Map `limits` to [-1, 1]."""
    low, high = limits
    return 2 * (x - low) / (high - low) - 1

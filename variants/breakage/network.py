"""The network: log f as a function of log v and of time."""

from collections.abc import Sequence
from copy import copy
from itertools import pairwise

import numpy as np
import tensorflow as tf

from variants.breakage.cases import Case
from variants.breakage.randomness import generator
from variants.breakage.recipe import Clock, Start
from variants.breakage.timeline import Timeline

LOG_DENSITY_LIMIT = 30.0
EARLIEST = 1e-20
"""Added to times whose logarithm is taken."""


class Network:
    """A tanh network whose every second hidden layer adds its own input: log f(v, t) = network(log v, time).

    The inputs are scaled to [-1, 1] by the domain and log f is clipped to [-30, 30].
    Glorot-uniform weights and zero biases; the weights depend on the seed alone.

    With an exact start (I. E. Lagaris, A. Likas and D. I. Fotiadis, IEEE Trans. Neural Netw. 9 (1998) 987) it is
    log f = -v + log(1 + t) network where f(v, 0) = e^-v, and log f = log t + network where all particles start in a
    delta, which sheds fragments at a steady rate at first.
    """

    def __init__(
        self, case: Case, layers: int, width: int, seed: int, clock: Clock = "log", start: Start = "learned"
    ) -> None:
        self._case, self._start = case, start
        self._log_v = tuple(np.log(case.support))
        self._timeline = Timeline(case, clock)
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

    def on(self, weights: Sequence[tf.Tensor]) -> "Network":
        """The same network on other weights: tensors in the order of `variables`."""
        other = copy(self)
        other.kernels, other.biases = list(weights[::2]), list(weights[1::2])
        return other

    def log_density(self, v: tf.Tensor, t: tf.Tensor) -> tf.Tensor:
        """log f at volumes and times of shape (n,); shape (n,)."""
        x = self._inputs(v, t)
        for number, (kernel, bias) in enumerate(zip(self.kernels[:-1], self.biases[:-1], strict=True), start=1):
            y = tf.tanh(x @ kernel + bias)
            x = x + y if number % 2 == 0 else y
        out = tf.squeeze(x @ self.kernels[-1] + self.biases[-1], axis=1)
        log_f, _ = self._from_start(v, t, out, tf.zeros_like(out))
        return tf.clip_by_value(log_f, -LOG_DENSITY_LIMIT, LOG_DENSITY_LIMIT)

    def log_density_and_rate(self, v: tf.Tensor, t: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """log f and its derivative in t at volumes and times of shape (n,); both (n,).

        Forward mode: the tangent goes through each layer beside the value. It takes as many products as a gradient
        tape inside another, but longer ones, and no second pass over the layers.
        """
        x = self._inputs(v, t)
        dx = tf.stack([tf.zeros_like(t), self._timeline.rate(t)], axis=1)
        for number, (kernel, bias) in enumerate(zip(self.kernels[:-1], self.biases[:-1], strict=True), start=1):
            y = tf.tanh(x @ kernel + bias)
            dy = (1 - tf.square(y)) * (dx @ kernel)
            x, dx = (x + y, dx + dy) if number % 2 == 0 else (y, dy)
        out = tf.squeeze(x @ self.kernels[-1] + self.biases[-1], axis=1)
        log_f, rate = self._from_start(v, t, out, tf.squeeze(dx @ self.kernels[-1], axis=1))
        clipped = tf.clip_by_value(log_f, -LOG_DENSITY_LIMIT, LOG_DENSITY_LIMIT)
        return clipped, tf.where(tf.abs(log_f) < LOG_DENSITY_LIMIT, rate, tf.zeros_like(rate))

    def density(self, v: tf.Tensor, t: tf.Tensor) -> tf.Tensor:
        """f at volumes and times of shape (n,); shape (n,)."""
        return tf.exp(self.log_density(v, t))

    def _from_start(self, v: tf.Tensor, t: tf.Tensor, out: tf.Tensor, rate: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """log f and its derivative in t, from the network's output and the derivative of that; all (n,)."""
        if self._start == "learned":
            return out, rate
        if self._case.monodisperse:
            later = t + EARLIEST
            return tf.math.log(later) + out, 1 / later + rate
        return -v + tf.math.log1p(t) * out, out / (1 + t) + tf.math.log1p(t) * rate

    def _inputs(self, v: tf.Tensor, t: tf.Tensor) -> tf.Tensor:
        low, high = self._log_v
        return tf.stack([2 * (tf.math.log(v) - low) / (high - low) - 1, self._timeline.scaled(t)], axis=1)

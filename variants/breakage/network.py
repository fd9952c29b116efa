"""The network, which represents log f as a function of log v and time."""

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
"""Added to times before their logarithm is taken."""


class Network:
    """A tanh network, log f(v, t) = network(log v, time), with a skip connection around every second hidden layer.

    The inputs are scaled to [-1, 1] over the domain, and log f is clipped to [-30, 30]. The weights are Glorot-uniform
    and depend only on the seed; the biases are 0.

    With an exact start (I. E. Lagaris, A. Likas and D. I. Fotiadis, IEEE Trans. Neural Netw. 9 (1998) 987), it is
    log f = -v + log(1 + t) network if f(v, 0) = e^-v. If all particles start in a delta, it is log f = log t + network,
    because the delta initially produces fragments at a constant rate.
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
        """Return the same network with other weights: tensors in the order of `variables`."""
        other = copy(self)
        other.kernels, other.biases = list(weights[::2]), list(weights[1::2])
        return other

    def log_density(self, v: tf.Tensor, t: tf.Tensor) -> tf.Tensor:
        """Return log f at (n,) volumes and times; (n,)."""
        x = self._scale_inputs(v, t)
        for number, (kernel, bias) in enumerate(zip(self.kernels[:-1], self.biases[:-1], strict=True), start=1):
            y = tf.tanh(x @ kernel + bias)
            x = x + y if number % 2 == 0 else y
        out = tf.squeeze(x @ self.kernels[-1] + self.biases[-1], axis=1)
        log_f, _ = self._apply_start(v, t, out, tf.zeros_like(out))
        return tf.clip_by_value(log_f, -LOG_DENSITY_LIMIT, LOG_DENSITY_LIMIT)

    def log_density_and_rate(self, v: tf.Tensor, t: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Return log f and its derivative with respect to t at (n,) volumes and times; both (n,).

        This is forward-mode differentiation: each layer computes the tangent together with the value. It needs as many
        matrix products as two nested gradient tapes, but larger ones, and no second pass through the layers.
        """
        x = self._scale_inputs(v, t)
        dx = tf.stack([tf.zeros_like(t), self._timeline.rate(t)], axis=1)
        for number, (kernel, bias) in enumerate(zip(self.kernels[:-1], self.biases[:-1], strict=True), start=1):
            y = tf.tanh(x @ kernel + bias)
            dy = (1 - tf.square(y)) * (dx @ kernel)
            x, dx = (x + y, dx + dy) if number % 2 == 0 else (y, dy)
        out = tf.squeeze(x @ self.kernels[-1] + self.biases[-1], axis=1)
        log_f, rate = self._apply_start(v, t, out, tf.squeeze(dx @ self.kernels[-1], axis=1))
        clipped = tf.clip_by_value(log_f, -LOG_DENSITY_LIMIT, LOG_DENSITY_LIMIT)
        return clipped, tf.where(tf.abs(log_f) < LOG_DENSITY_LIMIT, rate, tf.zeros_like(rate))

    def density(self, v: tf.Tensor, t: tf.Tensor) -> tf.Tensor:
        """Return f at (n,) volumes and times; (n,)."""
        return tf.exp(self.log_density(v, t))

    def _apply_start(self, v: tf.Tensor, t: tf.Tensor, out: tf.Tensor, rate: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Return log f and its derivative with respect to t, from the network's output and its derivative; all (n,)."""
        if self._start == "learned":
            return out, rate
        if self._case.monodisperse:
            later = t + EARLIEST
            return tf.math.log(later) + out, 1 / later + rate
        return -v + tf.math.log1p(t) * out, out / (1 + t) + tf.math.log1p(t) * rate

    def _scale_inputs(self, v: tf.Tensor, t: tf.Tensor) -> tf.Tensor:
        low, high = self._log_v
        return tf.stack([2 * (tf.math.log(v) - low) / (high - low) - 1, self._timeline.scaled(t)], axis=1)

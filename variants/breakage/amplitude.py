"""The amplitude A(t) of the delta at v = 1, which a separate small network learns."""

import numpy as np
import tensorflow as tf

from variants.breakage.cases import Case
from variants.breakage.randomness import generator
from variants.breakage.recipe import Clock
from variants.breakage.timeline import Timeline

WIDTH = 16


class Amplitude:
    """A(t) = exp(-t k(t)), where k > 0 is a tanh network with one hidden layer. So A(0) = 1, and A never exceeds 1.

    The solution of dA/dt = -S(1) A is k(t) = S(1), which the network learns from the losses only.
    """

    def __init__(self, case: Case, seed: int, clock: Clock = "log") -> None:
        self._death = float(case.selection(1.0))
        self._timeline = Timeline(case, clock)
        random = generator(seed, "amplitude")
        limit = np.sqrt(6 / (1 + WIDTH))
        shapes = {"in": (1, WIDTH), "out": (WIDTH, 1)}
        kernels = {name: random.uniform(-limit, limit, shape) for name, shape in shapes.items()}
        self.hidden = tf.Variable(kernels["in"], dtype=tf.float32, name="amplitude_hidden")
        self.bias = tf.Variable(np.zeros(WIDTH), dtype=tf.float32, name="amplitude_bias")
        self.out = tf.Variable(kernels["out"], dtype=tf.float32, name="amplitude_out")

    @property
    def variables(self) -> list[tf.Variable]:
        return [self.hidden, self.bias, self.out]

    def value(self, t: tf.Tensor) -> tf.Tensor:
        """Return A at (n,) times; (n,)."""
        return self.value_and_residual(t)[0]

    def value_and_residual(self, t: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Return A and the residual dA/dt + S(1) A of the delta's equation, at (n,) times; both (n,)."""
        y = tf.tanh(self._timeline.scaled(t)[:, None] @ self.hidden + self.bias)
        dy = (1 - tf.square(y)) * (self._timeline.rate(t)[:, None] @ self.hidden)
        k, dk = tf.squeeze(y @ self.out, axis=1), tf.squeeze(dy @ self.out, axis=1)
        rate, drate = tf.nn.softplus(k), tf.sigmoid(k) * dk
        amplitude = tf.exp(-t * rate)
        return amplitude, amplitude * (self._death - rate - t * drate)

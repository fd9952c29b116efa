"""Trainers in JAX, each with one fault that makes it trace again, and clean ones."""

from time import perf_counter

import jax
import jax.numpy as jnp
import numpy as np


def loss(weights, points):
    return ((points @ weights) ** 2).mean()


class Clean:
    def __init__(self):
        self.weights, self.points = jnp.ones((4,)), jnp.ones((8, 4))
        self.step = jax.jit(loss)

    def epoch(self, index):
        return {"loss": float(self.step(self.weights, self.points))}


class Growing(Clean):
    def epoch(self, index):
        return {"loss": float(self.step(self.weights, jnp.ones((8 + index, 4))))}


class Weak(Clean):
    """Now a Python number, now an array, which differ in their weak types."""

    def __init__(self):
        super().__init__()
        self.step = jax.jit(lambda weights, points, rate: loss(weights, points) * rate)

    def epoch(self, index):
        rate = np.float32(0.5) if index == 0 else 0.5
        return {"loss": float(self.step(self.weights, self.points, rate))}


class Static(Clean):
    def __init__(self):
        super().__init__()
        self.step = jax.jit(self.scaled, static_argnums=2)

    @staticmethod
    def scaled(weights, points, rate):
        return loss(weights, points) * rate

    def epoch(self, index):
        return {"loss": float(self.step(self.weights, self.points, 0.25 * index))}


class Closure(Clean):
    def epoch(self, index):
        @jax.jit
        def step(weights, points):
            return loss(weights, points) + index

        return {"loss": float(step(self.weights, self.points))}


class Dtype(Clean):
    def epoch(self, index):
        points = self.points.astype(jnp.int32) if index else self.points
        return {"loss": float(self.step(self.weights, points))}


class Structure(Clean):
    def __init__(self):
        super().__init__()
        self.step = jax.jit(lambda terms: sum(term.sum() for term in terms))

    def epoch(self, index):
        return {"loss": float(self.step([self.weights] * (1 + index)))}


class Eager(Clean):
    """Nothing is compiled as a whole."""

    def epoch(self, index):
        return {"loss": float(loss(self.weights, self.points))}


class Donated(Clean):
    """Its weights are donated, and its loss is read in every `every`th epoch."""

    every = 1

    def __init__(self):
        super().__init__()
        self.weights, self.points = jnp.ones((256, 256)) / 256, jnp.ones((512, 256))
        self.step = jax.jit(self.update, donate_argnums=0)

    @staticmethod
    def update(weights, points):
        value, slope = jax.value_and_grad(lambda own: (jnp.tanh(points @ own @ own) ** 2).mean())(weights)
        return weights - 0.01 * slope, value

    def epoch(self, index):
        self.weights, value = self.step(self.weights, self.points)
        return {} if index % self.every else {"loss": float(value)}


class Lazy(Donated):
    every = 50


class OneByOne(Clean):
    """Many operations, each of which Python starts."""

    layers = 60

    def __init__(self):
        super().__init__()
        self.step = self.deep

    def deep(self, weights, points):
        for _ in range(self.layers):
            points = jnp.tanh(points * 0.9)
        return loss(weights, points)


class Joined(OneByOne):
    def __init__(self):
        super().__init__()
        self.step = jax.jit(self.deep)


class FewEager(Joined):
    """A few operations of many are outside of what is compiled."""

    def epoch(self, index):
        found = super().epoch(index)
        self.weights = self.weights * 0.99
        return found


class Watched(Donated):
    """It also tells when each epoch began, and whether all earlier work was done by then."""

    def epoch(self, index):
        ready = float(self.weights.is_ready())
        return {"began": perf_counter(), "ready": ready} | super().epoch(index)


class WatchedLazy(Watched):
    every = 50

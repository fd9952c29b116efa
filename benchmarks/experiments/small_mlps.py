"""A small training in three frameworks, as a file that somebody brings along: an MLP of 2 -> 96 -> 96 -> 1, three Adam
steps of 2,048 points an epoch. Each has a twin, which is the same program, and one that takes 5 % more points."""

from typing import Any

POINTS, MORE = 2048, 2150
STEPS = 3


class TensorFlow:
    points = POINTS

    def __init__(self, seed: int = 0) -> None:
        import tensorflow as tf

        layers = tf.keras.layers
        self._net = tf.keras.Sequential(
            [tf.keras.Input((2,)), layers.Dense(96, "tanh"), layers.Dense(96, "tanh"), layers.Dense(1)]
        )
        self._optimizer = tf.keras.optimizers.Adam(1e-3)
        self._optimizer.build(self._net.trainable_variables)
        self._step = tf.function(self._train)

    def _train(self) -> Any:
        import tensorflow as tf

        points = tf.random.uniform((self.points, 2))
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(self._net(points) - tf.sin(points[:, :1])))
        weights = self._net.trainable_variables
        self._optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
        return loss

    def epoch(self, index: int) -> dict[str, float]:
        for _ in range(STEPS):
            loss = self._step()
        return {"loss": float(loss)}


class TensorFlowTwin(TensorFlow):
    pass


class TensorFlowMore(TensorFlow):
    points = MORE


class Torch:
    points = POINTS

    def __init__(self, seed: int = 0) -> None:
        import torch

        self._torch: Any = torch
        nn = torch.nn
        self._net = nn.Sequential(nn.Linear(2, 96), nn.Tanh(), nn.Linear(96, 96), nn.Tanh(), nn.Linear(96, 1))
        self._optimizer = torch.optim.Adam(self._net.parameters(), 1e-3)

    def epoch(self, index: int) -> dict[str, float]:
        for _ in range(STEPS):
            points = self._torch.rand(self.points, 2)
            self._optimizer.zero_grad()
            loss = ((self._net(points) - self._torch.sin(points[:, :1])) ** 2).mean()
            loss.backward()
            self._optimizer.step()
        return {"loss": float(loss.detach())}


class TorchTwin(Torch):
    pass


class TorchMore(Torch):
    points = MORE


class Jax:
    points = POINTS

    def __init__(self, seed: int = 0) -> None:
        import jax
        import optax
        from jax import numpy as jnp

        self._jax: Any = jax
        keys = jax.random.split(jax.random.key(seed), 4)
        shapes = ((2, 96), (96, 96), (96, 1))
        self._weights = [
            jax.random.normal(key, shape) / shape[0] ** 0.5 for key, shape in zip(keys, shapes, strict=False)
        ]
        adam = optax.adam(1e-3)
        self._state, self._key = adam.init(self._weights), keys[3]
        points_of = self.points

        def find_loss(weights: Any, points: Any) -> Any:
            hidden = jnp.tanh(jnp.tanh(points @ weights[0]) @ weights[1])
            return jnp.mean((hidden @ weights[2] - jnp.sin(points[:, :1])) ** 2)

        @jax.jit
        def step(weights: Any, state: Any, key: Any) -> Any:
            points = jax.random.uniform(key, (points_of, 2))
            loss, gradients = jax.value_and_grad(find_loss)(weights, points)
            updates, state = adam.update(gradients, state)
            return optax.apply_updates(weights, updates), state, loss

        self._step = step

    def epoch(self, index: int) -> dict[str, float]:
        for _ in range(STEPS):
            self._key, own = self._jax.random.split(self._key)
            self._weights, self._state, loss = self._step(self._weights, self._state, own)
        return {"loss": float(loss)}


class JaxTwin(Jax):
    pass


class JaxMore(Jax):
    points = MORE

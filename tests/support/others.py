"""Trainers in frameworks other than TensorFlow: each imports its framework when it is built."""


class Torch:
    """Never seeds it explicitly."""

    def __init__(self):
        import torch

        self.torch = torch
        self.net = torch.nn.Linear(4, 1)

    def epoch(self, index):
        points = self.torch.rand(64, 4)
        loss = (self.net(points) ** 2).mean()
        loss.backward()
        with self.torch.no_grad():
            for weight in self.net.parameters():
                weight.sub_(1e-3 * weight.grad)
        return {"loss": float(loss.detach())}


class TorchToo(Torch):
    """The same with another name."""


class Jax:
    def __init__(self, seed=0):
        import jax

        self.jax, self.key = jax, jax.random.key(seed)
        self.loss = jax.jit(lambda points: (points**2).mean())

    def epoch(self, index):
        self.key, own = self.jax.random.split(self.key)
        return {"loss": float(self.loss(self.jax.random.normal(own, (64, 4))))}


class JaxToo(Jax):
    """The same with another name."""


class JaxBesideTensorFlow(Jax):
    def __init__(self):
        import tensorflow  # noqa: F401

        super().__init__()


class TensorFlowWithJaxInstalled:
    """TensorFlow imports JAX wherever it is installed."""

    def __init__(self):
        import tensorflow as tf

        self.step = tf.function(tf.reduce_sum, autograph=False)
        self.points = tf.ones((3,))

    def epoch(self, index):
        return {"loss": float(self.step(self.points))}


class RaisesInJax(Jax):
    def epoch(self, index):
        if index == 2:
            raise ValueError("diverged")
        return super().epoch(index)


class DiesInJax(Jax):
    def epoch(self, index):
        if index == 2:
            import os

            os._exit(3)
        return super().epoch(index)

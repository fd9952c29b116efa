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


class TorchInParts:
    """A derivative by the points in one part and data in another, with an optimizer that keeps state."""

    def __init__(self):
        import torch

        self.torch, self.part = torch, torch.profiler.record_function
        self.net = torch.nn.Sequential(torch.nn.Linear(2, 32), torch.nn.Tanh(), torch.nn.Linear(32, 1))
        self.optimizer = torch.optim.Adam(self.net.parameters())

    def epoch(self, index):
        points = self.torch.rand(256, 2, requires_grad=True)
        self.optimizer.zero_grad()
        with self.part("physics"):
            (slope,) = self.torch.autograd.grad(self.net(points).sum(), points, create_graph=True)
            loss = (slope**2).mean()
        with self.part("data"):
            loss = loss + (self.net(self.torch.rand(256, 2)) ** 2).mean()
        loss.backward()
        self.optimizer.step()
        return {"loss": float(loss.detach())}


class TorchCompiled:
    """A compiled network, without a derivative by the points."""

    def __init__(self):
        import torch

        self.torch = torch
        self.net = torch.nn.Sequential(torch.nn.Linear(2, 32), torch.nn.Tanh(), torch.nn.Linear(32, 1))
        self.predict = torch.compile(self.net, backend="aot_eager")

    def epoch(self, index):
        loss = (self.predict(self.torch.rand(256, 2)) ** 2).mean()
        loss.backward()
        with self.torch.no_grad():
            for weight in self.net.parameters():
                weight.sub_(1e-3 * weight.grad)
                weight.grad = None
        return {"loss": float(loss.detach())}


class JaxInParts:
    """The same loss in one compiled step."""

    def __init__(self, seed=0):
        import jax

        np = jax.numpy
        first, second, self.key = jax.random.split(jax.random.key(seed), 3)
        self.jax = jax
        self.weights = jax.random.normal(first, (2, 32)), jax.random.normal(second, (32, 1)) / 6

        def predict(weights, points):
            return np.tanh(points @ weights[0]) @ weights[1]

        def loss(weights, points):
            with jax.named_scope("physics"):
                slope = jax.grad(lambda points: predict(weights, points).sum())(points)
                total = (slope**2).mean()
            with jax.named_scope("data"):
                return total + (predict(weights, points) ** 2).mean()

        @jax.jit
        def step(weights, points):
            value, slopes = jax.value_and_grad(loss)(weights, points)
            return tuple(weight - 1e-3 * slope for weight, slope in zip(weights, slopes, strict=True)), value

        self.step = step

    def epoch(self, index):
        self.key, own = self.jax.random.split(self.key)
        self.weights, loss = self.step(self.weights, self.jax.random.uniform(own, (256, 2)))
        return {"loss": float(loss)}

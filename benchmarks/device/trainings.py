"""A small physics-informed training in PyTorch or JAX, on the first GPU or the CPU, for `check.py`.

    python trainings.py torch [--rows N] [--epochs N] [--lazy] [--deterministic] [--keep BYTES] [--tag TEXT]

It knows nothing of harness. With `--lazy` the loss is read every 50th epoch only. `--deterministic` asks for kernels
that repeat themselves, before the framework is imported. `--keep` holds an array of that size, and `--tag` does
nothing, so that the same training has two names.
"""

import argparse
import math
import os
from itertools import pairwise

WIDTH, LAYERS, RATE = 128, 4, 1e-3


def in_torch(args):
    if args.deterministic:
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    import torch

    if args.deterministic:
        torch.use_deterministic_algorithms(True, warn_only=True)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(0)
    sizes = [2, *[WIDTH] * LAYERS, 1]
    layers = []
    for before, after in pairwise(sizes):
        layers += [torch.nn.Linear(before, after), torch.nn.Tanh()]
    net = torch.nn.Sequential(*layers[:-1]).to(device)
    points = torch.rand(args.rows, 2, device=device, requires_grad=True)
    kept = torch.zeros(args.keep // 4, dtype=torch.float32, device=device)
    optimizer = torch.optim.Adam(net.parameters(), lr=RATE)
    for epoch in range(args.epochs):
        optimizer.zero_grad()
        (slope,) = torch.autograd.grad(net(points).sum(), points, create_graph=True)
        loss = ((slope.sum(1) + net(points).squeeze(1)) ** 2).mean()
        loss.backward()
        optimizer.step()
        if not args.lazy or epoch % 50 == 49:
            yield float(loss.detach())
    del kept


def in_jax(args):
    if args.deterministic:
        flags = os.environ.get("XLA_FLAGS", "")
        os.environ["XLA_FLAGS"] = f"{flags} --xla_gpu_deterministic_ops=true".strip()
    import jax

    np = jax.numpy
    *keys, own = jax.random.split(jax.random.key(0), LAYERS + 2)
    sizes = [2, *[WIDTH] * LAYERS, 1]
    weights = [
        jax.random.normal(key, (before, after)) / math.sqrt(before)
        for key, (before, after) in zip(keys, pairwise(sizes), strict=True)
    ]
    points = jax.random.uniform(own, (args.rows, 2))
    kept = np.zeros(args.keep // 4, "float32").block_until_ready()

    def predict(weights, points):
        for weight in weights[:-1]:
            points = np.tanh(points @ weight)
        return (points @ weights[-1])[:, 0]

    def compute_loss(weights):
        slope = jax.grad(lambda points: predict(weights, points).sum())(points)
        return ((slope.sum(1) + predict(weights, points)) ** 2).mean()

    @jax.jit
    def step(weights):
        loss, slopes = jax.value_and_grad(compute_loss)(weights)
        return [weight - RATE * slope for weight, slope in zip(weights, slopes, strict=True)], loss

    for epoch in range(args.epochs):
        weights, loss = step(weights)
        if not args.lazy or epoch % 50 == 49:
            yield float(loss)
    jax.block_until_ready(weights)
    del kept


def parse(arguments=None):
    parser = argparse.ArgumentParser()
    parser.add_argument("framework", choices=["torch", "jax"])
    parser.add_argument("--rows", type=int, default=65_536)
    parser.add_argument("--epochs", type=int, default=200)
    parser.add_argument("--keep", type=int, default=0)
    parser.add_argument("--lazy", action="store_true")
    parser.add_argument("--deterministic", action="store_true")
    parser.add_argument("--tag", default="")
    return parser.parse_args(arguments)


def train(args):
    """Return the losses that were read."""
    return list({"torch": in_torch, "jax": in_jax}[args.framework](args))


if __name__ == "__main__":
    losses = train(parse())
    print(f"{losses[-1]:.9g}")

"""Checks the times of lines against what the same lines take by themselves, in each framework that is installed.

    python benchmarks/experiments/lines.py

One step has four lines, each of which needs what the one before has computed: three matrix products of different
sizes, and an elementwise function. Each line is also run alone, in a bare loop with a clock. Prints the share of each
line as it is attributed and as it is, the largest difference in points of a percent, and what the pass that tells them
costs beyond the epochs themselves. (Where lines do not need each other, TensorFlow runs them side by side, and then
none has a time of its own that another run could tell.)
"""

import argparse
import importlib.util
from collections.abc import Callable
from itertools import pairwise
from statistics import median
from time import perf_counter
from typing import Any

from harness.worker import frameworks
from harness.worker.probes.base import Counter

ROWS = 2000
WIDTHS = (300, 500, 700, 300)
REPEATS = 30
Step = Callable[[], Any]


def tensorflow() -> tuple[Step, list[Step]]:
    import tensorflow as tf

    x = tf.random.normal((ROWS, WIDTHS[0]))
    a, b, c = (tf.random.normal(shape, stddev=0.05) for shape in pairwise(WIDTHS))

    @tf.function
    def step() -> Any:
        u = x @ a
        v = u @ b
        w = v @ c
        return tf.tanh(w)

    u = x @ a
    v = u @ b
    w = v @ c
    alone = [lambda: x @ a, lambda: u @ b, lambda: v @ c, lambda: tf.tanh(w)]
    return step, [tf.function(one) for one in alone]


def jax() -> tuple[Step, list[Step]]:
    import jax
    import jax.numpy as jnp

    keys = jax.random.split(jax.random.PRNGKey(0), 4)
    x = jax.random.normal(keys[0], (ROWS, WIDTHS[0]))
    a, b, c = (0.05 * jax.random.normal(key, shape) for key, shape in zip(keys[1:], pairwise(WIDTHS), strict=True))

    @jax.jit
    def step(x: Any, a: Any, b: Any, c: Any) -> Any:
        u = x @ a
        v = u @ b
        w = v @ c
        return jnp.tanh(w)

    u = x @ a
    v = u @ b
    w = v @ c
    product, tanh = jax.jit(jnp.matmul), jax.jit(jnp.tanh)
    alone: list[Step] = [
        lambda left=left, right=right: jax.block_until_ready(product(left, right))  # type: ignore[misc]
        for left, right in ((x, a), (u, b), (v, c))
    ]
    return lambda: jax.block_until_ready(step(x, a, b, c)), [*alone, lambda: jax.block_until_ready(tanh(w))]


def torch() -> tuple[Step, list[Step]]:
    import torch

    x = torch.randn(ROWS, WIDTHS[0])
    a, b, c = (0.05 * torch.randn(*shape) for shape in pairwise(WIDTHS))

    def step() -> Any:
        u = x @ a
        v = u @ b
        w = v @ c
        return torch.tanh(w)

    u = x @ a
    v = u @ b
    w = v @ c
    return step, [lambda: x @ a, lambda: u @ b, lambda: v @ c, lambda: torch.tanh(w)]


PROGRAMS = {"tensorflow": tensorflow, "jax": jax, "torch": torch}
TEXTS = ("u = ", "v = ", "w = ", "return ")


def find_counter(module: str) -> Counter:
    (framework,) = (one for one in frameworks.FRAMEWORKS if one.module == module)
    found = framework.counter()
    assert found is not None, "all three have one"
    return found


def measure(step: Step) -> float:
    """Return the median seconds of a step."""
    step()
    found = []
    for _ in range(REPEATS):
        began = perf_counter()
        step()
        found.append(perf_counter() - began)
    return median(found)


def attribute(counter: Counter, step: Step) -> tuple[list[float], float]:
    """Return the share of each line as it is attributed, and the seconds of the pass beyond those of its epochs."""
    step()
    began, within = perf_counter(), 0.0
    for _ in range(5):  # as in a run of short epochs, where the first time does not count
        with counter.watching("epoch", apart=True):
            start = perf_counter()
            step()
            within += perf_counter() - start
    found = counter.count(rate=False)
    cost = perf_counter() - began - within
    assert found is not None and found.timed, found
    uses = found.lines["epoch"]
    seconds = [sum(use.seconds or 0.0 for use in uses if use.text.startswith(text)) for text in TEXTS]
    return [one / sum(seconds) for one in seconds], cost


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=5)
    times = parser.parse_args().times
    for module, make in PROGRAMS.items():
        if importlib.util.find_spec(module) is None:
            continue
        step, alone = make()
        counter = find_counter(module)
        for _ in range(times):
            seconds = [measure(one) for one in alone]
            actual = [one / sum(seconds) for one in seconds]
            attributed, cost = attribute(counter, step)
            worst = max(abs(one - other) for one, other in zip(actual, attributed, strict=True))
            shares = ", ".join(f"{a:.0%} ({b:.0%})" for a, b in zip(attributed, actual, strict=True))
            print(f"{module}: {shares}; at most {100 * worst:.0f} points apart; the pass took {cost:.2f} s", flush=True)


if __name__ == "__main__":
    main()

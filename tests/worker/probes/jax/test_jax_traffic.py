"""Memory traffic of JAX's instructions, in a real JAX, counted by hand."""

import pytest

from harness.worker.probes.jax import FRAMEWORKS

jax = pytest.importorskip("jax")
pytestmark = pytest.mark.frameworks
np = jax.numpy
(JAX,) = FRAMEWORKS
N, M = 400, 30


def test_lines_tell_what_they_move():
    @jax.jit
    def step(x, weights):
        y = x @ weights
        return np.sin(y).sum()

    given = np.ones((N, M)), np.ones((M, M))
    step(*given).block_until_ready()
    counter = JAX.counter()
    with counter.watching("epoch"):
        step(*given).block_until_ready()
    uses = {one.text: one for one in counter.count(rate=False).lines["epoch"]}
    assert uses["y = x @ weights"].moved_bytes == pytest.approx(4 * (2 * N * M + M * M), rel=0.01)
    least = 4 * N * M
    assert least <= uses["return np.sin(y).sum()"].moved_bytes <= 3.1 * least


def test_both_rates_are_measured(monkeypatch):
    from harness.worker.probes import gemm, stream

    monkeypatch.setattr(gemm.flops_per_second, "__defaults__", (128,))
    monkeypatch.setattr(stream.bytes_per_second, "__defaults__", (1000,))
    np.ones(1).block_until_ready()
    counter = JAX.counter()
    assert 1e5 < counter.count(rate=True).memory_bytes_per_second < 1e16

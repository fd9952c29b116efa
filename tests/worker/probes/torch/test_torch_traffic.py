"""Memory traffic of PyTorch's operations, in a real PyTorch, counted by hand."""

import pytest

from harness.worker.probes.torch import FRAMEWORKS
from harness.worker.probes.torch.traffic import count_moved

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.frameworks
(TORCH,) = FRAMEWORKS
N, M = 40, 30
WHOLE = 4 * N * M
"""The bytes of one matrix."""


def moved(function, *given):
    return count_moved(function, given, function(*given))


def test_operands_are_read_and_results_written():
    aten, x = torch.ops.aten, torch.ones(N, M)
    assert moved(aten.tanh.default, x) == 2 * WHOLE
    assert moved(aten.mm.default, x, torch.ones(M, M)) == 2 * WHOLE + 4 * M * M
    assert moved(aten.add_.Tensor, x, torch.ones(N, M)) == 3 * WHOLE
    assert moved(aten.cat.default, [x, x]) == 4 * WHOLE
    assert moved(aten.mul.Scalar, x.double(), 2.0) == 4 * WHOLE


def test_views_move_nothing_and_repeated_elements_are_read_once():
    aten, x = torch.ops.aten, torch.ones(N, M)
    assert moved(aten.t.default, x) == 0
    assert moved(aten.view.default, x, [-1]) == 0
    assert moved(aten.add.Tensor, x, torch.ones(1, 1).expand(N, M)) == 2 * WHOLE + 4


def test_lines_tell_what_they_move_gradients_included():
    x = torch.ones(N, M, requires_grad=True)
    counter = TORCH.counter()
    with counter.watching("epoch"):
        y = torch.tanh(x)
        y.backward(torch.ones(N, M))
    (use,) = (one for one in counter.count(rate=False).lines["epoch"] if one.text == "y = torch.tanh(x)")
    assert use.moved_bytes == 2 * WHOLE + 3 * WHOLE
    assert use.runs >= 2


def test_both_rates_are_measured(monkeypatch):
    from harness.worker.probes import gemm, stream

    monkeypatch.setattr(gemm.flops_per_second, "__defaults__", (128,))
    monkeypatch.setattr(stream.bytes_per_second, "__defaults__", (1000,))
    torch.ones(1)
    counter = TORCH.counter()
    assert 1e6 < counter.count(rate=True).memory_bytes_per_second < 1e16
    add = counter._prepare_sum(10)
    assert [add() for _ in range(3)] == [1, 2, 3]

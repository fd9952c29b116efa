"""The operations that PyTorch runs, in a real PyTorch: their types, parts, times and FLOPs."""

from time import perf_counter

import pytest

from harness.worker.probes.counting_apart import NOTHING_RAN
from harness.worker.probes.torch import FRAMEWORKS

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.frameworks
(TORCH,) = FRAMEWORKS
ROWS, WIDTH = 300, 20
ONE = 2 * ROWS * WIDTH * WIDTH
"""Operations of one product."""
FEW = 2 * ROWS * WIDTH
"""Operations of a product with a vector, or with a matrix of one column."""


class Training:
    """A physics-informed network: the loss has a derivative by the points in it."""

    def __init__(self, wrap=lambda function: function):
        self.net = torch.nn.Sequential(
            torch.nn.Linear(WIDTH, WIDTH, bias=False), torch.nn.Tanh(), torch.nn.Linear(WIDTH, 1, bias=False)
        )
        self.optimizer = torch.optim.Adam(self.net.parameters())
        self.predict = wrap(self.net)

    def epoch(self):
        points = torch.ones(ROWS, WIDTH, requires_grad=True)
        self.optimizer.zero_grad()
        with torch.profiler.record_function("physics"):
            found = self.predict(points)
            (slope,) = torch.autograd.grad(found.sum(), points, create_graph=True)
            loss = (slope**2).sum()
        with torch.profiler.record_function("data"):
            loss = loss + (self.predict(torch.ones(ROWS, WIDTH)) ** 2).sum()
        loss.backward()
        self.optimizer.step()


@pytest.fixture(scope="module")
def training():
    found = Training()
    found.epoch()
    return found


def test_operations_have_types_parts_and_times_within_the_epoch(training):
    probe = TORCH.operation_probe()
    probe.begin(True)
    began = perf_counter()
    training.epoch()
    ended = perf_counter()
    use = probe.end(ended - began)
    assert probe.unavailable == {}
    found = {(one.type, one.part) for one in use.uses}
    assert {("aten::mm", "physics"), ("aten::mm", "data")} <= found, "of gradients too"
    assert ("TanhBackward0", "data") in found
    assert 0 < use.busy <= ended - began
    assert all(began - 1e-3 <= one.began and one.began + one.seconds <= ended + 1e-3 for one in probe.spans())


def test_products_of_the_forward_and_of_all_backward_passes_count(training):
    counter = TORCH.counter()
    with counter.watching("epoch"):
        training.epoch()
    found = counter.count(rate=False)
    assert found.unavailable is None
    # Data: forward; backward the gradients of both weights, and of the hidden layer.
    data = (ONE + FEW) + (ONE + 2 * FEW)
    # Physics: forward; the derivative by the points; backward through both: twice as many products each, without
    # those by the points themselves.
    physics = found.parts["epoch"]["physics"]
    assert found.parts["epoch"]["data"] == data
    assert physics == independent(training) - data
    assert sum(found.parts["epoch"].values()) == found.flops["epoch"]
    weights = 4 * (WIDTH * WIDTH + WIDTH)
    assert found.variables.trained == weights
    assert 2 * weights <= found.variables.others <= 2 * weights + 64, "Adam keeps two of each, and its steps"


def independent(training):
    """The operations of all products in an epoch, from the shapes that PyTorch's profiler recorded."""
    with torch.profiler.profile(record_shapes=True) as profile:
        training.epoch()
    total = 0
    for event in profile.events():
        if event.name in ("aten::mm", "aten::addmm"):
            left, right = [shape for shape in event.input_shapes if len(shape) == 2][-2:]
            total += 2 * left[0] * left[1] * right[1]
    return total


def test_a_compiled_epoch_counts_as_if_it_were_not_and_is_not_compiled_again():
    from torch._dynamo.utils import get_compilation_metrics

    plain, compiled = Training(), Training(lambda net: torch.compile(net, backend="aot_eager"))
    found = []
    for one in (plain, compiled):
        counter = TORCH.counter()
        compile_first(one)
        before = len(get_compilation_metrics())
        with counter.watching("epoch"):
            run(one)
        assert len(get_compilation_metrics()) == before
        found.append(counter.count(rate=False).flops)
    assert found[0] == found[1] == {"epoch": 2 * (ONE + FEW) + FEW}


def compile_first(one):
    run(one)
    run(one)


def run(one):
    one.optimizer.zero_grad()
    (one.predict(torch.ones(ROWS, WIDTH)) ** 2).sum().backward()
    one.optimizer.step()


def test_what_is_not_differentiated_leaves_the_parts_of_gradients_alone():
    net, points = torch.nn.Linear(WIDTH, WIDTH, bias=False), torch.ones(ROWS, WIDTH)
    counter = TORCH.counter()
    with counter.watching("epoch"):
        with torch.profiler.record_function("net"):
            found = net(points)
        with torch.profiler.record_function("loss"):
            loss = ((found - torch.rand(ROWS, WIDTH)) ** 2).sum()
        loss.backward()
    assert counter.count(rate=False).parts == {"epoch": {"net": 2 * ONE}}


def test_a_graph_that_must_be_whole_is_counted_too():
    @torch.compile(backend="eager", fullgraph=True)
    def square(x):
        return x @ x.T

    points = torch.ones(ROWS, WIDTH)
    square(points)
    counter = TORCH.counter()
    with counter.watching("epoch"):
        square(points)
    assert counter.count(rate=False).flops == {"epoch": 2 * ROWS * ROWS * WIDTH}


def test_a_lazy_module_has_no_size_yet():
    unused = torch.nn.LazyLinear(3)
    counter = TORCH.counter()
    with counter.watching("epoch"):
        torch.ones(3) + 1
    assert counter.count(rate=False).variables is not None
    assert unused.has_uninitialized_params()


def test_products_with_vectors_count():
    matrix, vector = torch.ones(ROWS, WIDTH), torch.ones(WIDTH)
    counter = TORCH.counter()
    with counter.watching("epoch"):
        torch.mv(matrix, vector)
        torch.addmv(torch.ones(ROWS), matrix, vector)
        torch.dot(vector, vector)
    assert counter.count(rate=False).flops == {"epoch": 2 * FEW + 2 * WIDTH}


def test_per_sample_derivatives_by_functional_transformations_count():
    weights = torch.ones(WIDTH, WIDTH)
    derivative = torch.func.vmap(torch.func.grad(lambda point: torch.tanh(point @ weights).sum()))
    counter = TORCH.counter()
    with counter.watching("epoch"):
        derivative(torch.ones(ROWS, WIDTH))
    assert counter.count(rate=False).flops == {"epoch": 2 * ONE}


def test_the_program_may_have_modes_of_its_own(training):
    from torch.utils.flop_counter import FlopCounterMode

    counter = TORCH.counter()
    with counter.watching("epoch"), FlopCounterMode(display=False) as own:
        torch.ones(ROWS, WIDTH) @ torch.ones(WIDTH, WIDTH)
    assert counter.count(rate=False).flops == {"epoch": ONE} == {"epoch": own.get_total_flops()}


def test_says_why_nothing_was_counted():
    assert TORCH.counter().count(rate=False).unavailable == NOTHING_RAN


def test_large_products_have_a_rate(monkeypatch):
    from harness.worker.probes import gemm

    monkeypatch.setattr(gemm.flops_per_second, "__defaults__", (128,))
    assert 1e6 < TORCH.counter().count(rate=True).gemm_flops_per_second < 1e16


def test_an_epoch_of_another_framework_is_not_counted_as_nothing():
    counter = TORCH.counter()
    with counter.watching("epoch"):
        sum(range(10))
    found = counter.count(rate=False)
    assert (found.flops, found.unavailable) == ({}, "PyTorch ran no operation")


def test_lines_have_times_and_sizes(training):
    counter = TORCH.counter()
    with counter.watching("epoch", apart=True):
        training.epoch()
    found = counter.count(rate=False)
    assert found.untimed is None
    wall, busy = found.timed["epoch"]
    assert wall is None  # operations are seen one by one, which takes longer than they do
    assert sum(use.seconds for use in found.lines["epoch"]) == pytest.approx(busy)
    first = max(found.lines["epoch"], key=lambda use: use.flops)
    assert first.seconds > 0
    assert first.products[0].flops <= first.flops
    assert all(product.left and product.right for product in first.products)


def test_what_was_compiled_is_not_timed_in_the_epoch_that_counts():
    framework = type(TORCH)()
    traces, *_ = framework.probes(None)
    net = torch.compile(torch.nn.Linear(3, 2), backend="eager")
    traces.begin(fresh=True)
    net(torch.ones(4, 3))
    traces.end()
    counter = framework.counter()
    with counter.watching("epoch", apart=True):
        net(torch.ones(4, 3))
    found = counter.count(rate=False)
    assert "torch.compile" in found.untimed
    assert (found.tensors, found.no_tensors) == ({}, found.untimed)
    assert not found.timed
    assert found.lines["epoch"][0].seconds is None

"""The operations that JAX runs, in a real JAX: their types, scopes, times and FLOPs."""

from time import perf_counter

import pytest

from harness.worker.probes.counting_apart import NOTHING_RAN
from harness.worker.probes.jax import FRAMEWORKS
from harness.worker.probes.operations import busy

jax = pytest.importorskip("jax")
pytestmark = pytest.mark.frameworks
np = jax.numpy
(JAX,) = FRAMEWORKS
ROWS, WIDTH, TURNS = 300, 20, 3
ONE = 2 * ROWS * WIDTH * WIDTH
"""Operations of one product."""


@jax.jit
def step(weights, points, turns):
    def loss(weights):
        with jax.named_scope("physics"):
            found = np.tanh(points @ weights)
        with jax.named_scope("data"):
            return (np.tanh(found @ weights) ** 2).sum()

    def turn(_, weights):
        return weights - 1e-4 * jax.grad(loss)(weights)

    return jax.lax.fori_loop(0, turns, turn, weights)


@pytest.fixture
def epoch():
    state = {"weights": np.eye(WIDTH), "points": np.ones((ROWS, WIDTH))}

    def run():
        state["weights"] = step(state["weights"], state["points"], TURNS)
        return state["weights"]

    run().block_until_ready()
    return run


def test_operations_have_types_scopes_and_times_within_the_epoch(epoch):
    probe = JAX.operation_probe()
    probe.begin(True)
    began = perf_counter()
    epoch().block_until_ready()
    ended = perf_counter()
    use = probe.end(ended - began)
    assert probe.unavailable == {}
    assert {one.part for one in use.uses} >= {"physics", "data"}
    assert any("dot" in one.type for one in use.uses)
    assert 0 < use.busy <= ended - began
    spans = probe.spans()
    assert spans[0].process == "JAX's operations"
    assert all(began - 1e-3 <= one.began and one.began + one.seconds <= ended + 1e-3 for one in spans)
    assert busy(probe._latest) == use.busy


def test_the_products_of_a_loop_count_as_often_as_it_turned(epoch):
    counter = JAX.counter()
    with counter.watching("epoch"):
        epoch()  # which returns before its work is done
    found = counter.count(rate=False)
    assert found.unavailable is None
    # Each turn: two products forward, and three backward, because the points need no gradient.
    assert found.flops == {"epoch": TURNS * 5 * ONE}
    assert sum(found.parts["epoch"].values()) == found.flops["epoch"]
    assert found.parts["epoch"]["physics"] == TURNS * 2 * ONE
    assert found.parts["epoch"]["data"] == TURNS * 3 * ONE


def test_the_branch_that_was_taken_counts():
    @jax.jit
    def either(large, x):
        return jax.lax.cond(large, lambda x: (x @ x.T).sum(), lambda x: (x.T @ x[:, :2]).sum(), x)

    x = np.ones((40, 30))
    counter = JAX.counter()
    for large, flops in ((True, 2 * 40 * 40 * 30), (False, 2 * 30 * 2 * 40)):
        kept = either(large, x)
        kept.block_until_ready()
        with counter.watching("epoch"):
            kept = either(large, x)
        assert counter.count(rate=False).flops == {"epoch": flops}
        assert float(kept) > 0


def test_an_epoch_without_a_product_has_no_operations():
    double = jax.jit(lambda x: np.tanh(x) * 2 + 1)
    kept = double(np.ones(1000)).block_until_ready()
    counter = JAX.counter()
    with counter.watching("epoch"):
        kept = double(kept)
    found = counter.count(rate=False)
    assert (found.flops, found.unavailable) == ({"epoch": 0.0}, None)


def test_says_why_nothing_was_counted(epoch, tmp_path):
    counter = JAX.counter()
    assert counter.count(rate=False).unavailable == NOTHING_RAN
    jax.profiler.start_trace(str(tmp_path))
    try:
        with counter.watching("epoch"):
            epoch()
        probe = JAX.operation_probe()
        probe.begin(True)
        assert probe.end(1.0) is None
    finally:
        jax.profiler.stop_trace()
    assert counter.count(rate=False).unavailable.startswith("JAX's profiler: ")
    assert probe.unavailable["operations"].startswith("JAX's profiler did not start: ")


def test_large_products_have_a_rate(monkeypatch):
    from harness.worker.probes import gemm

    monkeypatch.setattr(gemm.flops_per_second, "__defaults__", (128,))
    assert 1e6 < JAX.counter().count(rate=True).gemm_flops_per_second < 1e16


def test_a_profile_that_is_too_large_is_not_read(epoch, monkeypatch):
    from harness.worker.probes.jax import operations

    monkeypatch.setattr(operations, "MOST_BYTES", 1000)
    counter, probe = JAX.counter(), JAX.operation_probe()
    with counter.watching("epoch"):
        epoch()
    probe.begin(True)
    assert probe.end(1.0) is None
    for why in (counter.count(rate=False).unavailable, probe.unavailable["operations"]):
        assert why.startswith("JAX's profile of an epoch is too large to be read: ")


def test_lines_have_times_and_sizes(epoch):
    counter = JAX.counter()
    with counter.watching("epoch", apart=True):
        epoch()
    found = counter.count(rate=False)
    wall, busy_ = found.timed["epoch"]
    assert 0 < busy_ <= wall
    assert sum(use.seconds for use in found.lines["epoch"]) == pytest.approx(busy_)
    (first, *_) = found.lines["epoch"]
    assert first.text in ("found = np.tanh(points @ weights)", "return (np.tanh(found @ weights) ** 2).sum()")
    assert any(product.left == (ROWS, WIDTH) for product in first.products)


def count_one_by_one(epoch):
    epoch()  # compiles
    counter = JAX.counter()
    with counter.watching("epoch"):
        jax.block_until_ready(epoch())
    return counter.count(False).one_by_one["epoch"]


def test_operations_that_python_starts_are_counted_apart_from_those_of_compiled_functions(epoch):
    points = np.ones((ROWS, WIDTH))
    eager = count_one_by_one(lambda: jax.grad(lambda own: np.tanh(own * 2).sum())(points))
    assert eager.operations == eager.of > 3
    joined = count_one_by_one(epoch)
    assert (joined.operations, joined.compiler) == (0, "jax.jit")
    assert joined.of > TURNS
    loop = jax.jit(lambda own: jax.lax.fori_loop(0, 200, lambda _, one: one * 0.9, own))
    assert count_one_by_one(lambda: loop(points)).operations == 0

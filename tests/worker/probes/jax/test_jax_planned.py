"""The peak memory of arrays in JAX on the CPU, against sizes that are known, and what XLA says by itself."""

import gc

import pytest

from harness.worker.probes.jax import FRAMEWORKS, planned

jax = pytest.importorskip("jax")
pytestmark = pytest.mark.frameworks
np = jax.numpy
(JAX,) = FRAMEWORKS
ROWS, WIDTH = 4096, 256
POINTS, WEIGHTS = 4 * ROWS * WIDTH, 4 * WIDTH * WIDTH


def update(weights, points):
    return weights - 0.01 * jax.grad(lambda own: (np.tanh(points @ own @ own) ** 2).mean())(weights)


def existing():
    gc.collect()
    return planned._count_bytes(planned.find_arrays())


def measure(epoch):
    jax.block_until_ready(epoch())  # compiles
    gc.collect()
    counter = JAX.counter()
    with counter.watching("epoch"):
        jax.block_until_ready(epoch())
    return counter.count(rate=False)


class Training:
    def __init__(self, **options):
        self.weights, self.points = np.eye(WIDTH), np.ones((ROWS, WIDTH))
        self.step = jax.jit(update, **options)
        self.plan = self.step.lower(self.weights, self.points).compile().memory_analysis()

    def epoch(self):
        self.weights = self.step(self.weights, self.points)
        return self.weights


def test_a_step_takes_what_exists_its_results_and_its_temporaries():
    training = Training()
    before = existing()
    found = measure(training.epoch)
    assert found.no_tensors is None
    peak = found.tensors["epoch"]
    assert training.plan.temp_size_in_bytes >= 2 * POINTS, "both layers are kept for the backward pass"
    assert peak.bytes == before + WEIGHTS + training.plan.temp_size_in_bytes
    assert (peak.how, peak.text) == (planned.PLAN, "jit_update")


def test_donated_weights_are_no_new_memory():
    training = Training(donate_argnums=0)
    before = existing()
    assert training.plan.alias_size_in_bytes == WEIGHTS
    assert measure(training.epoch).tensors["epoch"].bytes == before + training.plan.temp_size_in_bytes


def test_arrays_that_nothing_uses_count_as_long_as_they_exist():
    training, idle = Training(), np.ones((ROWS, 2 * WIDTH))
    more = measure(training.epoch).tensors["epoch"].bytes
    idle.delete()
    assert more - measure(training.epoch).tensors["epoch"].bytes == 2 * POINTS


def test_new_points_in_an_epoch_are_arguments_of_the_step():
    training = Training()
    before = existing()
    draw = jax.jit(lambda index: np.full((ROWS, WIDTH), index))

    def epoch():
        training.weights = training.step(training.weights, draw(1.0))
        return training.weights

    del training.points
    # The weights that exist throughout or their successor, the points, and what the step takes.
    expected = before + WEIGHTS + training.plan.temp_size_in_bytes
    assert measure(epoch).tensors["epoch"].bytes == pytest.approx(expected, rel=0.03)


def test_a_loop_within_a_function_is_one_run():
    training = Training()
    loop = jax.jit(lambda weights, points: jax.lax.fori_loop(0, 50, lambda _, own: update(own, points), weights))
    before = existing()
    plan = loop.lower(training.weights, training.points).compile().memory_analysis()
    expected = before + plan.output_size_in_bytes + plan.temp_size_in_bytes
    found = measure(lambda: loop(training.weights, training.points))
    assert found.tensors["epoch"].bytes == expected


def test_absent_where_arrays_between_functions_may_matter():
    points = np.ones((ROWS, WIDTH))

    def epoch():
        found = points
        for _ in range(6):
            found = np.tanh(found)
        return found

    found = measure(epoch)
    assert not found.tensors
    assert found.no_tensors.startswith("which arrays are alive between the 6 compiled functions that ran is not seen")


def test_absent_where_nothing_ran_or_nothing_is_planned(monkeypatch):
    assert JAX.counter().count(rate=False).no_tensors
    training = Training()
    monkeypatch.setattr(planned, "_read_plans", lambda space: iter(()))
    assert measure(training.epoch).no_tensors == planned.UNPLANNED
    monkeypatch.setattr(planned, "find_arrays", lambda: None)
    assert planned.find_peak(None, {}, None, None) == planned.ACCELERATOR


def test_memory_that_cannot_be_read_does_not_cost_what_was_counted(monkeypatch):
    from harness.worker.probes.jax import work

    def fail(*given):
        raise RuntimeError("no buffers")

    monkeypatch.setattr(work, "find_peak", fail)
    step = jax.jit(lambda x: x @ x)
    given = jax.numpy.ones((32, 32))
    step(given).block_until_ready()
    counter = JAX.counter()
    with counter.watching("epoch"):
        step(given).block_until_ready()
    found = counter.count(rate=False)
    assert found.flops == {"epoch": 2 * 32**3}
    assert found.no_tensors == "the memory of JAX's arrays could not be read: RuntimeError: no buffers"

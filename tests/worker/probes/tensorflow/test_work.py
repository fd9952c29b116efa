"""The operations of epochs, counted from recorded calls."""

import pytest
import tensorflow as tf

from harness.worker.probes.rates import Rates
from harness.worker.probes.tensorflow import work
from harness.worker.probes.tensorflow.work import WorkCounter

N = 8
ONE = 2 * N**3
"""Operations of one product."""


@tf.function
def step(x):
    with tf.name_scope("physics"):
        return tf.linalg.matmul(x, x)


SQUARE = tf.ones((N, N))


def test_each_kind_has_the_operations_of_its_last_epoch_by_part():
    counter = WorkCounter()
    for kind, times in (("data", 3), ("full", 2), ("data", 1)):
        with counter.watching(kind):
            for _ in range(times):
                step(SQUARE)
    found = counter.count(rate=False)
    assert found.flops == {"data": ONE, "full": 2 * ONE}
    assert found.parts == {"data": {"physics": ONE}, "full": {"physics": 2 * ONE}}
    assert (found.unavailable, found.gemm_flops_per_second) == (None, None)
    assert found.variables is not None


def test_measures_the_rates_on_request(monkeypatch):
    monkeypatch.setattr(work, "measure_rates", lambda *prepare: Rates(2e11, 3e10))
    found = WorkCounter().count(rate=True)
    assert (found.gemm_flops_per_second, found.memory_bytes_per_second) == (2e11, 3e10)


def test_an_uncountable_kind_has_a_reason_and_others_are_counted():
    counter = WorkCounter()
    with counter.watching("data"):
        step(SQUARE)
    with counter.watching("idle"):
        pass
    found = counter.count(rate=False)
    assert found.flops == {"data": ONE}
    assert found.unavailable == "no tf.function was called"


def test_says_if_no_calls_were_recorded():
    found = WorkCounter().count(rate=False)
    assert (found.flops, found.unavailable) == ({}, "no calls of an epoch were recorded")


def test_an_epoch_of_too_many_different_calls_is_not_counted(monkeypatch):
    monkeypatch.setattr(work, "MOST_CALLS", 1)
    counter = WorkCounter()
    with counter.watching("data"):
        step(SQUARE)
        step(tf.ones((2, 2)))
    assert counter.count(rate=False).unavailable == "an epoch calls its tf.functions in 2 different ways"


@pytest.mark.parametrize("rate", [True, False])
def test_without_tensorflow_there_is_nothing_to_count(monkeypatch, rate):
    monkeypatch.delitem(work.sys.modules, "tensorflow")
    assert WorkCounter().count(rate) is None


@pytest.mark.parametrize("apart", [False, True])
def test_an_epoch_that_does_nothing_does_not_count(apart):
    """As one that begins where the training ends."""
    counter = WorkCounter()
    step(SQUARE)
    with counter.watching("epoch", apart=apart):
        step(SQUARE)
    with counter.watching("epoch", apart=apart):
        pass
    found = counter.count(rate=False)
    assert found.flops == {"epoch": ONE}
    assert bool(found.timed) is apart
    assert bool(counter.ran) is apart


def test_products_in_the_branches_of_a_switch_are_not_counted_as_none():
    from harness.worker.probes.tensorflow.flops import Uncountable
    from harness.worker.probes.tensorflow.graphs import of_graph

    @tf.function
    def choose(which, x):
        return tf.switch_case(which, [lambda: x @ x, lambda: x])

    graph = choose.get_concrete_function(tf.TensorSpec((), tf.int32), tf.TensorSpec((N, N))).graph
    with pytest.raises(Uncountable, match="in a loop or a branch"):
        of_graph(graph)

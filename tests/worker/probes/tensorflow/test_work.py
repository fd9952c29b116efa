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

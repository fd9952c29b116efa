"""Large computations in TensorFlow."""

import numpy as np
import pytest
import tensorflow as tf

from harness.worker.probes.rates import measure_rates
from harness.worker.probes.tensorflow.large import prepare_product, prepare_sum


def test_a_product_and_a_sum_have_rates(monkeypatch):
    found = measure_rates(lambda size: prepare_product(64), lambda size: prepare_sum(1000))
    assert all(np.isfinite(rate) and rate > 1e6 for rate in found)


def test_a_sum_adds_in_place():
    add = prepare_sum(10)
    assert [float(np.ravel(add())[0]) for _ in range(3)] == [1, 2, 3]


@pytest.mark.parametrize("prepare", [prepare_product, prepare_sum])
def test_they_run_at_once_in_a_graph_of_a_program_for_tensorflow_1(prepare):
    with tf.Graph().as_default() as graph:
        assert np.ravel(prepare(8)())[0] > 0
    assert not graph.get_operations()

"""The operations of an epoch from TensorFlow's profiler."""

import sys
import time
from time import perf_counter

import pytest
import tensorflow as tf

from harness.worker.probes.operations import busy, summed
from harness.worker.probes.tensorflow import TensorFlow
from harness.worker.probes.tensorflow import operations as probe
from harness.worker.probes.tensorflow.operations import TensorFlowOperations
from harness.worker.wire.evidence import OperationsUse

LARGE = tf.random.stateless_normal((700, 700), (1, 2))


def step(x):
    with tf.name_scope("physics"):
        y = tf.linalg.matmul(x, x)
    with tf.name_scope("data"):
        return tf.reduce_sum(tf.sort(tf.sin(y), axis=0))


COMPILED, GRAPH = tf.function(step, jit_compile=True), tf.function(step)


def watched(epoch):
    epoch()
    own = TensorFlowOperations(TensorFlow())
    own.begin(True)
    began = perf_counter()
    epoch()
    ended = perf_counter()
    use = own.end(ended - began)
    assert own.unavailable == {}
    found = own._latest
    assert use == OperationsUse(summed(found), busy(found))
    assert [(span.name, span.scope, span.began) for span in own.spans()] == [
        (one.type, one.part, one.start) for one in found
    ]
    assert all(began - 1e-3 <= one.start and one.start + one.seconds <= ended + 1e-3 for one in found)
    return found, ended - began


def test_graph_operations_have_types_and_scopes():
    found, wall = watched(lambda: float(GRAPH(LARGE)))
    kinds = {(one.type.removeprefix("_Mkl"), one.part) for one in found}
    assert ("MatMul", "physics") in kinds
    assert {part for _, part in kinds} >= {"physics", "data"}
    assert 0 < busy(found) < wall
    assert sum(one.own for one in found) == pytest.approx(sum(one.seconds for one in found), rel=0.05)


def test_operations_that_xla_compiled_have_types_and_scopes_too():
    found, wall = watched(lambda: float(COMPILED(LARGE)))
    assert ("XLA dot", "physics") in {(one.type, one.part) for one in found}
    assert 0 < busy(found) < wall


def test_operations_outside_functions_are_grouped_by_type():
    found, _ = watched(lambda: float(tf.reduce_sum(LARGE @ LARGE)))
    assert "MatMul" in {one.type.removeprefix("_Mkl") for one in found}


def test_an_epoch_that_does_not_compute_has_idle_time():
    found, wall = watched(lambda: (float(GRAPH(LARGE)), time.sleep(0.2)))
    assert busy(found) < wall - 0.19


def test_does_not_disturb_a_running_profiler(tmp_path):
    tf.profiler.experimental.start(str(tmp_path))
    try:
        own = TensorFlowOperations(TensorFlow())
        own.begin(True)
        assert own.end(1.0) is None
        assert own.unavailable["operations"].startswith("TensorFlow's profiler did not start:")
    finally:
        tf.profiler.experimental.stop()


def test_unreadable_profiles_are_reported_without_ending_the_run(monkeypatch):
    def broken(space, began):
        raise ValueError("no such plane")

    own = TensorFlowOperations(TensorFlow())
    monkeypatch.setattr(probe, "read", broken)
    own.begin(True)
    assert own.end(1.0) is None
    assert own.unavailable == {
        "operations": "the output of TensorFlow's profiler could not be read: ValueError: no such plane"
    }
    monkeypatch.undo()
    own.begin(False)
    assert own.unavailable == {}, "the next epoch's may be seen"
    own.end(1.0)


def test_observes_nothing_without_tensorflow(monkeypatch):
    monkeypatch.delitem(sys.modules, "tensorflow")
    own = TensorFlowOperations(TensorFlow())
    own.begin(True)
    assert own.end(1.0) is None
    assert own.unavailable == {}
    assert own.spans() == []

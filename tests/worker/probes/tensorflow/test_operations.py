"""The operations of an epoch from TensorFlow's profiler."""

import time
from time import perf_counter

import pytest
import tensorflow as tf

from harness.worker.probes.tensorflow import operations as probe
from harness.worker.probes.tensorflow.operations import Operation, OperationProbe, busy, summed
from harness.worker.wire.evidence import OTHERS, OperationsUse, OperationUse

LARGE = tf.random.stateless_normal((700, 700), (1, 2))


def step(x):
    with tf.name_scope("physics"):
        y = tf.linalg.matmul(x, x)
    with tf.name_scope("data"):
        return tf.reduce_sum(tf.sort(tf.sin(y), axis=0))


COMPILED, GRAPH = tf.function(step, jit_compile=True), tf.function(step)


def watched(epoch):
    epoch()
    own = OperationProbe()
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
        own = OperationProbe()
        own.begin(True)
        assert own.end(1.0) is None
        assert own.unavailable["operations"].startswith("TensorFlow's profiler did not start:")
    finally:
        tf.profiler.experimental.stop()


def test_unreadable_profiles_are_reported_without_ending_the_run(monkeypatch):
    def broken(space, began):
        raise ValueError("no such plane")

    own = OperationProbe()
    monkeypatch.setattr(probe, "read", broken)
    own.begin(True)
    assert own.end(1.0) is None
    assert own.unavailable == {"operations": "the output of TensorFlow's profiler could not be read: no such plane"}
    monkeypatch.undo()
    own.begin(False)
    assert own.unavailable == {}, "the next epoch's may be seen"
    own.end(1.0)


def test_says_if_tensorflow_is_missing(monkeypatch):
    monkeypatch.delitem(probe.sys.modules, "tensorflow")
    own = OperationProbe()
    own.begin(True)
    assert own.end(1.0) is None
    assert own.unavailable == {"operations": "TensorFlow was not loaded"}
    assert own.spans() == []


def operation(start, seconds, type_="Op", part="", thread="one"):
    return Operation(type_, part, thread, start, seconds, seconds)


def test_inner_operations_are_subtracted_only_within_their_thread():
    outer, inner, innermost = operation(0.0, 1.0), operation(0.2, 0.5), operation(0.3, 0.1)
    later, elsewhere = operation(1.0, 0.5), operation(0.1, 0.9, thread="two")
    for own in probe._group_by_thread([later, outer, elsewhere, innermost, inner]):
        probe._set_own_times(own)
    assert [one.own for one in (outer, inner, innermost, later, elsewhere)] == pytest.approx([0.5, 0.4, 0.1, 0.5, 0.9])


def test_busy_time_is_the_union_of_operations():
    assert busy([]) == 0
    assert busy([operation(0, 1), operation(0.5, 1), operation(0.6, 0.1), operation(3, 1)]) == pytest.approx(2.5)


def test_sums_equal_operations_and_groups_the_smallest(monkeypatch):
    monkeypatch.setattr(probe, "MOST", 2)
    found = [operation(0, 1, "A"), operation(0, 2, "A"), operation(0, 5, "A", "x"), operation(0, 1, "B")]
    assert summed(found) == [
        OperationUse("A", "x", 1, 5),
        OperationUse("A", "", 2, 3),
        OperationUse(OTHERS, "", 1, 1),
    ]

import gc
import subprocess
import sys
import threading
import weakref

import pytest
import tensorflow as tf

from harness.worker.probes.tensorflow import calls as module
from harness.worker.probes.tensorflow.calls import CallProbe

FUNCTION = type(tf.function(lambda: 0))


@pytest.fixture
def probe():
    before = FUNCTION.__call__, tf.GradientTape.gradient
    yield CallProbe()
    assert (FUNCTION.__call__, tf.GradientTape.gradient) == before


@tf.function
def inner(x):
    return x + 1


@tf.function
def outer(x, times=1, **more):
    return inner(x) * times


def seen(calls):
    """(function, args, kwargs, count) of each recorded call."""
    return [(call.function, *call.arguments, call.times) for call in calls.distinct.values()]


def test_records_and_counts_distinct_outermost_calls(probe):
    small, large = tf.zeros(2), tf.zeros(3)
    with probe.watching("data"):
        for x in (small, small, large):
            assert outer(x).shape == x.shape
        outer(large, 2)
        outer(large, times=2)
        inner(large)
    calls = probe.by_kind["data"]
    assert calls.trouble is None
    assert seen(calls) == [
        (outer, (tf.TensorSpec(2),), {}, 2),
        (outer, (tf.TensorSpec(3),), {}, 1),
        (outer, (tf.TensorSpec(3), 2), {}, 1),
        (outer, (tf.TensorSpec(3),), {"times": 2}, 1),
        (inner, (tf.TensorSpec(3),), {}, 1),
    ]


def test_keeps_the_last_epoch_of_each_kind_and_no_unwatched_calls(probe):
    for kind, size in (("data", 2), ("full", 3), ("data", 4)):
        with probe.watching(kind):
            inner(tf.zeros(size))
        inner(tf.zeros(5))
    assert {kind: seen(calls) for kind, calls in probe.by_kind.items()} == {
        "data": [(inner, (tf.TensorSpec(4),), {}, 1)],
        "full": [(inner, (tf.TensorSpec(3),), {}, 1)],
    }


def test_arguments_keep_their_shape_and_their_python_values_but_no_tensor(probe):
    variable = tf.Variable(1.0)
    tensor = tf.zeros((2, 3))
    watched = weakref.ref(tensor)

    @tf.function
    def step(points, *rest):
        return points["v"] + points["weight"]

    with probe.watching("data"):
        step({"v": tensor, "weight": variable}, [tensor.numpy(), None, "text", 0.5])
    ((_, args, kwargs, times),) = seen(probe.by_kind["data"])
    assert args == (
        {"v": tf.TensorSpec((2, 3)), "weight": variable},
        [tf.TensorSpec((2, 3)), None, "text", 0.5],
    )
    assert (kwargs, times) == ({}, 1)
    del tensor
    gc.collect()
    assert watched() is None


def test_nested_calls_belong_to_the_outermost_even_in_eager_mode(probe):
    tf.config.run_functions_eagerly(True)
    try:
        with probe.watching("data"):
            outer(tf.zeros(2))
    finally:
        tf.config.run_functions_eagerly(False)
    assert [call.function for call in probe.by_kind["data"].distinct.values()] == [outer]


def test_methods_are_recorded_as_their_functions(probe):
    class Pinn:
        @tf.function
        def step(self, x):
            return inner(x)

    pinn = Pinn()
    with probe.watching("data"):
        pinn.step(tf.zeros(2))
        pinn.step(tf.zeros(2))
    assert seen(probe.by_kind["data"]) == [(pinn.step, (tf.TensorSpec(2),), {}, 2)]


def test_traces_of_a_data_pipeline_are_not_calls_of_epochs(probe):
    with probe.watching("data"):
        tf.data.Dataset.range(3).map(inner)
    assert seen(probe.by_kind["data"]) == []


def test_threads_do_not_hide_each_others_calls(probe):
    inside, done = threading.Event(), threading.Event()

    @tf.function
    def slow(x):
        inside.set()
        assert done.wait(30)
        return x

    with probe.watching("data"):
        thread = threading.Thread(target=slow, args=(tf.zeros(2),))
        thread.start()
        assert inside.wait(30)
        inner(tf.zeros(2))
        done.set()
        thread.join()
    assert [call.function for call in probe.by_kind["data"].distinct.values()] == [slow, inner]


def test_reports_gradients_outside_functions_and_keeps_them_correct(probe):
    x = tf.Variable(3.0)

    @tf.function
    def square():
        return x**2

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            y = square()
        return tape.gradient(y, x)

    with probe.watching("inside"):
        assert step().numpy() == 6.0
    with probe.watching("outside"), tf.GradientTape() as tape:
        y = square()
        gradient = tape.gradient(y, x)
    assert gradient.numpy() == 6.0
    assert probe.by_kind["inside"].trouble is None
    assert probe.by_kind["outside"].trouble == "gradients were taken outside of every tf.function"


def test_exceptions_of_a_call_propagate_and_the_next_call_is_recorded(probe):
    @tf.function
    def broken(x):
        raise KeyError("no such loss")

    with probe.watching("data"):
        with pytest.raises(KeyError):
            broken(tf.zeros(2))
        inner(tf.zeros(2))
    assert [call.function for call in probe.by_kind["data"].distinct.values()] == [broken, inner]
    with pytest.raises(ZeroDivisionError), probe.watching("data"):
        raise ZeroDivisionError


def test_a_call_that_cannot_be_recorded_still_runs(probe, monkeypatch):
    ragged = tf.ragged.constant([[1.0], [2.0, 3.0]])
    with probe.watching("ragged"):
        assert tf.function(tf.reduce_sum)(ragged).numpy() == 6.0
    assert probe.by_kind["ragged"].trouble == "a call could not be recorded: it has an argument of type RaggedTensor"

    def fails(leaf):
        raise RuntimeError("a bug of ours")

    monkeypatch.setattr(module, "_describe_argument", fails)
    with probe.watching("data"):
        assert inner(tf.ones(())).numpy() == 2.0
    assert probe.by_kind["data"].trouble == "a call could not be recorded: a bug of ours"


def test_an_unexpected_tensorflow_is_not_patched(probe, monkeypatch):
    with monkeypatch.context() as changed:
        changed.delattr(tf.GradientTape, "gradient")
        with probe.watching("data"):
            inner(tf.zeros(2))
    assert "could not be observed" in probe.by_kind["data"].trouble


def test_without_tensorflow_nothing_is_seen_and_it_stays_unloaded():
    code = """
import sys
from harness.worker.probes.tensorflow.calls import CallProbe
probe = CallProbe()
with probe.watching("data"):
    pass
print(probe.by_kind, "tensorflow" in sys.modules)
"""
    child = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert child.stdout == "{} False\n"

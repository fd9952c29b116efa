"""The operations that run outside of every `tf.function`, by line, from real TensorFlow."""

import inspect

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python import pywrap_tfe
from tensorflow.python.eager import backprop, execute

from harness.worker.probes.tensorflow.work import WorkCounter

N, WIDTH = 32, 8
ONE = 2 * N * WIDTH * WIDTH
"""Operations of one product of a batch with one block of weights."""


@pytest.fixture
def untouched():
    """Check that what was replaced is put back."""

    def read():
        return pywrap_tfe.TFE_Py_FastPathExecute, pywrap_tfe.TFE_Py_Execute, execute.record_gradient

    before = read()
    yield
    assert read() == before


pytestmark = pytest.mark.usefixtures("untouched")


class Network:
    """Two layers, whose products are as 1 to 4."""

    def __init__(self):
        self.first = tf.Variable(tf.random.stateless_normal((WIDTH, WIDTH), (1, 2)))
        self.second = tf.Variable(tf.random.stateless_normal((WIDTH, 4 * WIDTH), (3, 4)))
        self.weights = [self.first, self.second]
        self.x = tf.random.stateless_normal((N, WIDTH), (5, 6))

    def __call__(self, x):
        hidden = tf.tanh(x @ self.first)
        return hidden @ self.second

    def gradients(self, network=None):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square((network or self)(self.x)))
        return tape.gradient(loss, self.weights)

    def second_derivatives(self, network=None):
        with tf.GradientTape() as outer:
            with tf.GradientTape(watch_accessed_variables=False) as inner:
                inner.watch(self.x)
                u = (network or self)(self.x)
            slope = inner.gradient(u, self.x)
            loss = tf.reduce_mean(tf.square(slope))
        return outer.gradient(loss, self.weights)


def observed(epoch, epochs=1):
    """What is counted of an epoch, which runs once before."""
    epoch()
    counter = WorkCounter()
    for _ in range(epochs):
        with counter.watching("epoch", apart=True):
            epoch()
    return counter.count(rate=False)


def by_text(found):
    return {use.text: use for use in found.lines["epoch"]}


FIRST, SECOND = (line.strip() for line in inspect.getsource(Network.__call__).splitlines()[1:3])


def test_a_tape_in_plain_python_counts_by_line_as_by_hand():
    found = observed(Network().gradients, epochs=2)
    assert found.unavailable is None
    lines = by_text(found)
    assert lines[FIRST].flops == 2 * ONE  # forward and weights: nobody asks for the gradient of the input
    assert lines[SECOND].flops == 3 * 4 * ONE
    assert found.flops == {"epoch": 14 * ONE}
    assert lines[SECOND].products[0].flops == 4 * ONE
    assert set(lines) >= {FIRST, SECOND, "loss = tf.reduce_mean(tf.square((network or self)(self.x)))"}


def test_the_same_is_counted_inside_of_a_function():
    network = Network()
    assert observed(network.gradients).flops == observed(tf.function(network.gradients)).flops


def test_lines_share_the_time_of_the_operations():
    found = observed(Network().gradients, epochs=2)
    wall, busy = found.timed["epoch"]
    assert 0 < busy < wall
    assert sum(use.seconds for use in found.lines["epoch"]) == pytest.approx(busy)
    lines = by_text(found)
    assert lines[FIRST].seconds > 0
    assert lines[SECOND].seconds > 0
    assert sum(use.seconds for use in found.lines["epoch"] if not use.where) < 0.5 * busy


def test_second_derivatives_belong_to_the_line_of_the_forward_operation():
    lines = by_text(observed(Network().second_derivatives))
    # Forward; the slope; of that, the gradients by the weights and by what came from the second line; and of tanh.
    assert lines[FIRST].flops == 5 * ONE
    assert lines[SECOND].flops == 3 * 4 * ONE  # forward, the slope, and the gradient of that by the weights
    assert sum(use.flops for use in lines.values()) == 17 * ONE


def test_equal_operations_of_the_same_tensor_are_told_apart():
    x = tf.ones((N, WIDTH))
    weights = tf.Variable(tf.ones((WIDTH, WIDTH)))

    def epoch():
        with tf.GradientTape() as tape:
            one = x @ weights
            other = x @ weights
            loss = tf.reduce_sum(one) + tf.reduce_sum(other * other)
        return tape.gradient(loss, weights)

    lines = by_text(observed(epoch))
    assert lines["one = x @ weights"].flops == lines["other = x @ weights"].flops == 2 * ONE


def test_an_operation_that_takes_the_slow_way_keeps_its_line():
    x = tf.ones((N, WIDTH))

    def epoch():
        with tf.GradientTape() as tape:
            tape.watch(x)
            some = tf.gather(x, [0, 1])  # a list is none of the operands that the fast way takes
            loss = tf.reduce_sum(some)
        return tape.gradient(loss, x)

    counter = WorkCounter()
    with counter.watching("epoch", apart=True):
        epoch()
    steps = counter._times.steps["epoch"].all
    (place,) = {step.place for step in steps if step.type == "GatherV2"}
    at = [index for index, step in enumerate(steps) if step.place == place]
    summed = next(index for index, step in enumerate(steps) if step.type == "Sum")
    assert place.stack
    assert min(at) < summed < max(at)  # its gradient, too


@pytest.mark.parametrize("second", [False, True])
def test_a_function_inside_of_a_tape_counts_once_with_its_gradient(second):
    network = Network()
    compiled = tf.function(network.__call__)
    found = observed(lambda: (network.second_derivatives if second else network.gradients)(compiled))
    assert found.unavailable is None
    lines = by_text(found)
    assert {text for text, use in lines.items() if use.flops} == {FIRST, SECOND}
    if not second:
        assert lines[FIRST].flops == 3 * ONE  # the function computes the gradient of all that it is given
        assert lines[SECOND].flops == 3 * 4 * ONE
    assert lines[SECOND].seconds > 0
    assert 0 < found.one_by_one["epoch"].operations < found.one_by_one["epoch"].of


def test_the_gradient_of_a_loop_outside_of_its_function_cannot_be_counted():
    weights = tf.Variable(tf.eye(WIDTH))

    @tf.function
    def power(x, times):
        for _ in tf.range(times):
            x = x @ weights
        return x

    def epoch():
        with tf.GradientTape() as tape:
            y = power(tf.ones((N, WIDTH)), tf.constant(3))
        return tape.gradient(y, weights)

    found = observed(epoch)
    assert found.flops == {}
    assert "loop" in found.unavailable


def test_an_epoch_of_both_counts_both():
    network = Network()
    step = tf.function(network.gradients)
    found = observed(lambda: (network.gradients(), step(), step()))
    assert found.flops == {"epoch": 3 * 14 * ONE}
    assert by_text(found)[FIRST].flops == 3 * 2 * ONE


def test_functions_that_run_eagerly_are_seen_operation_by_operation():
    network = Network()
    step = tf.function(network.gradients)
    tf.config.run_functions_eagerly(True)
    try:
        found = observed(step)
    finally:
        tf.config.run_functions_eagerly(False)
    assert found.flops == {"epoch": 14 * ONE}
    assert by_text(found)[FIRST].seconds > 0


def test_a_custom_gradient_counts_to_its_own_lines():
    weights = tf.ones((WIDTH, WIDTH))

    @tf.custom_gradient
    def layer(x):
        def backward(given):
            return given @ tf.transpose(weights) @ weights

        return x @ weights, backward

    def epoch():
        x = tf.ones((N, WIDTH))
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x)
        return tape.gradient(y, x)

    lines = by_text(observed(epoch))
    assert lines["return x @ weights, backward"].flops == ONE
    assert lines["return given @ tf.transpose(weights) @ weights"].flops == 2 * ONE


def test_stacks_and_sums_of_products_count():
    a, b = tf.ones((3, N, WIDTH)), tf.ones((3, WIDTH, WIDTH))

    def epoch():
        return a @ b, tf.einsum("bij,bjk->bik", a, b), tf.matmul(a, a, transpose_a=True), tf.einsum("bij->b", a)

    assert observed(epoch).flops == {"epoch": 3 * 3 * ONE}
    complex_ = tf.cast(a, tf.complex64)
    assert observed(lambda: complex_ @ tf.cast(b, tf.complex64)).flops == {"epoch": 4 * 3 * ONE}


def test_results_are_the_same_bit_for_bit():
    def train(watched):
        network, losses = Network(), []
        counter = WorkCounter()

        def epoch():
            for weight, gradient in zip(network.weights, network.second_derivatives(), strict=True):
                weight.assign_sub(0.1 * gradient)
            losses.append(network.first.numpy())

        for _ in range(5):
            if watched:
                with counter.watching("epoch", apart=True):
                    epoch()
            else:
                epoch()
        return losses

    np.testing.assert_array_equal(train(watched=True), train(watched=False))


def test_a_tape_may_outlive_the_epoch_that_recorded_it():
    network = Network()
    with WorkCounter().watching("epoch", apart=True), tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(network(network.x)))
    late = tape.gradient(loss, network.weights)
    for one, other in zip(late, network.gradients(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_forward_gradients_stay_the_same():
    network = Network()

    def epoch():
        with tf.autodiff.ForwardAccumulator(network.x, tf.ones_like(network.x)) as forward:
            y = network(network.x)
        return forward.jvp(y)

    before = epoch()
    with WorkCounter().watching("epoch", apart=True):
        during = epoch()
    np.testing.assert_array_equal(before, during)


def test_epochs_that_all_trace_a_little_beside_single_operations_are_timed():
    network, counter = Network(), WorkCounter()
    for _ in range(2):
        with counter.watching("epoch", apart=True):
            network.gradients()
        counter.forget_times("epoch")
    assert by_text(counter.count(rate=False))[FIRST].seconds > 0
    assert counter.ran["epoch"]


def test_beside_timings_gradients_outside_of_functions_remain_the_reason():
    counter = WorkCounter()
    with counter.watching("epoch"):
        Network().gradients()
    found = counter.count(rate=False)
    assert (found.flops, found.unavailable) == ({}, "gradients were taken outside of every tf.function")


def test_another_tensorflow_keeps_the_reason(monkeypatch):
    network = Network()
    with monkeypatch.context() as changed:
        changed.delattr(execute, "record_gradient")
        counter = WorkCounter()
        with counter.watching("epoch", apart=True), tf.GradientTape() as tape:
            tape.gradient(network(network.x), network.weights)
        found = counter.count(rate=False)
    assert (found.flops, found.unavailable) == ({}, "gradients were taken outside of every tf.function")
    assert backprop._gradient_function.__module__ == backprop.__name__

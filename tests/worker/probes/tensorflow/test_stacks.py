"""The lines that the products of a compiled graph come from."""

from collections import Counter
from pathlib import Path

import tensorflow as tf

from harness.worker.probes.tensorflow import flops
from harness.worker.probes.tensorflow.stacks import Stacks

POINTS, WIDTH = 16, 32
WEIGHTS = [tf.Variable(tf.ones(shape)) for shape in ((2, WIDTH), (WIDTH, WIDTH), (WIDTH, 1))]
SOURCE = Path(__file__).read_text().splitlines()
FIRST, SECOND, THIRD = (2 * POINTS * one.shape[0] * one.shape[1] for one in WEIGHTS)
"""Operations of a product with each of the weights."""


def predict(x):
    hidden = tf.tanh(x @ WEIGHTS[0])  # first
    hidden = tf.tanh(hidden @ WEIGHTS[1])  # second
    return hidden @ WEIGHTS[2]  # third


nested = tf.function(predict)


def lines_of(step):
    """The operations by the comment at the end of the line, and under "" those of no line."""
    found = Counter()
    for place, number in flops.of_call(tf.function(step), ((tf.TensorSpec((POINTS, 2)),), {})).items():
        if not place.stack:
            found[""] += number
            continue
        assert place.stack[0].path == __file__
        found[SOURCE[place.stack[0].number - 1].rpartition("# ")[2]] += number
    return found


def train(compute_loss):
    def step(x):
        with tf.GradientTape() as tape:
            loss = compute_loss(x)
        return tape.gradient(loss, WEIGHTS)

    return step


def test_gradients_count_to_the_line_that_they_are_the_gradient_of():
    found = lines_of(train(lambda x: tf.reduce_mean(predict(x) ** 2)))
    # Forward, and backward by weights and, but for the first, by what goes in.
    assert found == {"first": 2 * FIRST, "second": 3 * SECOND, "third": 3 * THIRD}


def test_gradients_of_gradients_do_too():
    def compute_loss(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            found = predict(x)
        return tf.reduce_mean(tape.gradient(found, x) ** 2)

    found = lines_of(train(compute_loss))
    assert found.keys() == {"first", "second", "third"}
    assert found["second"] == 6 * SECOND


def test_nested_functions_and_loops_keep_their_lines():
    def compute_loss(x):
        start = tf.constant(0), tf.reduce_mean(nested(x) ** 2)
        return tf.while_loop(
            lambda turn, total: turn < 3,
            lambda turn, total: (turn + 1, total + tf.reduce_mean(predict(x))),
            start,
            maximum_iterations=3,
        )[1]

    found = lines_of(train(compute_loss))
    assert found.keys() == {"first", "second", "third"}
    assert found["second"] == (3 + 3 * 3) * SECOND


def test_two_functions_with_the_same_names_inside_are_told_apart():
    @tf.function
    def other(x):
        hidden = tf.tanh(x @ WEIGHTS[0])  # other first
        hidden = tf.tanh(hidden @ WEIGHTS[1])  # other second
        return hidden @ WEIGHTS[2]  # other third

    found = lines_of(train(lambda x: tf.reduce_mean(nested(x) ** 2) + tf.reduce_mean(other(x) ** 2)))
    assert found["second"] == found["other second"] == 3 * SECOND
    assert "" not in found


def test_a_keras_layer_counts_to_the_line_that_calls_the_model():
    model = tf.keras.Sequential([tf.keras.layers.Dense(WIDTH, activation="tanh"), tf.keras.layers.Dense(1)])
    model.build((None, 2))

    def step(x):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(model(x) ** 2)  # model
        return tape.gradient(loss, model.trainable_variables)

    assert lines_of(step) == {"model": 2 * FIRST + 3 * THIRD}


def test_without_the_graph_no_stack_is_known():
    assert Stacks(object()).stack("physics/matmul") == ()

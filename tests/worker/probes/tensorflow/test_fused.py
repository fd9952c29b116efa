"""Products in kernels that TensorFlow has fused of several operations."""

import pytest
import tensorflow as tf

from harness.worker.probes.tensorflow.fused import find_product
from harness.worker.probes.tensorflow.products import read_product
from harness.worker.probes.tensorflow.stacks import Stacks
from harness.worker.probes.tensorflow.work import WorkCounter

ROWS, INPUTS, WIDTH = 24, 3, 10
X = tf.TensorSpec((ROWS, INPUTS))


def dense(x, inputs=INPUTS, width=WIDTH):
    return tf.nn.bias_add(x @ tf.ones((inputs, width)), tf.ones(width))


def trace(function, *specs):
    return tf.function(function).get_concrete_function(*specs).graph


def last(graph):
    return graph.outputs[0].op.inputs[0].op  # its output is an Identity


@pytest.mark.parametrize("follow", [tf.nn.tanh, tf.nn.relu6, tf.nn.gelu, lambda y: tf.nn.gelu(y, approximate=True)])
def test_what_follows_a_product_element_by_element_leads_to_it(follow):
    found = find_product(last(trace(lambda x: follow(dense(x)), X)))
    assert found.type == "MatMul"
    assert read_product(found) == (((ROWS, INPUTS), (INPUTS, WIDTH)), 2 * ROWS * INPUTS * WIDTH)


def test_the_nearest_product_is_the_one():
    found = find_product(last(trace(lambda x: tf.tanh(dense(tf.tanh(dense(x)), WIDTH)), X)))
    assert read_product(found)[0] == ((ROWS, WIDTH), (WIDTH, WIDTH))


def test_two_products_of_different_sizes_are_not_guessed():
    assert find_product(last(trace(lambda x: dense(x) + dense(tf.ones((ROWS, 7)), 7), X))) is None


def test_what_has_no_product_leads_to_none():
    assert find_product(last(trace(lambda x: tf.tanh(x + 1), X))) is None


def test_a_fused_kernel_has_the_name_and_traffic_of_its_product():
    stacks = Stacks(trace(lambda x: tf.tanh(dense(x)), X))
    name = stacks.rename("PartitionedCall/Tanh", "_MklNativeFusedMatMul")
    assert name == "PartitionedCall/matmul"
    assert stacks.find_moved(name) == 4 * (ROWS * INPUTS + INPUTS * WIDTH + ROWS * WIDTH)
    assert stacks.stack(name) == stacks.stack("matmul") != ()
    assert stacks.rename("Tanh", "Tanh") == "Tanh"
    assert stacks.rename("matmul", "_MklNativeMatMul") == "matmul"


def observe(epoch):
    epoch()
    counter = WorkCounter()
    with counter.watching("epoch", apart=True):
        epoch()
    return counter.count(rate=False)


def test_layers_whose_kernels_are_fused_count_in_full():
    first, second = tf.Variable(tf.ones((INPUTS, WIDTH))), tf.Variable(tf.ones((WIDTH, WIDTH)))
    bias = tf.Variable(tf.ones(WIDTH))

    @tf.function
    def step(x, turns):
        total = tf.constant(0.0)
        with tf.GradientTape() as tape:
            for _ in tf.range(turns):  # XLA refuses the gradient of a loop whose length only the data tell
                hidden = tf.tanh(tf.nn.bias_add(x @ first, bias))
                total += tf.reduce_sum(tf.tanh(tf.nn.bias_add(hidden @ second, bias)))
        return tape.gradient(total, [first, second, bias])

    found = observe(lambda: step(tf.ones((ROWS, INPUTS)), tf.constant(5)))
    forward = 2 * ROWS * (INPUTS * WIDTH + WIDTH * WIDTH)
    by_hand = 5 * (2 * forward + 2 * ROWS * WIDTH * WIDTH)  # gradients: of both weights, and of the second's input
    assert (found.flops, found.unavailable) == ({"epoch": by_hand}, None)
    uses = {use.text: use.flops for use in found.lines["epoch"]}
    assert uses["hidden = tf.tanh(tf.nn.bias_add(x @ first, bias))"] == 5 * 2 * 2 * ROWS * INPUTS * WIDTH


def test_a_product_that_is_not_of_two_dense_arrays_is_said_not_to_be_counted():
    sparse, x = tf.sparse.from_dense(tf.eye(ROWS)), tf.ones((ROWS, INPUTS))
    weights = tf.ones((INPUTS, WIDTH))
    indices, values = sparse.indices, sparse.values

    @tf.function
    def step(x, turns):
        total = tf.zeros((ROWS, WIDTH))
        for _ in tf.range(turns):
            total += tf.sparse.sparse_dense_matmul(tf.SparseTensor(indices, values, (ROWS, ROWS)), x @ weights)
        return total

    found = observe(lambda: step(x, tf.constant(2)))
    assert found.flops == {"epoch": 2 * 2 * ROWS * INPUTS * WIDTH}
    assert "at least: 2 of its matrix products, in SparseTensorDenseMatMul" in found.unavailable


def test_such_a_product_outside_of_functions_is_said_not_to_be_counted_either():
    sparse, weights = tf.sparse.from_dense(tf.eye(INPUTS)), tf.ones((INPUTS, WIDTH))
    found = observe(lambda: tf.sparse.sparse_dense_matmul(sparse, weights) @ tf.ones((WIDTH, 1)))
    assert found.flops == {"epoch": 2 * INPUTS * WIDTH}
    assert found.unavailable.startswith("at least: the products in SparseTensorDenseMatMul, which ran 1 times,")

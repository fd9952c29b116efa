"""Memory traffic of TensorFlow's operations, counted by hand."""

import numpy as np
import pytest
import tensorflow as tf

from harness.worker.probes.places import Line
from harness.worker.probes.tensorflow.traffic import of_eager_operation, of_graph_operation
from harness.worker.probes.tensorflow.work import WorkCounter

N, M = 40, 30


def operations(function, *specs):
    graph = tf.function(function).get_concrete_function(*specs).graph
    return {one.type: one for one in graph.get_operations()}


def moved(function, type_, *specs):
    return of_graph_operation(operations(function, *specs)[type_])


MATRIX = tf.TensorSpec((N, M), tf.float32)


def test_operands_are_read_and_results_written():
    assert moved(tf.tanh, "Tanh", MATRIX) == 4 * 2 * N * M
    assert moved(lambda x: tf.matmul(x, x, transpose_b=True), "MatMul", MATRIX) == 4 * (2 * N * M + N * N)
    assert moved(lambda x: tf.cast(x, tf.float64), "Cast", MATRIX) == (4 + 8) * N * M


def test_what_passes_a_tensor_on_moves_nothing():
    assert moved(lambda x: tf.reshape(x, (-1,)), "Reshape", MATRIX) == 0
    assert moved(lambda x: tf.shape(x) + 1, "Const", MATRIX) == 0


def test_an_update_reads_and_writes_its_variable():
    variable = tf.Variable(tf.zeros((N, M)))
    assert moved(variable.assign_add, "AssignAddVariableOp", MATRIX) == 4 * 3 * N * M


def test_a_size_that_only_the_data_tell_is_not_known():
    assert moved(tf.tanh, "Tanh", tf.TensorSpec((None, M), tf.float32)) is None


def test_operations_outside_of_functions_count_with_what_they_were_given():
    x = tf.ones((N, M))
    assert of_eager_operation("Mul", (x, x), tf.multiply(x, x)) == 4 * 3 * N * M
    assert of_eager_operation("Mul", (x, np.float32(2.0)), x) == 4 * (2 * N * M + 1)
    assert of_eager_operation("AddN", ([x, x, x], "N", 3), [x]) == 4 * 4 * N * M
    assert of_eager_operation("__inference_step_3", (x,), x) == 0


@pytest.mark.parametrize("options", [{}, {"jit_compile": True}])
def test_lines_tell_what_they_move(options):
    x, weights = tf.ones((N, M)), tf.Variable(tf.ones((M, M)))

    @tf.function(**options)
    def step():
        return tf.reduce_sum(x @ weights)

    step()
    counter = WorkCounter()
    with counter.watching("epoch", apart=True):
        step()
    (use, *_) = counter.count(rate=False).lines["epoch"]
    product = 4 * (2 * N * M + M * M)
    assert use.text == "return tf.reduce_sum(x @ weights)"
    assert product < use.moved_bytes <= product + 3 * 4 * N * M  # the sum may be taken in two steps
    assert use.runs >= 2


def test_outside_of_functions_too():
    x = tf.ones((N, M))
    counter = WorkCounter()
    with counter.watching("epoch", apart=True):
        tf.tanh(x)
    (use, *_) = (one for one in counter.count(rate=False).lines["epoch"] if one.text == "tf.tanh(x)")
    assert use.moved_bytes == 4 * 2 * N * M
    assert use.runs == 1


def test_a_line_has_none_if_much_of_its_time_has_no_sizes():
    from harness.worker.probes.counted import make_counted
    from harness.worker.probes.operations import Operation
    from harness.worker.probes.spent import share_out

    here = (Line("train.py", 1),)
    known, unknown = Operation("A", "", "t", 0.0, 1.0, moved=100), Operation("B", "", "t", 1.0, 1.0)

    def lines(*ran):
        spent = share_out([(one, here) for one in ran], 2.0)
        return make_counted({}, None, None, spent={"epoch": spent}).lines["epoch"]

    ((most,), (both,)) = lines(known), lines(known, unknown)
    assert (most.moved_bytes, most.runs) == (100, 1)
    assert (both.moved_bytes, both.runs) == (None, 2)

"""Counts with known answers: a product of (n, k) and (k, m) takes 2 n k m operations, wherever it stands."""

from collections import Counter
from itertools import pairwise

import pytest
import tensorflow as tf

from harness.worker.probes.tensorflow import flops as probe
from harness.worker.probes.tensorflow import hlo
from harness.worker.probes.tensorflow.flops import Uncountable

N, K = 3, 8
ONE = 2 * N * K * K
"""Operations of x @ WEIGHTS."""
X = tf.TensorSpec((N, K))
WEIGHTS = tf.Variable(tf.ones((K, K)))
OTHER = tf.Variable(tf.ones((K, K)))


def of_call(*call):
    return probe.of_call(*call).total()


def by_part(found):
    parts = Counter()
    for place, number in found.items():
        parts[place.part] += number
    return dict(parts)


def count(function, *arguments, **named):
    """The operations of one call, in products x @ WEIGHTS."""
    return of_call(tf.function(function), (arguments, named)) / ONE


def gradient_of(function, *, inputs=False):
    """A step that returns the sum of what `function` makes of x, and its gradient."""

    def step(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = tf.reduce_sum(function(x))
        return loss, tape.gradient(loss, [WEIGHTS, x] if inputs else WEIGHTS)

    return step


def dense(x):
    return tf.tanh(x @ WEIGHTS)


def loop(x, turns=5, most=None):
    """`turns` products, one after the other."""
    limit = {"maximum_iterations": most} if most else {}
    return tf.while_loop(lambda i, a: i < turns, lambda i, a: (i + 1, dense(a)), (0, x), **limit)[1]


def collected(x):
    """Five products in a loop that keeps something of each in an array."""

    def body(i, a, kept):
        a = dense(a)
        return i + 1, a, kept.write(i, tf.reduce_sum(a))

    kept = tf.TensorArray(tf.float32, size=5, element_shape=[])
    return tf.while_loop(lambda i, *_: i < 5, body, (0, x, kept), maximum_iterations=5)[2].stack()


@pytest.mark.parametrize(
    ("product", "left", "right", "expected"),
    [
        (lambda a, b: a @ b, (2, 3), (3, 5), 2 * 2 * 3 * 5),
        (lambda a, b: tf.matmul(a, b, transpose_a=True), (3, 2), (3, 5), 2 * 2 * 3 * 5),
        (lambda a, b: a @ b, (7, 2, 3), (7, 3, 5), 7 * 2 * 2 * 3 * 5),
        (lambda a, b: a @ b, (7, 2, 3), (3, 5), 7 * 2 * 2 * 3 * 5),
        (lambda a, b: tf.einsum("bij,kjl->bikl", a, b), (7, 2, 3), (4, 3, 5), 2 * 7 * 2 * 4 * 5 * 3),
        (lambda a, b: tf.einsum("ij,ij->", a, b), (2, 3), (2, 3), 2 * 2 * 3),
        (lambda a, b: tf.tensordot(a, b, [[0, 2], [1, 0]]), (3, 4, 5), (5, 3, 2), 2 * 4 * 2 * 3 * 5),
        (tf.linalg.matvec, (2, 3), (3,), 2 * 2 * 3),
        (lambda a, b: a + b, (2, 3), (2, 3), 0),
    ],
    ids=["matmul", "transposed", "batched", "broadcast", "einsum", "inner", "tensordot", "matvec", "sum"],
)
def test_a_product_takes_two_operations_for_each_of_its_products_of_numbers(product, left, right, expected):
    assert of_call(tf.function(product), ((tf.TensorSpec(left), tf.TensorSpec(right)), {})) == expected


def test_complex_numbers_take_four_times_as_many():
    spec = tf.TensorSpec((2, 3), tf.complex64), tf.TensorSpec((3, 5), tf.complex64)
    assert of_call(tf.function(tf.matmul), (spec, {})) == 8 * 2 * 3 * 5


def test_backward_pass_of_a_dense_layer_costs_twice_or_once_without_input_gradient():
    assert count(dense, X) == 1
    assert count(gradient_of(dense), X) == 1 + 1
    assert count(gradient_of(dense, inputs=True), X) == 1 + 2
    assert count(gradient_of(lambda x: dense(dense(x))), X) == 2 + 3


def test_a_whole_step_with_its_update_counts_even_if_it_returns_nothing():
    def step(x):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(dense(x) ** 2)
        WEIGHTS.assign_sub(tape.gradient(loss, WEIGHTS))

    before = WEIGHTS.numpy().tolist()
    assert count(step, X) == 2
    assert WEIGHTS.numpy().tolist() == before


def test_a_derivative_by_the_inputs_inside_the_loss_counts_with_its_own_gradient():
    """As a PINN has it: forward, back to x, and the gradient of both by the weights."""

    def slope(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.tanh(x @ WEIGHTS) @ OTHER
        return tape.gradient(y, x)

    assert count(slope, X) == 1 + 2  # y itself is of no use: its last product is left out
    # By WEIGHTS: back through the two products of the way back, which reach it; then through the first layer.
    assert count(gradient_of(slope), X) == 3 + 3


def test_functions_inside_functions_count_with_the_outermost():
    inner = tf.function(dense)
    compiled = tf.function(dense, jit_compile=True)
    assert count(lambda x: inner(inner(x)) + compiled(x), X) == 3
    assert count(gradient_of(lambda x: inner(compiled(x))), X) == 2 + 3
    assert of_call(compiled, ((X,), {})) / ONE == 1


def test_nothing_is_traced_again():
    traced = []

    def step(x):
        traced.append(x)
        return x @ WEIGHTS

    step = tf.function(step)
    step(tf.ones((N, K)))
    assert of_call(step, ((X,), {})) == ONE
    assert len(traced) == 1


def test_methods_and_arguments_of_all_kinds_are_called_unchanged():
    class Pinn:
        @tf.function
        def step(self, points, times, *, scale=None):
            return sum(points["v"] @ WEIGHTS for _ in range(times)) * scale[0]

    arguments = ({"v": X, "unused": None}, 3), {"scale": [tf.TensorSpec(()), "text"]}
    assert of_call(Pinn().step, arguments) == 3 * ONE


def test_captured_tensors_need_no_argument():
    constant = tf.ones((N, K))
    assert count(lambda: constant @ WEIGHTS) == 1


def test_a_loop_counts_once_per_iteration():
    assert count(loop, X) == 5
    assert count(lambda x: loop(x, most=5), X) == 5
    assert count(lambda x: loop(x, most=3), X) == 3
    assert count(lambda x: loop(x, turns=tf.shape(x)[0]), X) == N
    assert count(lambda x: loop(x, turns=0), X) == 0
    assert count(collected, X) == 5


def test_the_gradient_of_a_loop_has_as_many_iterations():
    # Every turn goes back to its input too, the first as well: the loop knows no other way.
    assert count(gradient_of(lambda x: loop(x, most=5)), X) == 5 + 10
    assert count(gradient_of(lambda x: loop(x, most=3)), X) == 3 + 6
    assert count(gradient_of(collected), X) == 5 + 10


def test_counts_loops_of_autograph_and_scan():
    def ranged(x):
        for _ in tf.range(4):
            x = dense(x)
        return x

    assert count(ranged, X) == 4
    assert count(gradient_of(tf.function(ranged)), X) == 4 + 8
    assert count(lambda x: tf.scan(lambda a, _: dense(a), tf.range(6), x), X) == 6


def test_nested_loops_multiply():
    assert count(lambda x: tf.while_loop(lambda i, a: i < 4, lambda i, a: (i + 1, loop(a)), (0, x))[1], X) == 20


def test_a_product_in_a_loops_condition_counts_once_more_than_its_body():
    def go_on(i, a):
        return tf.logical_and(i < 3, tf.reduce_sum(a @ WEIGHTS) < 1e30)

    with pytest.raises(Uncountable, match="number of iterations"):
        count(lambda x: tf.while_loop(go_on, lambda i, a: (i + 1, a), (0, x))[1], X)

    def known(i, a):
        return tf.logical_and(i < 3, tf.logical_or(i < 4, tf.reduce_sum(a @ WEIGHTS) < 1e30))

    assert count(lambda x: tf.while_loop(known, lambda i, a: (i + 1, dense(a)), (0, x))[1], X) == 4 + 3


def test_a_loop_that_depends_on_data_is_not_guessed_unless_it_holds_no_product():
    def by_data(x, body):
        return tf.while_loop(lambda i, a: tf.reduce_sum(a) > 0, lambda i, a: (i + 1, body(a)), (0, x))[1]

    with pytest.raises(Uncountable, match="the number of iterations of a loop depends on data"):
        count(lambda x: by_data(x, dense), X)
    with pytest.raises(Uncountable, match="depends on data"):
        count(loop, X, tf.TensorSpec((), tf.int32))
    with pytest.raises(Uncountable, match="number of iterations"):  # it turns 0, 1, 2 times: known, but not followed
        count(lambda x: tf.while_loop(lambda i, a: i < 3, lambda i, a: (i + 1, loop(a, turns=i)), (0, x))[1], X)
    assert count(lambda x: by_data(x, tf.sin) @ WEIGHTS, X) == 1


def test_an_endless_loop_is_not_counted(monkeypatch):
    monkeypatch.setattr(hlo, "STEPS", 1000)
    assert count(lambda x: loop(x, turns=10), X) == 10
    with pytest.raises(Uncountable, match="number of iterations"):
        count(lambda x: loop(x, turns=1000), X)


def test_counts_the_most_expensive_branch_unless_the_branch_is_known():
    def branch(x, condition):
        return tf.cond(condition, lambda: dense(x), lambda: loop(x))

    assert count(lambda x: branch(x, tf.reduce_sum(x) > 0), X) == 5
    assert count(lambda x: branch(x, tf.constant(3) > 2), X) == 1
    assert count(lambda x: branch(x, tf.constant(3) < 2), X) == 5

    # A truth that is used as a number chooses by that number.
    def by_truth(x):
        return tf.switch_case(tf.cast(tf.constant(3) > 2, tf.int32), [lambda: dense(x), lambda: loop(x)])

    assert count(by_truth, X) == 5

    def switch(x, index):
        return tf.switch_case(index, [lambda: dense(x), lambda: loop(x), lambda: x])

    assert count(switch, X, tf.TensorSpec((), tf.int32)) == 5
    assert count(lambda x: switch(x, tf.constant(2)), X) == 0


def test_unused_operations_do_not_count_and_duplicates_count_twice():
    def dead(x):
        tf.matmul(x, WEIGHTS)
        return x

    assert count(dead, X) == 0
    assert count(lambda x: x @ WEIGHTS + x @ WEIGHTS, X) == 2


def test_recomputation_in_the_backward_pass_counts_again():
    remembered = tf.recompute_grad(lambda x: tf.tanh(tf.tanh(x @ WEIGHTS) @ OTHER))
    assert count(gradient_of(lambda x: tf.tanh(tf.tanh(x @ WEIGHTS) @ OTHER)), X) == 2 + 2
    assert count(gradient_of(remembered), X) == 2 + 2 + 2


def in_python(x):
    return tf.ensure_shape(tf.py_function(lambda a: a, [x], tf.float32), (N, K)) @ WEIGHTS


def raises(x):
    raise KeyError("no such loss\nand more")


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (in_python, "EagerPyFunc"),
        (gradient_of(loop), "XLA compilation requires a fixed tensor list size"),
        (raises, "no such loss"),
    ],
)
def test_functions_xla_cannot_compile_are_uncounted_with_a_one_line_reason(function, reason):
    with pytest.raises(Uncountable) as caught:
        count(function, X)
    assert str(caught.value).startswith("XLA cannot compile it: ")
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_product_of_data_dependent_size_is_not_counted():
    with pytest.raises(Uncountable, match="the size of a matrix product depends on data"):
        count(lambda x: tf.boolean_mask(x, x[:, 0] > 0) @ WEIGHTS, X)


def test_a_network_counts_the_sum_of_its_layers():
    """Against the formula: 2 (in x out) operations a layer and point, forward; twice that back, without the inputs'."""
    widths, points = [2, 16, 16, 16, 1], 64
    kernels = [tf.Variable(tf.ones(shape)) for shape in pairwise(widths)]

    def step(x):
        with tf.GradientTape() as tape:
            y = x
            for kernel in kernels:
                y = tf.tanh(y @ kernel)
            loss = tf.reduce_mean(y**2)
        return loss, tape.gradient(loss, kernels)

    layers = [2 * points * before * after for before, after in pairwise(widths)]
    assert of_call(tf.function(step), ((tf.TensorSpec((points, 2)),), {})) == 3 * sum(layers) - layers[0]


def test_operations_and_gradients_are_grouped_by_scope():
    @tf.function
    def inner(x):
        with tf.name_scope("inner"):
            return tf.tanh(x @ OTHER)

    @tf.function
    def step(x):
        with tf.GradientTape() as tape:
            with tf.name_scope("physics"), tf.name_scope("birth"):
                x = tf.tanh(x @ WEIGHTS)
            x = inner(x)
            with tf.name_scope("data"):
                x = x @ WEIGHTS
            loss = tf.reduce_sum(x @ OTHER)
        return tape.gradient(loss, [WEIGHTS, OTHER])

    assert by_part(probe.of_call(step, ((X,), {}))) == {
        "physics/birth": 2 * ONE,  # nobody asks for the gradient by x
        "inner": 3 * ONE,
        "data": 3 * ONE,
        "": 2 * ONE,  # nor for the loss itself
    }

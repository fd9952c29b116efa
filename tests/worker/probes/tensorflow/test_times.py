"""Time by line, and the arithmetic of what XLA refuses, from real TensorFlow."""

import inspect
import linecache

import pytest
import tensorflow as tf

from harness.worker.probes.tensorflow.work import WorkCounter

POINTS, WIDTH = 300, 16
HERE = __file__.rpartition("/")[2]


def line_of(function, text):
    """`file:line` of the line of a function that contains a text."""
    lines, start = inspect.getsourcelines(function)
    return f"{HERE}:{start + next(number for number, line in enumerate(lines) if text in line)}"


class Looping:
    """A program that XLA refuses: the gradient of a loop whose length only the data tell, inside a branch."""

    def __init__(self):
        self.first = tf.Variable(tf.ones((2, WIDTH)) * 0.1)
        self.second = tf.Variable(tf.ones((WIDTH, 1)) * 0.1)

    def network(self, x):
        hidden = tf.tanh(x @ self.first)
        return hidden @ self.second

    @tf.function
    def step(self, x, turns, refines):
        with tf.GradientTape() as tape:
            total = tf.constant(0.0)
            if refines:
                for _ in tf.range(turns):
                    total += tf.reduce_mean(self.network(x))
            loss = tf.square(total)
        return tape.gradient(loss, [self.first, self.second])


def observed(epoch):
    """What is counted of an epoch, which runs once before."""
    epoch()
    counter = WorkCounter()
    with counter.watching("epoch", apart=True):
        epoch()
    return counter.count(rate=False)


def test_loops_and_branches_count_as_they_went():
    trained, x = Looping(), tf.ones((POINTS, 2))
    turns, yes, no = tf.constant(3), tf.constant(True), tf.constant(False)
    found = observed(lambda: trained.step(x, turns, yes))
    forward = 2 * POINTS * (2 * WIDTH + WIDTH)
    by_hand = 3 * (2 * forward + 2 * POINTS * WIDTH)  # gradients: of both weights, and of the second layer's input
    assert found.unavailable is None
    assert found.flops == {"epoch": by_hand}
    first = line_of(Looping.network, "x @ self.first")
    uses = {use.where.rpartition("/")[2]: use for use in found.lines["epoch"]}
    assert uses[first].flops == 3 * 2 * 2 * POINTS * 2 * WIDTH
    assert uses[first].seconds > 0
    assert {product.left for product in uses[first].products} == {(POINTS, 2)}
    assert observed(lambda: trained.step(x, turns, no)).flops == {"epoch": 0}


def test_lines_share_the_time_of_the_epoch():
    trained, x, turns = Looping(), tf.ones((POINTS, 2)), tf.constant(3)
    found = observed(lambda: trained.step(x, turns, tf.constant(True)))
    (wall, busy) = found.timed["epoch"]
    assert 0 < busy <= wall
    assert sum(use.seconds for use in found.lines["epoch"]) == pytest.approx(busy)
    unknown = sum(use.seconds for use in found.lines["epoch"] if not use.where)
    assert unknown < 0.5 * busy


def test_gradients_of_gradients_belong_to_the_line_that_they_are_the_gradient_of():
    weights = tf.Variable(tf.ones((2, WIDTH)) * 0.1)

    @tf.function
    def step(x):
        with tf.GradientTape() as outer:
            with tf.GradientTape() as inner:
                inner.watch(x)
                u = tf.reduce_sum(tf.sin(x @ weights))
            slope = inner.gradient(u, x)
            loss = tf.reduce_mean(tf.square(slope))
        return outer.gradient(loss, weights)

    x = tf.ones((200, 2))
    step(x)
    counter = WorkCounter()
    with counter.watching("epoch", apart=True):
        step(x)
    lines = {}
    for _, name, _, graph in counter._times._join(counter._times._runs["epoch"][-1]):
        if name.startswith("gradient_tape/"):
            lines[name] = {linecache.getline(*line).strip() for line in graph.stack(name)[:1]}
    both = [{"u = tf.reduce_sum(tf.sin(x @ weights))"}, {"loss = tf.reduce_mean(tf.square(slope))"}]
    assert len(lines) >= 8
    assert all(line in both for line in lines.values())


def test_a_function_that_cannot_be_traced_again_keeps_what_is_known():
    made = []

    @tf.function
    def step(x):
        if not made:
            made.append(tf.Variable(tf.ones((2, WIDTH))))
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.square(x @ made[0]))
        made.append(len(made))  # so that it depends on more than its arguments
        return tf.identity_n([tape.gradient(loss, made[0])] * len(made))

    found = observed(lambda: step(tf.ones((POINTS, 2))))
    uses = {use.text: use for use in found.lines["epoch"]}
    assert uses["loss = tf.reduce_sum(tf.square(x @ made[0]))"].flops == 2 * 2 * POINTS * 2 * WIDTH


def test_a_batch_of_unknown_size_counts_with_the_size_that_it_had():
    weights = tf.Variable(tf.ones((2, WIDTH)))

    @tf.function(input_signature=[tf.TensorSpec((None, 2), tf.float32), tf.TensorSpec((), tf.int32)])
    def step(x, turns):
        total = tf.constant(0.0)
        for _ in tf.range(turns):
            total += tf.reduce_sum(x @ weights)
        return total

    found = observed(lambda: step(tf.ones((POINTS, 2)), tf.constant(4)))
    assert found.flops == {"epoch": 4 * 2 * POINTS * 2 * WIDTH}


def test_functions_with_operations_of_the_same_names_are_told_apart():
    @tf.function
    def one(x):
        return x @ x

    @tf.function
    def other(x):
        return x @ x

    x = tf.ones((64, 64))
    found = observed(lambda: (one(x), other(x), other(x)))
    uses = {use.where.rpartition("/")[2]: use for use in found.lines["epoch"]}
    for function, times in ((one, 1), (other, 2)):
        use = uses[line_of(function.python_function, "x @ x")]
        assert use.flops == times * 2 * 64**3
        assert use.seconds > 0


def test_compiled_functions_are_timed_by_line():
    @tf.function(jit_compile=True)
    def step(x):
        return tf.reduce_sum(tf.tanh(x @ x))

    found = observed(lambda: step(tf.ones((256, 256))))
    uses = {use.where.rpartition("/")[2]: use for use in found.lines["epoch"]}
    assert uses[line_of(step.python_function, "x @ x")].seconds > 0


def test_a_profiler_that_already_runs_is_the_reason_why_nothing_was_timed(tmp_path):
    x = tf.ones((8, 8))
    step = tf.function(lambda x: x @ x)
    tf.profiler.experimental.start(str(tmp_path))
    try:
        found = observed(lambda: step(x))
    finally:
        tf.profiler.experimental.stop()
    assert found.flops == {"epoch": 2 * 8**3}
    assert not found.timed
    assert "profiler" in found.untimed


def test_nothing_is_timed_beside_timings():
    step = tf.function(lambda x: x @ x)
    counter = WorkCounter()
    with counter.watching("epoch"):
        step(tf.ones((8, 8)))
    found = counter.count(rate=False)
    assert (found.flops, found.timed) == ({"epoch": 2 * 8**3}, {})


def test_operations_outside_of_functions_are_told_apart():
    weights = tf.Variable(tf.ones((2, WIDTH)))

    def eager():
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.square(tf.ones((POINTS, 2)) @ weights))
        weights.assign_sub(tape.gradient(loss, weights))

    outside = observed(eager).one_by_one["epoch"]
    assert outside.operations == outside.of >= 5
    compiled = tf.function(eager)
    assert observed(compiled).one_by_one["epoch"].operations == 0


def test_an_epoch_that_traced_is_counted_but_not_timed():
    step = tf.function(lambda x: x @ x)
    counter = WorkCounter()
    with counter.watching("epoch", apart=True):
        step(tf.ones((8, 8)))
    counter.forget_times("epoch")
    found = counter.count(rate=False)
    assert found.flops == {"epoch": 2 * 8**3}
    assert (found.timed, counter.ran) == ({}, {})
    assert "traced" in found.untimed
    with counter.watching("epoch", apart=True):
        step(tf.ones((8, 8)))
    assert counter.count(rate=False).timed


def test_products_of_unknown_sizes_leave_the_count_of_the_others():
    weights = tf.Variable(tf.ones((2, WIDTH)))

    @tf.function
    def step(x, turns):
        total = tf.constant(0.0)
        for turn in tf.range(turns):
            total += tf.reduce_sum(x @ weights)  # of known sizes
            total += tf.reduce_sum(tf.boolean_mask(x, x[:, 0] > tf.cast(turn, tf.float32)) @ weights)
        return total

    found = observed(lambda: step(tf.ones((POINTS, 2)), tf.constant(4)))
    by_hand = 4 * 2 * POINTS * 2 * WIDTH
    assert found.flops == {"epoch": by_hand} == {"epoch": sum(found.parts["epoch"].values())}
    assert found.incomplete == ["epoch"]
    assert found.unavailable == "at least: 4 of its matrix products have sizes that only the data tell"
    uses = {use.where.rpartition("/")[2]: use.flops for use in found.lines["epoch"]}
    assert uses[line_of(step.python_function, "of known sizes")] == by_hand
    assert sum(uses.values()) == by_hand

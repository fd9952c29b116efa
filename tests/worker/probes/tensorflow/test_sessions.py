"""What runs of TensorFlow 1 sessions compute, in programs as they were written then."""

import inspect

import numpy as np
import pytest
import tensorflow as tf

from harness.worker.probes.tensorflow.calls import CallProbe
from harness.worker.probes.tensorflow.work import WorkCounter

v1 = tf.compat.v1
DATA, POINTS, WIDTH = 50, 300, 20
HERE = __file__.rpartition("/")[2]
DATA_FORWARD = 2 * DATA * (WIDTH + WIDTH)
FORWARD = 2 * POINTS * (WIDTH + WIDTH)
"""Of both layers; what the derivative to x takes is as much again."""
BACKWARD = 6 * 2 * POINTS * WIDTH + 3 * 2 * DATA * WIDTH
"""At the points, of the derivative to three of the four operands of its two products, and of the network to both
weights and what is between them. At the data, only the latter."""


class Burgers:
    """A network of one hidden layer, with a residual u_x + u, as in the programs of Raissi."""

    def __init__(self, looping=False):
        self.graph = tf.Graph()
        with self.graph.as_default():
            self.x_u = v1.placeholder(tf.float32, (None, 1))
            self.u = v1.placeholder(tf.float32, (None, 1))
            self.x_f = v1.placeholder(tf.float32, (None, 1))
            self.turns = v1.placeholder(tf.int32, ())
            self.first = v1.Variable(tf.ones((1, WIDTH)) * 0.1)
            self.second = v1.Variable(tf.ones((WIDTH, 1)) * 0.1)
            self.loss_u = tf.reduce_mean(tf.square(self.u - self.net(self.x_u)))
            self.loss_f = tf.reduce_mean(tf.square(self.residual(self.x_f)))
            self.loss = self.loss_u + self.loss_f
            if looping:
                self.sum = tf.while_loop(
                    lambda i, a: i < self.turns, lambda i, a: (i + 1, a + tf.reduce_sum(self.net(self.x_u))), (0, 0.0)
                )[1]
            self.train = v1.train.AdamOptimizer(1e-3).minimize(self.loss)
            self.session = v1.Session()
            self.session.run(v1.global_variables_initializer())
        self.feed = {self.x_u: np.ones((DATA, 1)), self.u: np.ones((DATA, 1)), self.x_f: np.ones((POINTS, 1))}

    def net(self, x):
        hidden = tf.tanh(x @ self.first)
        return hidden @ self.second

    def residual(self, x):
        u = self.net(x)
        return tf.gradients(u, x)[0] + u

    def epoch(self):
        self.session.run(self.train, self.feed)
        self.session.run([self.loss, {"f": "add:0"}], feed_dict=self.feed)


def line_of(function, text):
    lines, start = inspect.getsourcelines(function)
    return f"{HERE}:{start + next(number for number, line in enumerate(lines) if text in line)}"


def observe(epoch, apart=True):
    epoch()
    counter = WorkCounter()
    with counter.watching("epoch", apart=apart):
        epoch()
    return counter.count(rate=False)


@pytest.fixture(scope="module")
def trained():
    return Burgers()


@pytest.mark.parametrize("apart", [True, False])
def test_runs_count_with_the_sizes_that_were_fed(trained, apart):
    found = observe(trained.epoch, apart)
    by_hand = 2 * (DATA_FORWARD + 2 * FORWARD) + BACKWARD
    assert found.unavailable is None
    assert found.flops == {"epoch": by_hand}


def test_what_is_fed_in_the_middle_is_not_computed(trained):
    with trained.graph.as_default():
        hidden = tf.tanh(trained.x_u @ trained.first)
        out = hidden @ trained.second
    found = observe(lambda: trained.session.run(out, {hidden: np.ones((7, WIDTH))}))
    assert found.flops == {"epoch": 2 * 7 * WIDTH}


def test_lines_have_times_and_the_runs_that_they_are_from(trained):
    found = observe(trained.epoch)
    uses = {use.where.rpartition("/")[2]: use for use in found.lines["epoch"]}
    use = uses[line_of(Burgers.net, "x @ self.first")]
    assert use.seconds > 0
    callers = {caller.where.rpartition("/")[2]: caller.flops for caller in use.callers}
    first = DATA_FORWARD // 2 + FORWARD  # its product, and its half of the derivative
    back = 3 * 2 * POINTS * WIDTH + 2 * DATA * WIDTH
    assert callers == {
        line_of(Burgers.epoch, "run(self.train"): first + back,
        line_of(Burgers.epoch, "run([self.loss"): first,
    }
    assert 0 < found.timed["epoch"].busy <= found.timed["epoch"].wall


@pytest.fixture
def old_loops():
    v1.disable_control_flow_v2()
    yield
    v1.enable_control_flow_v2()


def test_loops_count_as_they_went(old_loops):
    trained = Burgers(looping=True)
    feed = {trained.x_u: np.ones((DATA, 1)), trained.turns: 3}
    found = observe(lambda: trained.session.run(trained.sum, feed))
    assert (found.flops, found.unavailable) == ({"epoch": 3 * DATA_FORWARD}, None)


def test_sizes_in_loops_that_are_functions_are_said_not_to_be_known():
    trained = Burgers(looping=True)
    feed = trained.feed | {trained.turns: 3}
    found = observe(lambda: trained.session.run([trained.sum, trained.loss_u], feed))
    assert found.flops == {"epoch": DATA_FORWARD}
    assert found.unavailable == "at least: 6 of its matrix products have sizes that only the data tell"


def test_a_run_that_cannot_be_noted_says_so_and_runs(trained):
    probe = CallProbe()
    run = v1.Session.run
    with probe.watching("epoch"), pytest.raises(TypeError):
        trained.session.run(object())
    assert "a run of a session could not be recorded" in probe.by_kind["epoch"].trouble
    assert v1.Session.run is run


def test_a_run_that_cannot_be_read_has_a_reason_and_leaves_the_others():
    graph = tf.Graph()
    with graph.as_default():
        first, second = tf.split(v1.placeholder(tf.float32, (4, 4)), 2)
        product = first @ tf.ones((4, 4)) + second
    counter = WorkCounter()
    with v1.Session(graph=graph) as session, counter.watching("epoch", apart=True):
        session.run(product, {first: np.ones((2, 4)), second: np.ones((2, 4))})
    found = counter.count(rate=False)
    assert found.unavailable is not None

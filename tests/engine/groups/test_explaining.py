"""A comparison of two programs says which line makes the difference."""

import pytest

from harness import compare
from harness.report.layouts import explanation

PROGRAM = """
import numpy as np
import tensorflow as tf

POINTS = {points}
first = tf.Variable(tf.random.normal((2, 32)))
second = tf.Variable(tf.random.normal((32, 32)))


def network(x):
    hidden = tf.tanh(x @ first)
    return tf.tanh(hidden @ second)


def physics(x):
    return tf.reduce_mean(network(x))


@tf.function
def step(x, turns):
    with tf.GradientTape() as tape:
        total = tf.constant(0.0)
        for _ in tf.range(turns):
            total += physics(x)
        loss = tf.square(total)
    for weights, gradient in zip((first, second), tape.gradient(loss, (first, second))):
        weights.assign_sub(1e-3 * gradient)
    return loss


for epoch in range(40):
    x = np.random.rand(POINTS, 2).astype("float32")
    loss = step(tf.constant(x), tf.constant(3))
"""


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("explaining")
    programs = []
    for name, points in (("old.py", 20_000), ("new.py", 2_000)):
        (folder / name).write_text(PROGRAM.format(points=points))
        programs.append(str(folder / name))
    return compare(*programs, blocks=1, threads=1, out=folder / "run")


def test_the_line_its_way_and_its_rows_are_named(compared):
    (found,) = [arm.why for arm in compared.summary.arms if arm.why]
    first = found.changes[0]
    assert first.text in ("return tf.tanh(hidden @ second)", "hidden = tf.tanh(x @ first)")
    assert first.via_text == "return tf.reduce_mean(network(x))"
    assert (first.reason.baseline_product.left[0], first.reason.product.left[0]) == (20_000, 2_000)
    assert sum(one.share for one in found.changes) + found.between + found.rest == pytest.approx(1.0)


def test_arithmetic_that_xla_refuses_is_counted_as_by_hand(compared):
    forward, backward = 2 * (2 * 32 + 32 * 32), 2 * (2 * 32 + 2 * 32 * 32)
    for arm, points in zip(compared.summary.arms, (20_000, 2_000), strict=True):
        assert arm.flops == {"epoch": 3 * points * (forward + backward)}


def test_the_report_opens_with_it(compared):
    assert any("10 times fewer rows" in one for one in explanation.LAYOUT.findings(compared.summary))

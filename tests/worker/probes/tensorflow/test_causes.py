import json
import os
import subprocess
import sys
from textwrap import dedent

import pytest

SCRIPT = """
import json
from harness.worker.probes.tensorflow.traces import TraceProbe

probe = TraceProbe()
probe.install()
import numpy as np
import tensorflow as tf

told = {}

def tell(what):
    traces = probe.end()
    told[what] = [[t.function, t.cause.kind, t.cause.text, t.cause.advice] if t.cause else None for t in traces]

@tf.function
def step(x, lr=0.1, *, batch=None):
    return x * 1.0

step(tf.zeros((64, 3)))
tell("first")
step(tf.zeros((64, 3)))
tell("nothing")
step(tf.zeros((72, 3)))
tell("shape")
step(tf.zeros(72))
tell("rank")
step(tf.zeros((64, 3), tf.float64))
tell("dtype")
step(tf.zeros((64, 3)), 0.05)
tell("value")
step(tf.zeros((64, 3)), tf.constant(0.05))
tell("type")
step(tf.zeros((64, 3)), batch=(tf.zeros(2), tf.zeros(2)))
tell("given")
step(tf.zeros((64, 3)), batch=(tf.zeros(2), tf.zeros(2), tf.zeros(2)))
tell("length")
step(tf.zeros((64, 3)), batch={"x": tf.zeros(2)})
step(tf.zeros((64, 3)), batch={"x": tf.zeros(2), "y": tf.zeros(2)})
probe.end()
step(tf.zeros((64, 3)), batch={"x": tf.zeros(2), "y": tf.zeros(3)})
tell("inside")

for number in (1.0, 2.0):
    made = {}
    exec(compile(f"def residual(x): return x * {number}", "<made>", "exec"), made)
    tf.function(made["residual"])(tf.zeros(2))
    tell(f"made of {number}")

@tf.function(reduce_retracing=True)
def relaxed(x):
    return x

relaxed(tf.zeros(2))
relaxed(tf.zeros(3))
probe.end()
relaxed(tf.zeros(4))
tell("relaxed")

class Thing:
    pass

@tf.function
def using(thing, x):
    return x

things = [Thing(), Thing()]
using(things[0], tf.zeros(1))
probe.end()
using(things[1], tf.zeros(1))
tell("object")

for _ in range(2):
    probe.end()
    tf.function(lambda x: x + 1)(tf.zeros(2))
tell("new function")

class Model:
    def __init__(self):
        self.variable = None

    @tf.function
    def call(self, x):
        if self.variable is None:
            self.variable = tf.Variable(1.0)
        return x * self.variable

model = Model()
model.call(tf.zeros(2))
tell("variables")
other = Model()
other.call(tf.zeros(2))
tell("another instance")

@tf.function
def placed(x):
    return x

placed(tf.zeros(2))
probe.end()
with tf.Graph().as_default():
    placed(tf.zeros(2))
tell("context")

@tf.function
def inner(x, scale):
    return x * scale

@tf.function
def outer(x, scale):
    return inner(x, scale) + 1.0

outer(tf.zeros(2), 1.0)
tell("nested first")
outer(tf.zeros(2), 2.0)
tell("nested")

class Broken:
    def explain(self, *arguments):
        raise KeyError("a later TensorFlow")

probe._causes = Broken()
tell("before it broke")
result = step(tf.zeros((5, 5)))
told["broken"] = [probe.end()[0].cause, result.shape.as_list()]
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def causes(tmp_path_factory):
    script = tmp_path_factory.mktemp("causes") / "script.py"
    script.write_text(dedent(SCRIPT))
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    child = subprocess.run(
        [sys.executable, script], check=False, capture_output=True, text=True, env=environment, cwd=script.parent
    )
    assert child.returncode == 0, child.stderr[-2000:]
    assert child.stderr.count("the cause of a trace was not observed: KeyError('a later TensorFlow')") == 1
    return json.loads(child.stdout.splitlines()[-1])


AGAIN = "a new tf.function, or that of another instance, for code that was traced before"


@pytest.mark.parametrize(
    ("what", "sort", "text"),
    [
        ("first", "first", "its first tracing"),
        ("shape", "shape", "argument x: shape (64, 3) -> (72, 3)"),
        ("rank", "rank", "argument x: rank (72, 3) -> (72,)"),
        ("dtype", "dtype", "argument x: dtype float32 -> float64"),
        ("value", "value", "argument lr: Python value 0.1 -> 0.05"),
        ("type", "type", "argument lr: Python float -> float32 tensor"),
        ("given", "type", "argument batch: Python NoneType -> tuple"),
        ("length", "structure", "argument batch: 2 elements -> 3 elements"),
        ("inside", "shape", "argument batch['y']: shape (2,) -> (3,)"),
        ("object", "object", "argument thing: another Thing"),
        ("new function", "new function", AGAIN),
        (
            "another instance",
            "new function",
            "a new tf.function, or that of another instance, for code that was traced before",
        ),
        ("made of 1.0", "first", "its first tracing"),
        (
            "made of 2.0",
            "new code",
            "new code that replaces code traced before, as exec or a reload creates it",
        ),
        ("context", "context", "the same arguments in another context (device, strategy, gradient or XLA scope)"),
        ("nested", "value", "argument scale: Python value 1.0 -> 2.0"),
    ],
)
def test_a_trace_has_a_cause_in_words(causes, what, sort, text):
    _, seen, words, advice = causes[what][0]
    assert (seen, words) == (sort, text)
    assert (advice is None) is (sort == "first")


def test_no_cause_without_a_trace(causes):
    assert causes["nothing"] == []
    assert causes["relaxed"] == []


def test_a_python_value_is_better_passed_as_a_tensor(causes):
    assert causes["value"][0][3] == "pass a tensor"


def test_reports_the_second_trace_of_a_function_creating_variables(causes):
    assert [(name, sort) for name, sort, *_ in causes["variables"]] == [
        ("Model.call", "first"),
        ("Function._initialize_uninitialized_variables.initialize_variables", "variables"),
        ("Model.call", "variables"),
    ]


def test_each_nested_function_has_a_cause(causes):
    assert [(name, sort) for name, sort, *_ in causes["nested first"]] == [("inner", "first"), ("outer", "first")]
    assert [(name, sort) for name, sort, *_ in causes["nested"]] == [("inner", "value"), ("outer", "value")]


def test_a_call_continues_if_its_cause_cannot_be_determined(causes):
    assert causes["broken"] == [None, [5, 5]]

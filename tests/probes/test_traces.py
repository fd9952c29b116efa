import json
import os
import subprocess
import sys
from textwrap import dedent

import pytest

from harness.probes.traces import TraceProbe

HOOKED = "tensorflow.python.eager.polymorphic_function.tracing_compilation"
CALLBACKS = "tensorflow.python.eager.polymorphic_function.transform"

BEFORE = """
probe = TraceProbe()
probe.install()
tell("before", probe.unavailable)
import tensorflow as tf
"""
AFTER = """
import tensorflow as tf
probe = TraceProbe()
probe.install()
"""
USE = """
tell("unavailable", probe.unavailable)
clock = time.perf_counter

@tf.function
def step(x):
    return x + 1

step(tf.zeros(2))
step(tf.zeros(2))
tell("one trace", take())
step(tf.zeros(2))
tell("none", take())
step(tf.zeros(3))
tell("shape", take())
step(tf.zeros(3, tf.int32))
tell("type", take())

class Pinn:
    @tf.function
    def step(self, x):
        return x + 1

pinn = Pinn()
pinn.step(tf.zeros(2))
pinn.step(tf.zeros(2))
tell("method", take())
tf.function(lambda x: x)(tf.zeros(2))
tell("lambda", take())
tf.function(functools.partial(lambda a, x: a + x, 1.0))(tf.zeros(2))
tell("partial", take())
tf.function(step.python_function)(tf.zeros(2))
tell("again", take())

@tf.function
def inner(x):
    time.sleep(0.1)
    return x + 1

@tf.function
def outer(x):
    time.sleep(0.2)
    return inner(x) + inner(x) + step(x)

start = clock()
outer(tf.zeros(7))
tell("nested wall", clock() - start)
tell("nested", take())

@tf.function
def broken(x):
    inner(x)
    raise KeyError("no such loss")

try:
    broken(tf.zeros(9))
except KeyError as error:
    tell("raised", str(error))
tell("broken", take())
step(tf.zeros(11))
tell("after it broke", take())

def loss(x):
    return tf.reduce_sum(step(x))

with tf.GradientTape() as tape:
    x = tf.Variable([1.0, 2.0])
    y = loss(x)
tell("gradient", tape.gradient(y, x).numpy().tolist())
tell("result", step(tf.constant([1.0, 2.0])).numpy().tolist())
"""
BREAK = """
def spoil(how):
    class Finder:
        def find_spec(self, name, path, target=None):
            if name == HOOKED:
                sys.meta_path.remove(self)
                spec = importlib.util.find_spec(name)
                run = spec.loader.exec_module
                def exec_module(module):
                    run(module)
                    how(module)
                spec.loader.exec_module = exec_module
                return spec
    sys.meta_path.insert(0, Finder())
"""


def told_by(*parts):
    """What a fresh process that runs `parts` tells: a script's start-up is dear, so that each tells many things."""
    head = f"""
        import functools, importlib.util, json, sys, time
        from dataclasses import dataclass
        from harness.probes.traces import TraceProbe
        HOOKED, CALLBACKS = {HOOKED!r}, {CALLBACKS!r}
        told = {{}}

        def tell(what, value):
            told[what] = value

        def take():
            return [[trace.function, trace.where, trace.seconds] for trace in probe.take()]
        """
    script = "\n".join([dedent(head), *map(dedent, parts), "print(json.dumps(told))"])
    child = subprocess.run(
        [sys.executable, "-"],
        input=script,
        capture_output=True,
        text=True,
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    assert child.returncode == 0, child.stderr[-2000:]
    return json.loads(child.stdout.splitlines()[-1])


@pytest.fixture(scope="module", params=[BEFORE, AFTER], ids=["before", "after"])
def told(request):
    """Everything that `USE` tells, the probe being installed before or after TensorFlow is imported."""
    return told_by(request.param, USE)


def names(traces):
    return [name for name, _, _ in traces]


@pytest.mark.xdist_group("traces")
class TestTimed:
    def test_the_probe_says_when_it_can_see(self, told):
        assert told.get("before") in (None, "TensorFlow was not loaded")
        assert told["unavailable"] is None

    def test_a_function_is_traced_once_for_the_same_arguments(self, told):
        ((name, where, seconds),) = told["one trace"]
        assert name == "step"
        assert where.rpartition(":")[2].isdigit()
        assert seconds > 0
        assert told["none"] == []

    @pytest.mark.parametrize("what", ["shape", "type", "again", "after it broke"])
    def test_a_retrace_is_seen_at_the_same_place(self, told, what):
        assert [trace[:2] for trace in told[what]] == [trace[:2] for trace in told["one trace"]]

    @pytest.mark.parametrize(
        ("what", "name"), [("method", "Pinn.step"), ("lambda", "<lambda>"), ("partial", "<lambda>")]
    )
    def test_whatever_is_traced_has_a_name_and_a_place(self, told, what, name):
        ((seen, where, _),) = told[what]
        assert seen == name
        assert where.rpartition(":")[2].isdigit()

    def test_nested_tracings_are_timed_apart_and_add_up_to_no_more_than_the_whole(self, told):
        assert names(told["nested"]) == ["inner", "step", "outer"]
        inner, step, outer = (seconds for _, _, seconds in told["nested"])
        assert inner >= 0.1
        assert outer >= 0.2
        assert step > 0
        assert inner + step + outer <= told["nested wall"]

    def test_a_function_that_raises_while_it_is_traced_raises_what_it_did_and_is_seen(self, told):
        assert "no such loss" in told["raised"]
        assert names(told["broken"]) == ["inner", "broken"]
        assert all(seconds > 0 for _, _, seconds in told["broken"])

    def test_the_users_results_and_gradients_are_what_they_were(self, told):
        assert told["gradient"] == [1.0, 1.0]
        assert told["result"] == [2.0, 3.0]


FALLEN_BACK = """
tell("unavailable", probe.unavailable)

@tf.function
def step(x):
    return x + 1

tell("result", step(tf.constant([1.0])).numpy().tolist())
step(tf.zeros(1))
tell("traces", take())
step(tf.zeros(2))
tell("retrace", take())
"""
RENAME = """
def rename(module):
    private = module._create_concrete_function
    source = module.trace_function
    module.__dict__["_other_name"] = private
    code = source.__globals__
    del module._create_concrete_function
    class Names(dict): ...
    # whoever calls it finds it where it has gone
    import types
    for name, value in list(vars(module).items()):
        if isinstance(value, types.FunctionType) and "_create_concrete_function" in value.__code__.co_names:
            swapped = tuple("_other_name" if n == "_create_concrete_function" else n for n in value.__code__.co_names)
            value.__code__ = value.__code__.replace(co_names=swapped)
"""
CHANGE = """
def change(module):
    private = module._create_concrete_function
    def changed(function_type, type_context, func_graph, options):
        return private(function_type, type_context, func_graph, options)
    module._create_concrete_function = changed
"""
EXTEND = """
def extend(module):
    private = module._create_concrete_function
    def extended(function_type, type_context, func_graph, tracing_options, more=None):
        return private(function_type, type_context, func_graph, tracing_options)
    module._create_concrete_function = extended
    import types
    for name, value in list(vars(module).items()):
        if isinstance(value, types.FunctionType) and "_create_concrete_function" in value.__code__.co_names:
            tell("called by", name)
"""
NO_CALLBACKS = """
def no_callbacks(module):
    del sys.modules[CALLBACKS].CONCRETE_FUNCTION_CALLBACKS
"""


@pytest.mark.parametrize(("spoiled", "how"), [(RENAME, "rename"), (CHANGE, "change")], ids=["renamed", "changed"])
@pytest.mark.parametrize("order", [BEFORE, AFTER], ids=["before", "after"])
def test_without_the_private_function_tracings_are_seen_but_not_timed(spoiled, how, order):
    told = told_by(order.replace("import tensorflow as tf", f"{BREAK}{spoiled}spoil({how})\nimport tensorflow as tf"),
                   FALLEN_BACK)  # fmt: skip
    assert told["unavailable"] is None
    assert told["result"] == [2.0]
    for what in ("traces", "retrace"):
        ((name, where, seconds),) = told[what]
        assert "step" in name
        assert where == "?"
        assert seconds is None

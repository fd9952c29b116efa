import json
import os
import subprocess
import sys
from textwrap import dedent

import pytest

SCRIPT = """
import json, sys
from harness.worker import environment
from harness.worker.probes.tensorflow.compiles import QUICKEST, CompileProbe
from harness.worker.probes.tensorflow.traces import TraceProbe

environment.prepare([0], 0)
traces = TraceProbe()
traces.install()
import tensorflow as tf

probe = CompileProbe(traces.names)
told = {"unavailable": dict(probe.unavailable)}

def tell(what, wall=60.0):
    told[what] = [[c.function, c.where, c.seconds, c.recompiled, c.compiler] for c in probe.end(wall)]

@tf.function(jit_compile=True, reduce_retracing=True)
def relaxed(x):
    return tf.reduce_sum(tf.matmul(x, x, transpose_b=True))

def trained(rows):
    relaxed(tf.zeros((rows, 3)))

trained(3)
tell("first")
trained(3)
tell("the same")
trained(4)
tell("traced anew")
trained(5)
tell("another shape")
trained(5)
print("half a line, Compiled nothing 1 times", end="", file=sys.stderr, flush=True)
tell("nothing")
print(file=sys.stderr)
tell("a user's line")

@tf.function(jit_compile=True)
def outer(x):
    return relaxed(x) + 1.0

outer(tf.zeros((3, 3)))
tell("nested")
trained(6)
probe.begin(fresh=True)
tell("before a fresh one")
trained(7)
tell("too quick", QUICKEST / 2)
probe.begin(fresh=False)
tell("later")
print(json.dumps(told))
"""


def run(folder, errors):
    script = folder / "script.py"
    script.write_text(dedent(SCRIPT))
    child = subprocess.run(
        [sys.executable, script],
        check=True,
        stdout=subprocess.PIPE,
        stderr=errors,
        text=True,
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_CPP_VMODULE": "nothing_there=1"},
    )
    return json.loads(child.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """By a process whose user has hidden TensorFlow's log."""
    folder = tmp_path_factory.mktemp("compiles")
    with (folder / "log").open("wb") as log:
        return run(folder, log)


def test_each_compilation_is_told_with_its_function_and_time(told):
    assert told["unavailable"] == {}
    ((function, where, seconds, recompiled, compiler),) = told["first"]
    assert (function, recompiled, compiler) == ("relaxed", False, "XLA")
    assert where.startswith("script.py:")
    assert 0 < seconds < 60
    assert told["the same"] == []


def test_one_for_another_shape_is_told_though_nothing_was_traced(told):
    assert [(function, again) for function, _, _, again, _ in told["traced anew"]] == [("relaxed", False)]
    assert [(function, again) for function, _, _, again, _ in told["another shape"]] == [("relaxed", True)]


def test_what_a_user_writes_is_no_compilation(told):
    assert told["nothing"] == told["a user's line"] == []


def test_what_is_compiled_within_another_is_the_others(told):
    assert [function for function, *_ in told["nested"]] == ["outer"]


def test_what_was_compiled_before_an_epoch_that_follows_none_is_not_its_own(told):
    assert told["before a fresh one"] == []


def test_an_epoch_that_was_too_quick_to_compile_is_not_looked_at_and_nothing_is_lost(told):
    assert told["too quick"] == []
    assert [function for function, *_ in told["later"]] == ["relaxed"]


def test_where_standard_error_is_no_file_it_says_so(tmp_path):
    told = run(tmp_path, subprocess.PIPE)
    assert told["unavailable"] == {"compilations": "standard error is not redirected to a file"}
    assert told["first"] == []


def test_a_trainer_that_closes_its_standard_error_is_only_not_heard(tmp_path):
    code = """
import os
from harness.worker.probes.tensorflow.compiles import CompileProbe
probe = CompileProbe({})
os.close(2)
assert probe.unavailable == {}
assert probe.end(60.0) == []
"""
    with (tmp_path / "errors").open("wb") as errors:
        assert subprocess.run([sys.executable, "-c", code], stderr=errors, check=False).returncode == 0

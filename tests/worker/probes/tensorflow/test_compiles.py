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
def compilations(tmp_path_factory):
    """The compilations reported by a process in which the user has hidden TensorFlow's log."""
    folder = tmp_path_factory.mktemp("compiles")
    with (folder / "log").open("wb") as log:
        return run(folder, log)


def test_reports_each_compilation_with_function_and_time(compilations):
    assert compilations["unavailable"] == {}
    ((function, where, seconds, recompiled, compiler),) = compilations["first"]
    assert (function, recompiled, compiler) == ("relaxed", False, "XLA")
    assert where.startswith("script.py:")
    assert 0 < seconds < 60
    assert compilations["the same"] == []


def test_reports_a_compilation_for_a_new_shape_without_a_trace(compilations):
    assert [(function, again) for function, _, _, again, _ in compilations["traced anew"]] == [("relaxed", False)]
    assert [(function, again) for function, _, _, again, _ in compilations["another shape"]] == [("relaxed", True)]


def test_user_output_is_not_a_compilation(compilations):
    assert compilations["nothing"] == compilations["a user's line"] == []


def test_nested_compilations_belong_to_the_outer(compilations):
    assert [function for function, *_ in compilations["nested"]] == ["outer"]


def test_compilations_before_a_first_epoch_are_not_its_own(compilations):
    assert compilations["before a fresh one"] == []


def test_epochs_too_short_to_compile_are_skipped_without_loss(compilations):
    assert compilations["too quick"] == []
    assert [function for function, *_ in compilations["later"]] == ["relaxed"]


def test_says_if_standard_error_is_not_a_file(tmp_path):
    compilations = run(tmp_path, subprocess.PIPE)
    assert compilations["unavailable"] == {"compilations": "standard error is not redirected to a file"}
    assert compilations["first"] == []


def test_closing_standard_error_does_not_break_the_probe(tmp_path):
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

import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import dedent

import pytest

from harness.worker import frameworks
from harness.worker.probes.tensorflow.traces import TraceProbe, _qualify_name

HOOKED = "tensorflow.python.eager.polymorphic_function.tracing_compilation"
CALLBACKS = "tensorflow.python.eager.polymorphic_function.transform"

BEFORE = """
probe = TraceProbe()
probe.install()
tell("before", dict(probe.unavailable))
import tensorflow as tf
"""
AFTER = """
import tensorflow as tf
probe = TraceProbe()
probe.install()
"""
USE = """
tell("unavailable", probe.unavailable)
tell("any before", probe.any)
clock = time.perf_counter

@tf.function
def step(x):
    return x + 1

step(tf.zeros(2))
step(tf.zeros(2))
tell("one trace", take())
tell("any", probe.any)
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

class Loss:
    def __call__(self, x):
        return x

tf.function(Loss())(tf.zeros(2))
tell("object", take())

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


def output_of(*parts):
    """The output of a fresh process that runs `parts`; start-up is slow, so each script reports many results."""
    head = f"""
        import functools, importlib.util, json, sys, time
        from dataclasses import dataclass
        from harness.worker.probes.tensorflow.traces import TraceProbe
        HOOKED, CALLBACKS = {HOOKED!r}, {CALLBACKS!r}
        told = {{}}

        def tell(what, value):
            told[what] = value

        def take():
            return [[trace.function, trace.where, trace.seconds] for trace in probe.end()]
        """
    script = "\n".join([dedent(head), *map(dedent, parts), "print(json.dumps(told))"])
    with TemporaryDirectory() as folder:
        Path(folder, "script.py").write_text(script)
        child = subprocess.run(
            [sys.executable, "script.py"],
            check=False,
            capture_output=True,
            text=True,
            cwd=folder,
            env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
        )
    assert child.returncode == 0, child.stderr[-2000:]
    return json.loads(child.stdout.splitlines()[-1])


@pytest.fixture(scope="module", params=[BEFORE, AFTER], ids=["before", "after"])
def reported(request):
    """The output of `USE`, with the probe installed before or after TensorFlow is imported."""
    return output_of(request.param, USE)


def names(traces):
    return [name for name, _, _ in traces]


class TestTimed:
    def test_probe_is_available_only_after_tensorflow_is_loaded(self, reported):
        assert reported.get("before", {}) == reported["unavailable"] == {}
        assert (reported["any before"], reported["any"]) == (False, True)

    def test_a_function_is_traced_once_for_the_same_arguments(self, reported):
        ((name, where, seconds),) = reported["one trace"]
        assert name == "step"
        assert where.startswith("script.py:")
        assert where.removeprefix("script.py:").isdigit()
        assert seconds > 0
        assert reported["none"] == []

    @pytest.mark.parametrize("what", ["shape", "type", "again", "after it broke"])
    def test_sees_a_retrace_at_the_same_place(self, reported, what):
        assert [trace[:2] for trace in reported[what]] == [trace[:2] for trace in reported["one trace"]]

    @pytest.mark.parametrize(
        ("what", "name"),
        [("method", "Pinn.step"), ("lambda", "<lambda>"), ("partial", "<lambda>"), ("object", "Loss.__call__")],
    )
    def test_whatever_is_traced_has_a_name_and_a_place(self, reported, what, name):
        ((seen, where, _),) = reported[what]
        assert seen == name
        assert where.startswith("script.py:")
        assert where.removeprefix("script.py:").isdigit()

    def test_nested_traces_are_timed_separately_and_stay_within_the_total(self, reported):
        assert names(reported["nested"]) == ["inner", "step", "outer"]
        inner, step, outer = (seconds for _, _, seconds in reported["nested"])
        assert inner >= 0.1
        assert outer >= 0.2
        assert step > 0
        assert inner + step + outer <= reported["nested wall"]

    def test_a_function_that_raises_during_tracing_is_seen_and_raises_the_same(self, reported):
        assert "no such loss" in reported["raised"]
        assert names(reported["broken"]) == ["inner", "broken"]
        assert all(seconds > 0 for _, _, seconds in reported["broken"])

    def test_results_and_gradients_are_unchanged(self, reported):
        assert reported["gradient"] == [1.0, 1.0]
        assert reported["result"] == [2.0, 3.0]


SPOIL = """
def spoil(module, how):
    \"\"\"What a later TensorFlow might have made of it, its caller following.\"\"\"
    private = module._create_concrete_function
    (caller,) = (
        function
        for function in vars(module).values()
        if "_create_concrete_function" in getattr(getattr(function, "__code__", None), "co_names", ())
    )
    if how == "renamed":
        del module._create_concrete_function
        module._create_it_by_another_name = private
        new_name = "_create_it_by_another_name"
    elif how == "extended":
        def extended(function_type, type_context, func_graph, tracing_options, and_more):
            assert and_more == "more"
            return private(function_type, type_context, func_graph, tracing_options)
        module._create_concrete_function = extended
        module._call_with_more = lambda *given: module._create_concrete_function(*given, "more")
        new_name = "_call_with_more"
    elif how == "no function":
        class Callable:
            __call__ = staticmethod(private)
            __signature__ = "nonsense"
        module._create_concrete_function = Callable()
        return
    names = tuple(new_name if n == "_create_concrete_function" else n for n in caller.__code__.co_names)
    caller.__code__ = caller.__code__.replace(co_names=names)

def use(probe, label):
    @tf.function
    def step(x):
        return x + 1
    result = [step(tf.constant([1.0])).numpy().tolist(), step(tf.zeros(1)).numpy().tolist()]
    traced = [list(trace) for trace in map(lambda t: (t.function, t.where, t.seconds), probe.end())]
    step(tf.zeros(2))
    retraced = [(t.function, t.where, t.seconds) for t in probe.end()]
    tell(label, [probe.unavailable, result, traced, retraced])
"""


@pytest.fixture(scope="module")
def spoiled():
    """The output for each TensorFlow with unexpected internals, all in one process."""
    return output_of(
        SPOIL,
        """
        import tensorflow as tf
        module = sys.modules[HOOKED]
        kept = dict(vars(module))
        codes = {f: f.__code__ for f in kept.values() if hasattr(f, "__code__")}
        transform = sys.modules[CALLBACKS]
        for how in ("renamed", "extended", "no function"):
            for callbacks in (True, False):
                spoil(module, how)
                probe = TraceProbe()
                if not callbacks:
                    del transform.CONCRETE_FUNCTION_CALLBACKS
                probe.install()
                transform.CONCRETE_FUNCTION_CALLBACKS = getattr(transform, "CONCRETE_FUNCTION_CALLBACKS", [])
                use(probe, f"{how} {callbacks}")
                transform.CONCRETE_FUNCTION_CALLBACKS.clear()
                for name in vars(module).keys() - kept.keys():
                    delattr(module, name)
                vars(module).update(kept)
                for f, code in codes.items():
                    f.__code__ = code
        probe = TraceProbe()
        probe.install()
        use(probe, "as it was")
        """,
    )


HOW = ["renamed", "extended", "no function"]
UNTIMED = {"times and causes of traces": "this version of TensorFlow offers no way to time traces"}


class TestFallingBack:
    @pytest.mark.parametrize("how", HOW)
    def test_without_the_private_function_traces_are_seen_but_untimed(self, spoiled, how):
        unavailable, result, traced, retraced = spoiled[f"{how} True"]
        assert unavailable == UNTIMED
        assert result == [[2.0], [1.0]]
        assert traced == retraced == [["step", "?", None]]

    @pytest.mark.parametrize("how", HOW)
    def test_without_the_callbacks_too_the_probe_gives_a_reason(self, spoiled, how):
        unavailable, result, traced, retraced = spoiled[f"{how} False"]
        assert unavailable == {"traces": "this version of TensorFlow offers no way to observe traces"}
        assert result == [[2.0], [1.0]]
        assert traced == retraced == []

    def test_with_everything_in_place_the_same_use_is_timed(self, spoiled):
        unavailable, result, ((name, _, seconds),), _ = spoiled["as it was"]
        assert unavailable == {}
        assert result == [[2.0], [1.0]]
        assert name == "use.step"
        assert seconds > 0

    def test_fallbacks_apply_to_a_tensorflow_imported_later(self):
        reported = output_of(
            SPOIL,
            """
            class Finder:
                def find_spec(self, name, path, target=None):
                    if name != HOOKED:
                        return None
                    sys.meta_path.remove(self)
                    spec = importlib.util.find_spec(name)
                    run = spec.loader.exec_module
                    def exec_module(module):
                        run(module)
                        spoil(module, "renamed")
                    spec.loader.exec_module = exec_module
                    return spec

            sys.meta_path.insert(0, Finder())
            """,
            BEFORE,
            "use(probe, 'later')",
        )
        assert reported["before"] == {}
        assert reported["later"] == [UNTIMED, [[2.0], [1.0]], [["step", "?", None]], [["step", "?", None]]]


class Indescribable:
    """Raises on every attribute access."""

    def __getattr__(self, name):
        raise RuntimeError(name)


def test_a_trace_that_cannot_be_described_does_not_break_the_call(monkeypatch, capsys):
    module = type(sys)(HOOKED)

    def _create_concrete_function(function_type, type_context, func_graph, tracing_options):
        return "concrete"

    module._create_concrete_function = _create_concrete_function
    monkeypatch.setitem(sys.modules, HOOKED, module)
    probe = TraceProbe()
    probe.install()
    assert probe.unavailable == {}
    options = type("Options", (), {"python_function": Indescribable()})
    assert module._create_concrete_function(None, None, None, options) == "concrete"
    assert probe.end() == []
    assert "a tracing could not be described: RuntimeError" in capsys.readouterr().err


def test_without_tensorflow_there_are_no_traces_and_a_reason(monkeypatch):
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    for name in (HOOKED, *(one.module for one in frameworks.FRAMEWORKS)):
        monkeypatch.delitem(sys.modules, name, raising=False)
    probe = TraceProbe()
    probe.install()
    assert (probe.any, probe.unavailable, probe.end()) == (False, {}, [])
    assert frameworks.unobserved()["traces"] == frameworks.NOTHING_TRACES


def test_traces_before_an_epoch_are_not_its_own(monkeypatch):
    module = type(sys)(HOOKED)

    def _create_concrete_function(function_type, type_context, func_graph, tracing_options):
        return type("Concrete", (), {"name": b"it"})

    module._create_concrete_function = _create_concrete_function
    monkeypatch.setitem(sys.modules, HOOKED, module)
    probe = TraceProbe(lambda: "refine")
    probe.install()
    graph, options = type("Graph", (), {"name": "it"}), type("Options", (), {"python_function": output_of})
    module._create_concrete_function(None, None, graph, options)
    probe.begin(False)
    assert (probe.spans(), probe.end()) == ([], [])
    module._create_concrete_function(None, None, graph, options)
    assert [span.name for span in probe.spans()] == ["tracing it"]
    assert [(trace.function, trace.phase) for trace in probe.end()] == [("output_of", "refine")]
    assert probe.end() == []


class WithoutQualifiedName:
    """Code as Python 3.10 has it."""

    co_filename, co_firstlineno, co_name = __file__, 3, "step"


class Loss:
    def step(self):
        """Its name is read."""

    def __call__(self):
        """Likewise."""


def test_qualified_name_falls_back_from_code_to_function():
    for code in (Loss.step.__code__, WithoutQualifiedName):
        assert _qualify_name(Loss.step, code) == _qualify_name(Loss().step, code) == "Loss.step"
    for code in (Loss.__call__.__code__, WithoutQualifiedName):
        assert _qualify_name(Loss(), code) == "Loss.__call__"

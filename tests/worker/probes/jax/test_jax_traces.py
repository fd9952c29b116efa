"""What is made of JAX's messages and events, with a JAX that says what a test has it say."""

import logging
import sys

import pytest

from harness.worker.probes.compilations import CollectedCompilations
from harness.worker.probes.jax.traces import JaxProbe
from harness.worker.wire.evidence import FROM_CACHE

LOGGER = "jax._src.interpreters.partial_eval"
TRACED = "/jax/core/compile/jaxpr_trace_duration"
LOWERED = "/jax/core/compile/jaxpr_to_mlir_module_duration"
COMPILED = "/jax/core/compile/backend_compile_duration"
RETRIEVED = "/jax/compilation_cache/cache_retrieval_time_sec"


class Jax:
    """A module `jax` with what the probe uses."""

    __file__ = "/env/lib/jax/__init__.py"

    def __init__(self, explains=True, asked=False):
        self.listeners = []
        self.updated = {}
        self.config = self
        self.jax_explain_cache_misses = asked
        self._explains = explains

    def update(self, option, value):
        if not self._explains:
            raise AttributeError(f"Unrecognized config option: {option}")
        self.updated[option] = value

    def register_event_duration_secs_listener(self, listener):
        self.listeners.append(listener)

    def event(self, event, seconds, **details):
        for listener in self.listeners:
            listener(event, seconds, **details)

    def miss(self, function="step", where="/home/me/train.py:8"):
        told = f"  never seen function:\n    {function} id=7 defined at {where}"
        logging.getLogger(LOGGER).warning(f"TRACING CACHE MISS at train.py:3:1 (epoch):\n{told}")


@pytest.fixture
def attached(monkeypatch):
    def attach(**options):
        jax = Jax(**options)
        monkeypatch.setitem(sys.modules, "jax", jax)
        monkeypatch.setitem(sys.modules, "jax.monitoring", jax)
        monkeypatch.setattr(logging.getLogger(LOGGER), "filters", [])
        probe = JaxProbe(lambda: "phase")
        assert probe.idle
        probe.install()
        assert not probe.idle
        probe.begin(True)
        return jax, probe, CollectedCompilations(probe)

    return attach


def test_a_trace_has_the_time_of_its_event_and_the_phase(attached):
    jax, probe, compiled = attached()
    jax.miss()
    jax.event(TRACED, 0.25, fun_name="step")
    jax.event(LOWERED, 0.5, fun_name="jit_step")
    jax.event(COMPILED, 2.0, fun_name="jit_step")
    (trace,) = probe.end()
    assert (trace.function, trace.where, trace.seconds, trace.phase) == ("step", "home/me/train.py:8", 0.25, "phase")
    (one,) = compiled.end()
    assert (one.function, one.where, one.seconds, one.compiler) == ("step", "home/me/train.py:8", 2.5, "XLA")
    assert {span.name for span in probe.spans()} == {"tracing step", "compiling step"}
    probe.begin(False)
    assert (probe.end(), compiled.end(), [*probe.spans()]) == ([], [], [])


def test_older_versions_explain_afterwards_and_name_nothing(attached):
    jax, probe, compiled = attached()
    jax.event(TRACED, 0.25)
    jax.miss()
    jax.event(COMPILED, 2.0)
    assert [trace.seconds for trace in probe.end()] == [0.25]
    assert [one.function for one in compiled.end()] == ["step"]


def test_a_function_traced_within_another_has_no_time_of_its_own(attached):
    jax, probe, _ = attached()
    jax.miss("outer")
    jax.miss("inner", "/home/me/train.py:3")
    jax.event(TRACED, 0.25, fun_name="outer")
    assert {trace.function: trace.seconds for trace in probe.end()} == {"outer": 0.25, "inner": None}


def test_jaxs_own_functions_are_compiled_and_not_traced_by_anybody(attached):
    jax, probe, compiled = attached()
    jax.miss("broadcast", "/env/lib/jax/_src/dispatch.py:94")
    jax.event(COMPILED, 0.1)
    assert probe.end() == []
    assert [one.function for one in compiled.end()] == ["broadcast"]


def test_what_comes_from_the_cache_on_disk_is_told(attached):
    jax, _, compiled = attached()
    jax.event(RETRIEVED, 0.01)
    jax.event(COMPILED, 0.02, fun_name="jit(step)")
    jax.event(COMPILED, 2.0, fun_name="jit(other)")
    assert [(one.function, one.compiler) for one in compiled.end()] == [("step", FROM_CACHE), ("other", "XLA")]


@pytest.mark.parametrize("asked", [True, False])
def test_its_messages_reach_the_log_only_if_the_program_asked_for_them(attached, caplog, asked):
    jax, probe, _ = attached(asked=asked)
    jax.miss()
    logging.getLogger(LOGGER).warning("something else")
    assert [record.message[:7] for record in caplog.records] == ["TRACING"] * asked + ["somethi"]
    assert len(probe.end()) == 1


def test_a_version_that_does_not_explain_is_said(attached):
    _, probe, _ = attached(explains=False)
    assert probe.unavailable == {"traces": "this version of JAX does not explain them"}


def test_a_version_without_events_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "jax", type(sys)("jax"))
    monkeypatch.setitem(sys.modules, "jax.monitoring", type(sys)("jax.monitoring"))
    probe = JaxProbe()
    probe.install()
    assert set(probe.unavailable) == {"traces", "compilations"}


def test_a_tracing_that_was_in_the_cache_gives_its_time_to_no_other(attached):
    jax, probe, _ = attached()
    jax.event(TRACED, 0.001, fun_name="step")
    jax.event(TRACED, 0.002, fun_name="other")
    jax.miss("step")
    jax.event(TRACED, 0.25, fun_name="step")
    (trace,) = probe.end()
    assert (trace.function, trace.seconds) == ("step", pytest.approx(0.25, abs=0.01))  # the clock has not moved

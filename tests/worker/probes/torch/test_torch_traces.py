"""What is made of the metrics and the log of Dynamo, with metrics that a test gives."""

import logging
import sys
from collections import deque
from types import SimpleNamespace

import pytest

from harness.worker.probes.compilations import CollectedCompilations
from harness.worker.probes.torch.limits import LimitProbe
from harness.worker.probes.torch.traces import DynamoProbe
from harness.worker.wire.evidence import Capture

UTILS, FRAMES = "torch._dynamo.utils", "torch._dynamo.convert_frame"


@pytest.fixture
def dynamo(monkeypatch):
    """Its module with the metrics, to which a test adds."""
    module = type(sys)(UTILS)
    module._compilation_metrics = deque(maxlen=4)
    module.get_compilation_metrics = lambda: list(module._compilation_metrics)
    monkeypatch.setitem(sys.modules, UTILS, module)
    return module


def compiled(name="step", number=0, **more):
    own = {"co_filename": "/home/me/train.py", "co_firstlineno": 8, "compile_id": f"0/{number}"}
    return SimpleNamespace(**{"co_name": name, "entire_frame_compile_time_s": 3.0} | own | more)


def test_reads_what_is_new_in_each_epoch(dynamo):
    probe = DynamoProbe()
    probe.install()
    dynamo._compilation_metrics.append(compiled("built"))
    probe.begin(True)
    dynamo._compilation_metrics += [compiled(inductor_compile_time_s=2.0), compiled("other")]
    compilations = CollectedCompilations(probe)
    found = probe.end()
    assert [(one.function, one.where, one.seconds) for one in found] == [
        ("step", "home/me/train.py:8", 1.0),
        ("other", "home/me/train.py:8", 3.0),
    ]
    (one,) = compilations.end()
    assert (one.function, one.seconds, one.compiler) == ("step", 2.0, "TorchInductor")
    probe.begin(False)
    assert (probe.end(), compilations.end()) == ([], [])
    dynamo._compilation_metrics += [compiled(number=number) for number in range(1, 9)]  # more than it keeps
    assert len(probe.end()) == 4
    assert probe.any


def test_what_was_captured_is_read_if_it_is_told(dynamo):
    probe = DynamoProbe()
    probe.install()
    failed = {"fail_type": "Unsupported", "fail_reason": "a loop", "fail_user_frame_filename": "/home/me/train.py"}
    dynamo._compilation_metrics += [
        compiled("old"),
        compiled("whole", graph_op_count=4, restart_reasons=set()),
        compiled("loop", graph_op_count=None, fail_user_frame_lineno=11, **failed),
        compiled("nowhere", graph_op_count=None, **failed),
    ]
    old, whole, loop, nowhere = (one.capture for one in probe.end())
    assert (old, whole) == (None, Capture(4))
    assert (loop.operations, loop.broken.text, loop.at) == (None, "a loop", "home/me/train.py:11")
    assert nowhere.at == ""
    dynamo._compilation_metrics.append(compiled("library", graph_op_count=None, co_filename=pytest.__file__, **failed))
    (library,) = probe.end()
    assert library.capture == Capture(None)


def test_a_backward_pass_that_is_compiled_later_has_no_trace(dynamo):
    probe = DynamoProbe()
    probe.install()
    dynamo._compilation_metrics.append(compiled(is_forward=False, inductor_cumulative_compile_time_us=500_000))
    assert probe.end() == []
    assert [one.seconds for one in probe.compilations()] == [0.5]


def test_metrics_without_names_or_times_are_no_trouble(dynamo, capsys):
    probe = DynamoProbe()
    probe.install()
    dynamo._compilation_metrics.append(SimpleNamespace(co_name="step", co_filename=None))
    (one,) = probe.end()
    assert (one.function, one.where, one.seconds) == ("step", "?", None)
    dynamo._compilation_metrics.append(SimpleNamespace(co_name=3))
    assert probe.end() == []
    assert "could not be described" in capsys.readouterr().err


def test_a_version_without_metrics_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, UTILS, type(sys)(UTILS))
    probe = DynamoProbe()
    probe.install()
    assert set(probe.unavailable) == {"traces", "compilations"}
    assert probe.end() == []


def test_a_limit_that_is_reached_is_read_from_the_log_and_stays_in_it(monkeypatch, caplog):
    monkeypatch.setitem(sys.modules, FRAMES, type(sys)(FRAMES))
    logger = logging.getLogger(FRAMES)
    monkeypatch.setattr(logger, "filters", [])
    probe = LimitProbe()
    probe.install()
    logger.warning("something else")
    told = "torch._dynamo hit config.%s (%s)\n   function: %s\n   last reason: %s"
    logger.warning(told, "recompile_limit", 8, "'step' (/home/me/train.py:47)", "0/7: tag == 'a'")
    assert probe.end() == [("step", "home/me/train.py:47", "recompile_limit = 8")]
    assert len(caplog.records) == 2
    probe.begin(False)
    assert probe.end() == []

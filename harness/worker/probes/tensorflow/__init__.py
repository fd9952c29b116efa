"""TensorFlow: traces with their causes, compilations by XLA, operations, tensors, and how much an epoch computes."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import wraps
from types import ModuleType
from typing import Any

from harness.worker.imports.hooks import when_imported
from harness.worker.probes.base import Allocator, Counter, Framework, Probe
from harness.worker.probes.tensorflow.compiles import CompileProbe
from harness.worker.probes.tensorflow.memory import TensorAllocator
from harness.worker.probes.tensorflow.operations import OperationProbe
from harness.worker.probes.tensorflow.traces import TraceProbe
from harness.worker.probes.tensorflow.work import WorkCounter
from harness.worker.wire.evidence import OPERATIONS

LOGGED = "device_compilation_profiler=1"
"""What it is to log: every compilation."""
_LEVEL = "TF_CPP_MIN_LOG_LEVEL"
"""What would hide that."""
_BEFORE_ITS_LIBRARY = "tensorflow.python.platform.self_check"
"""The module that it imports just before its own library, which reads the level."""
_GRAPHS = "tensorflow.python.framework.ops"
"""Where it has its graphs. Those of TensorFlow 1's programs have a seed each, and no other counts in them."""


class TensorFlow(Framework):
    name = "TensorFlow"
    module = "tensorflow"
    libraries = ("tensorflow", "tf_keras", "tensorflow_probability")
    thread_variables = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
    result_variables = (
        *("TF_USE_LEGACY_KERAS", "TF_ENABLE_ONEDNN_OPTS", "TF_DETERMINISTIC_OPS"),
        *("TF_XLA_FLAGS", "XLA_FLAGS"),
    )
    observed = True
    generator = ("random.set_seed", 2**63)
    routine_output = r"[IW]\d{4} \d\d:\d\d:|E\d{4} .*cuda|WARNING: All log messages before absl|To enable the following"

    def __init__(self) -> None:
        self._traces: TraceProbe | None = None

    def prepare(self) -> None:
        os.environ["TF_CPP_VMODULE"] = ",".join(filter(None, [os.environ.get("TF_CPP_VMODULE"), LOGGED]))
        _show_what_it_logs(None)
        when_imported(_BEFORE_ITS_LIBRARY, _show_what_it_logs)  # many set the level themselves

    def hand_back_memory(self) -> None:
        os.environ["TF_ONEDNN_USE_SYSTEM_ALLOCATOR"] = "1"

    def seed_when_imported(self, seed: int) -> None:
        super().seed_when_imported(seed)
        when_imported(_GRAPHS, lambda ops: _seed_new_graphs(ops, self.within(seed)))

    def probes(self, phase: Callable[[], str] | None) -> Sequence[Probe]:
        self._traces = TraceProbe(phase)
        self._traces.install()
        return self._traces, CompileProbe(self._traces.names)

    def has_traced(self) -> bool:
        return self._traces is not None and self._traces.any

    def pass_probes(self, watch: str) -> Sequence[Probe]:
        return [OperationProbe()] if watch == OPERATIONS else []

    def counter(self) -> Counter:
        return WorkCounter()

    def allocator(self) -> Allocator:
        return TensorAllocator()


def _show_what_it_logs(_: object) -> None:
    os.environ.pop(_LEVEL, None)


def _seed_new_graphs(ops: ModuleType, seed: int) -> None:
    """Have every graph begin with `seed`, however it comes to be: `tf.Graph()`, the default one of a program without
    eager execution, or the one that follows a `reset_default_graph()`. Graphs of functions set their own afterwards."""
    original = ops.Graph.__init__

    @wraps(original)
    def begin(graph: Any, *args: Any, **kwargs: Any) -> None:
        original(graph, *args, **kwargs)
        if graph.seed is None:
            graph.seed = seed

    ops.Graph.__init__ = begin


FRAMEWORKS = (TensorFlow(),)

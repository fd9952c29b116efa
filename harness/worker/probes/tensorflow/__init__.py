"""TensorFlow: traces and their causes, compilations by XLA, operations and their times, FLOPs, and tensor memory."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from types import ModuleType
from typing import Any

from harness.worker.imports.hooks import when_imported
from harness.worker.probes.base import Allocator, Counter, Framework, OperationProbe, Probe
from harness.worker.probes.optimizers import watch
from harness.worker.probes.tensorflow import optimizers
from harness.worker.probes.tensorflow.compiles import CompileProbe
from harness.worker.probes.tensorflow.memory import TensorAllocator
from harness.worker.probes.tensorflow.operations import TensorFlowOperations
from harness.worker.probes.tensorflow.traces import TraceProbe
from harness.worker.probes.tensorflow.work import WorkCounter

LOGGED = "device_compilation_profiler=1"
"""The setting with which TensorFlow logs every compilation."""
_LEVEL = "TF_CPP_MIN_LOG_LEVEL"
"""The environment variable that could hide those lines."""
_IMPORTED_BEFORE_LIBRARY = "tensorflow.python.platform.self_check"
"""The module that TensorFlow imports just before its library, which reads the level."""
_GRAPHS = "tensorflow.python.framework.ops"
"""The module that defines graphs. In programs for TensorFlow 1, each graph has a seed, and only that one has an effect.
"""
_CONTEXT = "tensorflow.python.eager.context"
"""The module that holds the state of eager execution, with the devices."""


class TensorFlow(Framework):
    name = "TensorFlow"
    module = "tensorflow"
    libraries = ("tensorflow", "tf_keras", "tensorflow_probability")
    thread_variables = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
    thread_setter = "config.threading.set_intra_op_parallelism_threads"
    result_variables = (
        *("TF_USE_LEGACY_KERAS", "TF_ENABLE_ONEDNN_OPTS", "TF_DETERMINISTIC_OPS"),
        *("TF_XLA_FLAGS", "XLA_FLAGS"),
    )
    sharing_variables: Mapping[str, str] = {"TF_FORCE_GPU_ALLOW_GROWTH": "true"}
    observed = True
    generator = ("random.set_seed", 2**63)
    routine_output = r"[IW]\d{4} \d\d:\d\d:|E\d{4} .*cuda|WARNING: All log messages before absl|To enable the following"

    def __init__(self) -> None:
        self._traces: TraceProbe | None = None

    def prepare(self) -> None:
        os.environ["TF_CPP_VMODULE"] = ",".join(filter(None, [os.environ.get("TF_CPP_VMODULE"), LOGGED]))
        _unset_log_level(None)
        when_imported(_IMPORTED_BEFORE_LIBRARY, _unset_log_level)  # many programs set the level themselves

    def hand_back_memory(self) -> None:
        os.environ["TF_ONEDNN_USE_SYSTEM_ALLOCATOR"] = "1"

    def seed_when_imported(self, seed: int) -> None:
        super().seed_when_imported(seed)
        when_imported(_GRAPHS, lambda ops: _seed_new_graphs(ops, self.within(seed)))

    def probes(self, phase: Callable[[], str] | None) -> Sequence[Probe]:
        self._traces = TraceProbe(phase)
        self._traces.install()
        for module, name in optimizers.CLASSES:
            watch(module, name)
        return self._traces, CompileProbe(self._traces.names)

    def arithmetic(self) -> dict[str, str]:
        tensorflow: Any = self.loaded
        config: Any = sys.modules.get("tensorflow.python.framework.config")
        tf32 = tensorflow.config.experimental.tensor_float_32_execution_enabled()
        return {
            "TF32": "on" if tf32 else "off",
            "deterministic kernels": "on" if config and config.is_op_determinism_enabled() else "off",
        }

    def synchronize(self) -> bool:
        """Wait for accelerators, and for operations that run asynchronously. On CPUs it computes at once otherwise."""
        context = getattr(sys.modules.get(_CONTEXT), "_context", None)  # None before it is used
        if context is None or not getattr(context, "_initialized", False):
            return False
        if not context.num_gpus() and not context.is_async():
            return False
        context.async_wait()
        if context.num_gpus():
            tensorflow: Any = self.loaded
            tensorflow.test.experimental.sync_devices()
        return True

    def defer(self, value: Any) -> Any:
        return value if type(value).__name__ == "EagerTensor" and "GPU" in value.device else None

    def threads_used(self) -> int | None:
        threading = getattr(getattr(self.loaded, "config", None), "threading", None)
        # It is 0 unless the program has set it; the environment variable then decides.
        return threading.get_intra_op_parallelism_threads() or None if threading else None

    def has_traced(self) -> bool:
        return self._traces is not None and self._traces.any

    def operation_probe(self) -> OperationProbe:
        return TensorFlowOperations(self)

    def counter(self) -> Counter:
        return WorkCounter()

    def allocator(self) -> Allocator:
        return TensorAllocator()


def _unset_log_level(_: object) -> None:
    os.environ.pop(_LEVEL, None)


def _seed_new_graphs(ops: ModuleType, seed: int) -> None:
    """Make every new graph start with `seed`, however it is created.

    That is `tf.Graph()`, the default graph of a program without eager execution, or a graph after
    `reset_default_graph()`. The graphs of functions set their own seeds afterwards.
    """
    original = ops.Graph.__init__

    @wraps(original)
    def begin(graph: Any, *args: Any, **kwargs: Any) -> None:
        original(graph, *args, **kwargs)
        if graph.seed is None:
            graph.seed = seed

    ops.Graph.__init__ = begin


FRAMEWORKS = (TensorFlow(),)

"""Observes which operations TensorFlow runs, with TensorFlow's own profiler.

Kernels that TensorFlow considers cheap report no times to it once they are warm. Code that XLA compiled appears as its
instructions, whose scopes come from the program that the profiler adds to them.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from harness.worker.probes.operations import MARK, Operation, ProfilerProbe
from harness.worker.probes.profiles import Event, find_instruction, read_events, read_programs
from harness.worker.probes.tensorflow.name_scopes import part

_KERNEL = re.compile(r"(?P<name>[^\s:]+):(?P<type>_?[A-Z]\w*)")
"""The profiler's name for one run of a kernel: the operation's name in its graph, and its type."""
_EAGER = re.compile(r"EagerLocalExecute: (?P<type>(?!__)\w+)")
"""The profiler's name for an operation outside of every graph, which has only a type. The call of a `tf.function` has a
type that begins with two underscores."""


class TensorFlowOperations(ProfilerProbe):
    """The `OperationProbe` of TensorFlow."""

    _mark: Any = None

    def _start(self, folder: Path) -> None:
        from tensorflow import profiler

        options = profiler.experimental.ProfilerOptions(host_tracer_level=2, python_tracer_level=0)
        profiler.experimental.start(str(folder), options)
        self._mark = profiler.experimental.Trace(MARK)
        self._mark.__enter__()

    def _stop(self, folder: Path, began: float) -> list[Operation]:
        self._mark.__exit__(None, None, None)
        from tensorflow import profiler
        from tensorflow.tsl.profiler.protobuf import xplane_pb2

        profiler.experimental.stop()
        (file,) = folder.rglob("*.xplane.pb")
        return read(xplane_pb2.XSpace.FromString(file.read_bytes()), began)


def read(space: Any, began: float) -> list[Operation]:
    """Return the operations in an `XSpace`, whose epoch began at `began` by the clock."""
    from tensorflow.compiler.xla.service import hlo_pb2

    compiled = {
        (module.name, step.name): (f"XLA {step.opcode}", part(step.metadata.op_name))
        for module in read_programs(space, hlo_pb2.HloProto.FromString)
        for computation in module.computations
        for step in computation.instructions
    }
    return [
        Operation(*type_and_part, event.thread, event.start, event.seconds)
        for event in read_events(space, began)
        if (type_and_part := _classify(event, compiled))
    ]


def _classify(event: Event, compiled: dict[tuple[str, str], tuple[str, str]]) -> tuple[str, str] | None:
    """Return the type and the part of the operation that an event describes, or None if it is not an operation."""
    if kernel := _KERNEL.fullmatch(event.name):
        return kernel["type"], part(kernel["name"])
    if eager := _EAGER.fullmatch(event.name):
        return eager["type"], ""
    if found := find_instruction(event):
        return compiled.get((found.module, found.name), (f"XLA {found.name.rstrip('0123456789.')}", ""))
    return None

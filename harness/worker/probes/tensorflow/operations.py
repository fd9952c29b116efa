"""Observes which operations TensorFlow runs, with TensorFlow's own profiler.

Kernels that TensorFlow considers cheap report no times to it once they are warm. Code that XLA compiled appears as its
instructions, whose scopes come from the program that the profiler adds to them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from harness.worker.probes.hlo_traffic import count_moved
from harness.worker.probes.operations import Operation, ProfilerProbe
from harness.worker.probes.profiles import Event, find_instruction, read_events, read_programs
from harness.worker.probes.tensorflow.name_scopes import part
from harness.worker.probes.tensorflow.profiler import Profiler

_KERNEL = re.compile(r"(?P<name>[^\s:]+):(?P<type>_?[A-Z]\w*)")
"""The profiler's name for one run of a kernel: the operation's name in its graph, and its type."""
_EAGER = re.compile(r"EagerLocalExecute: (?P<type>(?!__)\w+)")
"""The profiler's name for an operation outside of every graph, which has only a type. The call of a `tf.function` has a
type that begins with two underscores."""


class TensorFlowOperations(ProfilerProbe):
    """The `OperationProbe` of TensorFlow."""

    _profiler = Profiler()

    def _start(self, folder: Path) -> None:
        self._profiler.start(folder)

    def _stop(self, folder: Path, began: float) -> list[Operation]:
        return read(self._profiler.stop(folder), began)


def read(space: Any, began: float) -> list[Operation]:
    """Return the operations in an `XSpace`, whose epoch began at `began` by the clock."""
    return [one for one, _ in read_named(space, began)]


def read_named(space: Any, began: float) -> list[tuple[Operation, str]]:
    """Return the operations in an `XSpace`, whose epoch began at `began` by the clock, with their names in the graph
    that they belong to; empty for those outside of every graph."""
    from tensorflow.compiler.xla.service import hlo_pb2

    compiled = {
        (module.name, name): described
        for module in read_programs(space, hlo_pb2.HloProto.FromString)
        for computation in module.computations
        for name, described in _describe(computation)
    }
    return [
        (
            Operation(found.type, part(found.name), event.thread, event.start, event.seconds, moved=found.moved),
            found.name,
        )
        for event in read_events(space, began)
        if (found := _classify(event, compiled))
    ]


class _Described(NamedTuple):
    type: str
    name: str = ""
    moved: int | None = None


_Compiled = dict[tuple[str, str], _Described]


def _describe(computation: Any) -> Iterator[tuple[str, _Described]]:
    steps = {step.id: step for step in computation.instructions}
    for step in steps.values():
        moved = count_moved(step, [steps[number] for number in step.operand_ids])
        yield step.name, _Described(f"XLA {step.opcode}", step.metadata.op_name, moved)


def _classify(event: Event, compiled: _Compiled) -> _Described | None:
    """Return what an event describes, or None if it is not an operation."""
    if kernel := _KERNEL.fullmatch(event.name):
        return _Described(kernel["type"], kernel["name"])
    if eager := _EAGER.fullmatch(event.name):
        return _Described(eager["type"])
    if found := find_instruction(event):
        return compiled.get((found.module, found.name), _Described(f"XLA {found.name.rstrip('0123456789.')}"))
    return None

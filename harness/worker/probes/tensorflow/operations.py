"""Observes which operations TensorFlow runs in an epoch, when, and for how long, with TensorFlow's own profiler.

Under the profiler, operations take longer, and kernels that TensorFlow considers cheap report no times once they are
warm. So this probe has a pass of its own. Code that XLA compiled appears as its instructions, whose scopes come from
the program that the profiler adds to them.
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from harness.worker.probes.base import Span
from harness.worker.probes.tensorflow.name_scopes import part
from harness.worker.wire.evidence import OPERATIONS, OTHERS, OperationsUse, OperationUse

MOST = 100
_MARK = "harness: an epoch"
_HOST, _PROGRAMS = "/host:CPU", "/host:metadata"
_KERNEL = re.compile(r"(?P<name>[^\s:]+):(?P<type>_?[A-Z]\w*)")
"""The profiler's name for one run of a kernel: the operation's name in its graph, and its type."""
_EAGER = re.compile(r"EagerLocalExecute: (?P<type>(?!__)\w+)")
"""The profiler's name for an operation outside of every graph, which has only a type. The call of a `tf.function` has a
type that begins with two underscores."""


@dataclass
class Operation:
    """One run of one operation. Times are in seconds; `start` is by the clock of `perf_counter`."""

    type: str
    part: str
    """The `tf.name_scope` in which it was created, or empty."""
    thread: str
    start: float
    seconds: float
    own: float
    """Seconds without the operations that ran inside it in the same thread."""


class OperationProbe:
    """Profiles one epoch at a time."""

    name = OPERATIONS

    def __init__(self) -> None:
        self._reason: str | None = None
        """Why the operations of the latest epoch could not be observed, or None."""
        self._folder: Path | None = None
        self._mark: Any = None
        self._began = 0.0
        self._latest: list[Operation] = []

    @property
    def unavailable(self) -> Mapping[str, str]:
        return {OPERATIONS: self._reason} if self._reason else {}

    def begin(self, fresh: bool) -> None:
        self._folder = None
        if "tensorflow" not in sys.modules:
            self._reason = "TensorFlow was not loaded"
            return
        folder = Path(tempfile.mkdtemp(prefix="operations-"))
        try:
            from tensorflow import profiler

            options = profiler.experimental.ProfilerOptions(host_tracer_level=2, python_tracer_level=0)
            profiler.experimental.start(str(folder), options)
        except Exception as error:  # the trainer may have started the profiler itself
            shutil.rmtree(folder, ignore_errors=True)
            self._reason = f"TensorFlow's profiler did not start: {error}"
            return
        self._folder, self._reason = folder, None
        self._mark = profiler.experimental.Trace(_MARK)
        self._mark.__enter__()
        self._began = perf_counter()

    def end(self, wall: float) -> OperationsUse | None:
        self._latest = self._read_profile()
        return OperationsUse(summed(self._latest), busy(self._latest)) if self._latest else None

    def spans(self) -> Iterable[Span]:
        return [
            Span("TensorFlow's operations", one.thread, one.type, one.start, one.seconds, one.part)
            for one in self._latest
        ]

    def _read_profile(self) -> list[Operation]:
        """Return the epoch's operations in no order, or an empty list if they are unavailable."""
        if self._folder is None:
            return []
        try:
            self._mark.__exit__(None, None, None)
            from tensorflow import profiler
            from tensorflow.tsl.profiler.protobuf import xplane_pb2

            profiler.experimental.stop()
            (file,) = self._folder.rglob("*.xplane.pb")
            return read(xplane_pb2.XSpace.FromString(file.read_bytes()), self._began)
        except Exception as error:  # an error here must not end the user's run
            self._reason = f"the output of TensorFlow's profiler could not be read: {error}"
            return []
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)


def read(space: Any, began: float) -> list[Operation]:
    """Return the operations in an `XSpace`, whose epoch began at `began` by the clock."""
    (host,) = (plane for plane in space.planes if plane.name == _HOST)
    names = {number: one.name for number, one in host.event_metadata.items()}
    stats = {number: one.name for number, one in host.stat_metadata.items()}
    programs = _read_programs(space)
    found, shift = list[Operation](), began
    for line in host.lines:
        for event in line.events:
            name, start = names[event.metadata_id], line.timestamp_ns / 1e9 + event.offset_ps / 1e12
            if name == _MARK:
                shift = began - start
            type_and_part = _classify(name, event, stats, programs)
            if type_and_part:
                found.append(Operation(*type_and_part, line.name, start, event.duration_ps / 1e12, 0.0))
    for operation in found:
        operation.start += shift
    for own in _group_by_thread(found):
        _set_own_times(own)
    return found


def busy(operations: list[Operation]) -> float:
    """Return the seconds in which at least one of the operations ran."""
    total, until = 0.0, float("-inf")
    for one in sorted(operations, key=lambda one: one.start):
        end = one.start + one.seconds
        total += max(0.0, end - max(one.start, until))
        until = max(until, end)
    return total


def summed(operations: list[Operation]) -> list[OperationUse]:
    """Return the total times of the operations by type and part.

    The `MOST` largest come first, in descending order, followed by one entry for all others together.
    """
    uses: dict[tuple[str, str], list[Operation]] = {}
    for one in operations:
        uses.setdefault((one.type, one.part), []).append(one)
    found = [OperationUse(*key, len(own), sum(one.own for one in own)) for key, own in uses.items()]
    found.sort(key=lambda use: -use.own)
    rest = found[MOST:]
    others = OperationUse(OTHERS, "", sum(use.calls for use in rest), sum(use.own for use in rest))
    return [*found[:MOST], *([others] if rest else [])]


def _classify(
    name: str, event: Any, stats: dict[int, str], programs: dict[tuple[str, str], tuple[str, str]]
) -> tuple[str, str] | None:
    """Return the type and the part of the operation that an event describes, or None if it is not an operation."""
    kernel = _KERNEL.fullmatch(name)
    if kernel:
        return kernel["type"], part(kernel["name"])
    eager = _EAGER.fullmatch(name)
    if eager:
        return eager["type"], ""
    named = {stats[stat.metadata_id]: stat for stat in event.stats}
    if "hlo_op" not in named:
        return None
    instruction, module = (
        stats.get(named[key].ref_value, "") if named[key].ref_value else named[key].str_value
        for key in ("hlo_op", "hlo_module")
    )
    opcode, scope = programs.get((module, instruction), (instruction.rstrip("0123456789."), ""))
    return f"XLA {opcode}", scope


def _read_programs(space: Any) -> dict[tuple[str, str], tuple[str, str]]:
    """Return the opcode and the part of each instruction that XLA compiled, by the names of its module and its own."""
    found: dict[tuple[str, str], tuple[str, str]] = {}
    for plane in space.planes:
        if plane.name == _PROGRAMS and plane.event_metadata:
            from tensorflow.compiler.xla.service import hlo_pb2

            for program in plane.event_metadata.values():
                for stat in program.stats:
                    module = hlo_pb2.HloProto.FromString(stat.bytes_value).hlo_module
                    for computation in module.computations:
                        for step in computation.instructions:
                            found[module.name, step.name] = step.opcode, part(step.metadata.op_name)
    return found


def _group_by_thread(operations: list[Operation]) -> Iterator[list[Operation]]:
    threads: dict[str, list[Operation]] = {}
    for one in operations:
        threads.setdefault(one.thread, []).append(one)
    yield from threads.values()


def _set_own_times(operations: list[Operation]) -> None:
    """Set the own times of the operations of one thread."""
    under_way: list[Operation] = []
    for one in sorted(operations, key=lambda one: (one.start, -one.seconds)):
        while under_way and under_way[-1].start + under_way[-1].seconds <= one.start:
            under_way.pop()
        one.own = one.seconds
        if under_way:
            under_way[-1].own -= one.seconds
        under_way.append(one)

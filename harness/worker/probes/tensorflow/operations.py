"""Which operations TensorFlow runs in an epoch, when, and for how long: from its own profiler.

Kernels that it finds cheap leave out their times once they are warm, and those that it does tell of take longer than
otherwise; so this has a pass of its own. What XLA compiled appears by its own instructions, whose scopes come from the
program that the profiler hands over with them.
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
"""How the profiler names one run of a kernel: by the operation's name in its graph, and by its type."""
_EAGER = re.compile(r"EagerLocalExecute: (?P<type>(?!__)\w+)")
"""And one outside of every graph, where it has no name. A `tf.function`'s begins with two underscores."""


@dataclass
class Operation:
    """One run of one operation. Times are in seconds, `start` by the clock of `perf_counter`."""

    type: str
    part: str
    """The `tf.name_scope` in which it was written, or empty."""
    thread: str
    start: float
    seconds: float
    own: float
    """Without the operations that ran inside it, in the same thread."""


class OperationProbe:
    """Profiles one epoch at a time."""

    name = OPERATIONS

    def __init__(self) -> None:
        self._why: str | None = None
        """Why the latest epoch's operations could not be seen, or None."""
        self._folder: Path | None = None
        self._mark: Any = None
        self._began = 0.0
        self._latest: list[Operation] = []

    @property
    def unavailable(self) -> Mapping[str, str]:
        return {OPERATIONS: self._why} if self._why else {}

    def begin(self, fresh: bool) -> None:
        self._folder = None
        if "tensorflow" not in sys.modules:
            self._why = "TensorFlow was not loaded"
            return
        folder = Path(tempfile.mkdtemp(prefix="operations-"))
        try:
            from tensorflow import profiler

            options = profiler.experimental.ProfilerOptions(host_tracer_level=2, python_tracer_level=0)
            profiler.experimental.start(str(folder), options)
        except Exception as error:  # it may be running already, for whoever wrote the trainer
            shutil.rmtree(folder, ignore_errors=True)
            self._why = f"TensorFlow's profiler did not start: {error}"
            return
        self._folder, self._why = folder, None
        self._mark = profiler.experimental.Trace(_MARK)
        self._mark.__enter__()
        self._began = perf_counter()

    def end(self, wall: float) -> OperationsUse | None:
        self._latest = self._read()
        return OperationsUse(summed(self._latest), busy(self._latest)) if self._latest else None

    def spans(self) -> Iterable[Span]:
        return [
            Span("TensorFlow's operations", one.thread, one.type, one.start, one.seconds, one.part)
            for one in self._latest
        ]

    def _read(self) -> list[Operation]:
        """The epoch's operations, in no order; none where they are unavailable."""
        if self._folder is None:
            return []
        try:
            self._mark.__exit__(None, None, None)
            from tensorflow import profiler
            from tensorflow.tsl.profiler.protobuf import xplane_pb2

            profiler.experimental.stop()
            (file,) = self._folder.rglob("*.xplane.pb")
            return read(xplane_pb2.XSpace.FromString(file.read_bytes()), self._began)
        except Exception as error:  # none of this may end the user's run
            self._why = f"what TensorFlow's profiler reports could not be read: {error}"
            return []
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)


def read(space: Any, began: float) -> list[Operation]:
    """The operations in an `XSpace` whose epoch began when the clock said `began`."""
    (host,) = (plane for plane in space.planes if plane.name == _HOST)
    names = {number: one.name for number, one in host.event_metadata.items()}
    stats = {number: one.name for number, one in host.stat_metadata.items()}
    programs = _programs(space)
    found, shift = list[Operation](), began
    for line in host.lines:
        for event in line.events:
            name, start = names[event.metadata_id], line.timestamp_ns / 1e9 + event.offset_ps / 1e12
            if name == _MARK:
                shift = began - start
            told = _described(name, event, stats, programs)
            if told:
                found.append(Operation(*told, line.name, start, event.duration_ps / 1e12, 0.0))
    for operation in found:
        operation.start += shift
    for own in _by_thread(found):
        _subtract_inner(own)
    return found


def busy(operations: list[Operation]) -> float:
    """Seconds in which at least one of them ran."""
    total, until = 0.0, float("-inf")
    for one in sorted(operations, key=lambda one: one.start):
        end = one.start + one.seconds
        total += max(0.0, end - max(one.start, until))
        until = max(until, end)
    return total


def summed(operations: list[Operation]) -> list[OperationUse]:
    """What those of one type and part took together: the `MOST` that took the most, and last the others together."""
    uses: dict[tuple[str, str], list[Operation]] = {}
    for one in operations:
        uses.setdefault((one.type, one.part), []).append(one)
    found = [OperationUse(*key, len(own), sum(one.own for one in own)) for key, own in uses.items()]
    found.sort(key=lambda use: -use.own)
    rest = found[MOST:]
    others = OperationUse(OTHERS, "", sum(use.calls for use in rest), sum(use.own for use in rest))
    return [*found[:MOST], *([others] if rest else [])]


def _described(
    name: str, event: Any, stats: dict[int, str], programs: dict[tuple[str, str], tuple[str, str]]
) -> tuple[str, str] | None:
    """The type and the part of what an event tells of, if that is an operation."""
    kernel = _KERNEL.fullmatch(name)
    if kernel:
        return kernel["type"], part(kernel["name"])
    eager = _EAGER.fullmatch(name)
    if eager:
        return eager["type"], ""
    told = {stats[stat.metadata_id]: stat for stat in event.stats}
    if "hlo_op" not in told:
        return None
    instruction, module = (
        stats.get(told[key].ref_value, "") if told[key].ref_value else told[key].str_value
        for key in ("hlo_op", "hlo_module")
    )
    opcode, scope = programs.get((module, instruction), (instruction.rstrip("0123456789."), ""))
    return f"XLA {opcode}", scope


def _programs(space: Any) -> dict[tuple[str, str], tuple[str, str]]:
    """What XLA compiled: the opcode and the part of each instruction, by the names of its module and its own."""
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


def _by_thread(operations: list[Operation]) -> Iterator[list[Operation]]:
    threads: dict[str, list[Operation]] = {}
    for one in operations:
        threads.setdefault(one.thread, []).append(one)
    yield from threads.values()


def _subtract_inner(operations: list[Operation]) -> None:
    """Set the own times of one thread's operations."""
    under_way: list[Operation] = []
    for one in sorted(operations, key=lambda one: (one.start, -one.seconds)):
        while under_way and under_way[-1].start + under_way[-1].seconds <= one.start:
            under_way.pop()
        one.own = one.seconds
        if under_way:
            under_way[-1].own -= one.seconds
        under_way.append(one)

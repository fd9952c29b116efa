"""Reads profiles in the format that TensorFlow and JAX share: an `XSpace` of planes, lines and events.

https://github.com/openxla/xla/blob/main/third_party/tsl/tsl/profiler/protobuf/xplane.proto
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from harness.worker.probes.operations import MARK

_HOST = "/host:CPU"
_PROGRAMS = "/host:metadata"


class Event(NamedTuple):
    """One event of a profile. Times are in seconds; `start` is by the clock of `perf_counter`."""

    name: str
    thread: str
    start: float
    seconds: float
    said: dict[str, Any]
    """What the profile says of it, by name."""


class Instruction(NamedTuple):
    """An instruction of a compiled program."""

    module: str
    program: int
    """The number of the program, or 0 if it is not known."""
    name: str


def read_events(space: Any, began: float) -> list[Event]:
    """Return the events of the host in an `XSpace` whose epoch, marked by `MARK`, began at `began` by the clock."""
    (plane,) = (plane for plane in space.planes if plane.name == _HOST)
    names = {number: one.name for number, one in plane.event_metadata.items()}
    stats = {number: one.name for number, one in plane.stat_metadata.items()}
    found, shift = list[Event](), 0.0
    for line in plane.lines:
        for event in line.events:
            name, start = names[event.metadata_id], line.timestamp_ns / 1e9 + event.offset_ps / 1e12
            if name == MARK:
                shift = began - start
                continue
            said = {stats[one.metadata_id]: _read_value(one, stats) for one in event.stats}
            found.append(Event(name, line.name, start, event.duration_ps / 1e12, said))
    return [event._replace(start=event.start + shift) for event in found]


def read_programs(space: Any, read: Callable[[bytes], Any]) -> Iterator[Any]:
    """Yield the modules of the programs in an `XSpace`. `read` reads an `HloProto`."""
    for plane in space.planes:
        if plane.name == _PROGRAMS:
            for program in plane.event_metadata.values():
                for stat in program.stats:
                    if stat.bytes_value:
                        yield read(stat.bytes_value).hlo_module


def find_instruction(event: Event) -> Instruction | None:
    """Return the instruction that an event is a run of, or None if it is none."""
    if "hlo_op" not in event.said:
        return None
    return Instruction(event.said.get("hlo_module", ""), event.said.get("program_id", 0) or 0, event.said["hlo_op"])


def _read_value(stat: Any, names: dict[int, str]) -> Any:
    if stat.ref_value:
        return names.get(stat.ref_value, "")
    return stat.str_value or stat.int64_value or stat.uint64_value

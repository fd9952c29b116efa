"""What probes see of an epoch: plain values that go over the wire as JSON, and into the record as they are.

A `NamedTuple` is a JSON array there, a dataclass is an object.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

TRACES, COMPILATIONS, PHASES, MEMORY, OPERATIONS = "traces", "compilations", "phases", "memory", "operations"
"""The names under which it is kept."""
OTHERS = "(others)"
"""The type of the operations that are not listed one by one."""


@dataclass(frozen=True)
class Cause:
    """Why a function was traced."""

    kind: str
    """"first" or "variables"; of an argument "shape", "rank", "dtype", "value", "object", "type" or "structure"; "new
    function", "new code", "new dataset", "context"."""
    text: str
    advice: str | None = None


@dataclass(frozen=True)
class Trace:
    """One tracing of a function."""

    function: str
    where: str
    """`file:line` of the Python function that was traced."""
    seconds: float | None = None
    """Time spent on this tracing alone, without those nested in it; None where it could not be timed."""
    cause: Cause | None = None
    """None where it could not be seen."""
    phase: str | None = None
    """The phase in which it was traced, where a profile noted that: empty for none."""


@dataclass(frozen=True)
class Compilation:
    """One compilation of a function."""

    function: str
    where: str
    """`file:line` of the Python function, or "?"."""
    seconds: float
    recompiled: bool = False
    """Whether it had been compiled before: now it was for another shape, without a tracing."""
    compiler: str = ""
    """Who compiled it."""


class PhaseUse(NamedTuple):
    """What one phase of an epoch took, over all its calls."""

    path: str
    """Such as `refine > pool`; empty for the epoch itself."""
    calls: int
    own: float
    """Seconds, without the phases in it."""
    total: float
    """Seconds, with them."""
    peak_rss_bytes: int | None = None


class OperationUse(NamedTuple):
    """What the operations of one type, written in one scope, took of an epoch."""

    type: str
    """Such as `MatMul`."""
    part: str
    """The scope; empty for what is in none."""
    calls: int
    own: float
    """Seconds over all threads, without the operations inside."""


@dataclass(frozen=True)
class OperationsUse:
    """What an epoch's operations took."""

    uses: list[OperationUse]
    """Those that took the most, the most first, and last the others together."""
    busy: float
    """Seconds in which at least one of them ran."""


class MemoryUse(NamedTuple):
    """Bytes; None where they cannot be known."""

    peak_rss: int | None
    """Of the whole process, in the epoch."""
    rss: int | None
    """After it."""
    peak_tensors: int | None
    """The most that the framework's allocator held at once in the epoch, in tensors from 256 KB up."""


class Variables(NamedTuple):
    """What a trainer keeps in its framework's variables, in bytes."""

    trained: int
    """The parameters."""
    others: int
    """What an optimizer keeps of them, counters, and whatever else."""

"""The evidence that probes collect in an epoch: plain values that are sent as JSON and stored in the record unchanged.

A `NamedTuple` becomes a JSON array, a dataclass an object.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

TRACES, COMPILATIONS, PHASES, MEMORY, OPERATIONS = "traces", "compilations", "phases", "memory", "operations"
"""The names under which evidence is stored."""
COUNTING = "counting"
"""The name of the pass in which frameworks count operations that they cannot count beside timings."""
LIMITS = "limits"
"""The name of the evidence that a framework has given up compiling something."""
STARTS = "starts"
"""The name of the evidence of processes that were started."""
OTHERS = "(others)"
"""The type that stands for all operations that are not listed individually."""


@dataclass(frozen=True)
class Cause:
    """Why a function was traced."""

    kind: str
    """"first", "variables", "new function", "new code", "new dataset" or "context"; or, if an argument differs,
    "shape", "rank", "dtype", "value", "object", "type" or "structure"."""
    text: str
    advice: str | None = None


FIRST = Cause("first", "its first tracing")
AFTER_BREAK = " after a graph break at line "
"""What stands between the name of a function and a line, for the part of it that is traced on its own from there."""


class Capture(NamedTuple):
    """What a compiler captured of a function when it traced it."""

    operations: int | None
    """The number of operations; None if there was nothing to capture, or the tracing failed."""
    broken: Cause | None = None
    """Why not everything was captured, if that is known. Its kind is "break" if the rest may be traced on its own, and
    "skipped" if the whole function is run without compilation."""
    at: str = ""
    """`file:line` of what could not be captured; empty if unknown."""


@dataclass(frozen=True)
class Trace:
    """One tracing of a function."""

    function: str
    where: str
    """`file:line` of the Python function that was traced."""
    seconds: float | None = None
    """Time spent on this tracing alone, without those nested in it. None if it could not be timed."""
    cause: Cause | None = None
    """None if it could not be determined."""
    phase: str | None = None
    """The phase in which it was traced, empty outside of all phases. None if phases were not noted."""
    capture: Capture | None = None
    """None if the framework does not tell it."""


FROM_CACHE = "a cache on disk"
"""What stands for the compiler where a compiled function came from a cache on disk."""


@dataclass(frozen=True)
class Compilation:
    """One compilation of a function."""

    function: str
    where: str
    """`file:line` of the Python function, or "?"."""
    seconds: float
    recompiled: bool = False
    """Whether the function had been compiled before, and was now compiled for another shape without a tracing."""
    compiler: str = ""
    """The compiler's name."""


class Limit(NamedTuple):
    """A function that is run without compilation from now on, because it was compiled too often."""

    function: str
    where: str
    """`file:line` of the Python function, or "?"."""
    limit: str
    """The name of the limit and its value."""


class Start(NamedTuple):
    """A line of the user's own code that starts processes, in one epoch."""

    where: str
    """`file:line`."""
    text: str
    """The line itself."""
    calls: int
    """The number of processes."""
    seconds: float
    """Seconds in which they were started, and in which their end was waited for."""


class PhaseUse(NamedTuple):
    """The time and memory of one phase of an epoch, over all its calls."""

    path: str
    """The names of the phases around it and its own, such as `refine > pool`; empty for the epoch itself."""
    calls: int
    own: float
    """Seconds without the phases inside."""
    total: float
    """Seconds including the phases inside."""
    peak_rss_bytes: int | None = None


class OperationUse(NamedTuple):
    """The time in one epoch of the operations of one type that were created in one scope."""

    type: str
    """The type of the operations, such as `MatMul`."""
    part: str
    """The scope; empty outside of all scopes."""
    calls: int
    own: float
    """Seconds over all threads, without the operations inside."""


class Product(NamedTuple):
    """The products of matrices of certain sizes, or of stacks of them."""

    left: tuple[int, ...]
    """The dimensions of the first one, as it is written, so without transposing."""
    right: tuple[int, ...]
    flops: float
    """The floating-point operations of all of them."""


class Caller(NamedTuple):
    """A line that leads to another, with what is done on that way. The fields are those of `LineUse`."""

    where: str
    """`file:line`; empty if the way begins further in."""
    text: str
    flops: float
    seconds: float | None = None
    products: list[Product] = []  # noqa: RUF012 - the default of a tuple, which is never changed


class LineUse(NamedTuple):
    """What one line of the user's own code does in one epoch, its gradients included."""

    where: str
    """`file:line`; empty for what belongs to no known line."""
    text: str
    """The line itself."""
    flops: float
    """The floating-point operations of its matrix products."""
    callers: list[Caller] = []  # noqa: RUF012
    """Where several ways lead to it: the lines in which they first differ, the most first."""
    seconds: float | None = None
    """The time of its operations. None if it was not observed."""
    products: list[Product] = []  # noqa: RUF012
    """Its matrix products by size, those with the most operations first."""
    moved_bytes: float | None = None
    """What its operations read and write, by the sizes of their operands and results. None if these are not known of
    nearly all of its time."""
    runs: float | None = None
    """The number of its operations that ran. None if that was not observed."""


class Timed(NamedTuple):
    """The epoch in which operations were timed."""

    wall: float | None
    """Its seconds; None if it ran in another way than usual, and took longer than its operations do."""
    busy: float
    """Seconds in which at least one operation ran."""


@dataclass(frozen=True)
class OperationsUse:
    """The time of an epoch's operations."""

    uses: list[OperationUse]
    """The operations that took the longest, in descending order, followed by one entry for all others together."""
    busy: float
    """Seconds in which at least one operation ran."""
    device: str = ""
    """The kind of accelerator on which all of these operations ran; empty if they ran on processors."""


class MemoryUse(NamedTuple):
    """The memory of an epoch in bytes. A value is None if it is unknown."""

    peak_rss: int | None
    """The peak of resident memory of the whole process during the epoch."""
    rss: int | None
    """The resident memory after the epoch."""
    peak_tensors: int | None
    """The peak of memory that the framework's allocator held in tensors of 256 KB or more, during the epoch."""


class OneByOne(NamedTuple):
    """How many operations of an epoch ran one by one from Python, outside of every function that is made of them."""

    operations: int
    of: int
    compiler: str = "tf.function"
    """What makes one function of them."""


class Between(NamedTuple):
    """A line of the user's own code that runs outside of all operations and of calls of compiled functions."""

    where: str
    """`file:line`; empty where no such line is known."""
    text: str
    seconds: float
    """Seconds of the epoch in which operations were timed."""


class OptimizerUse(NamedTuple):
    """The optimizers of one class that exist, and what they keep for parameters, in bytes."""

    name: str
    """The name of the class."""
    number: int
    """The number of optimizers that keep something for the same parameters; 1 if all have parameters of their own."""
    parameters: int
    """The memory of the parameters."""
    slots: int
    """The memory of all that they keep, such as moments of gradients."""
    spare: int
    """The part of it that is kept for parameters for which an earlier one keeps the same."""
    where: str = ""
    """The line that made the latest of those, as `file:line`; empty if there is none, or it is unknown."""
    text: str = ""
    """The line itself."""


class Variables(NamedTuple):
    """The memory of a trainer's framework variables, in bytes."""

    trained: int
    """The memory of the trainable parameters."""
    others: int
    """The memory of all others, such as an optimizer's slots and counters."""
    optimizers: list[OptimizerUse] = []  # noqa: RUF012
    """What optimizers keep, by class; empty if there are none, or they are not known."""


class TensorPeak(NamedTuple):
    """The peak memory of tensors in one kind of epoch, counted in an epoch that ran apart and not by an allocator."""

    bytes: int
    how: str
    """How it was counted."""
    where: str = ""
    """`file:line` of the user's own code at which the peak was reached; empty if unknown."""
    text: str = ""
    """The line itself, or the name of the compiled function that ran."""

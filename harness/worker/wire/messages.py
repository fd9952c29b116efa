"""The messages between the parent and a measured process: one JSON object each, over a pipe of their own.

The parent validates what it receives with its own types (`engine.processes.answers`), because a measured process runs
user code, which may write anything to the pipe.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from math import isfinite
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

from harness.worker.wire.evidence import Between, LineUse, OneByOne, TensorPeak, Timed, Variables

EPOCH = "epoch"
"""The kind of all epochs of a trainer that does not define kinds."""


class Segment(NamedTuple):
    """Epochs `start` to `stop - 1` of a schedule, all of one kind."""

    kind: str
    start: int
    stop: int
    sizes: dict[str, float] | None = None
    """The trainer's `state()` before `start`. None if it was not called, or if the trainer has none."""


@dataclass(frozen=True)
class Description:
    """The properties of a built trainer."""

    seekable: bool
    """Whether it has seek()."""
    segments: list[Segment]
    """Its whole schedule, in order. Empty if it does not know its length."""
    evaluates: bool = False
    """Whether it has evaluate()."""
    expected: int | None = None
    """The length of a program's first loop, if it is known. Other loops may follow."""
    marked_by: str = ""
    """What marks the epochs of a program: the place of its loop, or an adapter. Empty for a trainer."""


class Idle(NamedTuple):
    """The wait between an arm's latest answer and its next order. An arm that computes meanwhile slows down others."""

    wall: float
    """Seconds."""
    cpu: float
    """Processor seconds that the arm's process used, over all threads."""


@dataclass(slots=True, kw_only=True)
class Epoch:
    """One epoch that was run. `record.schema.Epoch` is its counterpart in the parent.

    Not frozen, because it then takes several times as long to make, between two epochs. Only `pending` changes it.
    """

    index: int
    kind: str
    wall: float
    """Seconds."""
    cpu: float
    """Processor seconds over all threads of the process."""
    losses: dict[str, float | None]
    """The losses that the trainer returned. None for a loss that was not finite."""
    first: bool = False
    """Whether it is the first epoch of its kind in this process, which may trace and compile."""
    sizes: dict[str, float] = field(default_factory=dict)
    """The trainer's `state()` just before this epoch. Empty if it has not changed since the slice's previous epoch."""
    evidence: dict[str, Any] = field(default_factory=dict)
    """What the probes saw, by the name of the probe, without probes that saw nothing."""


@dataclass(frozen=True)
class Program:
    """A program that trains in a loop of its own: a script, or a module that is run with `-m`."""

    script: str | None = None
    """The path of the script, relative to the working directory."""
    module: str | None = None
    arguments: list[str] = field(default_factory=list)
    epochs_at: list[str] = field(default_factory=list)
    """Where an epoch ends, if the program does not mark it: `file.py:LINE`, `file.py:Class.method` or
    `package.module:Class.method`."""
    whole: str = ""
    """What to call the program if it is one epoch, from its start to its end. Empty if its own epochs are watched."""
    seeks_loop: bool = False
    """Whether to note in which loop gradients are computed, if it is one epoch."""


@dataclass(frozen=True)
class Source:
    """The location of an arm's own code."""

    folder: str
    """The top folder of a repository's files: the working tree, or another folder with the files of a revision."""
    prefix: str
    """The working directory, relative to the top folder. Empty for the top folder itself."""
    instead_of: str | None = None
    """The working tree whose code must not be imported, if this source replaces it."""


# Orders, parent to child


@dataclass(frozen=True, kw_only=True)
class Build:
    """First order: prepare the process and build the trainer."""

    variant: str
    """A reference: NAME, file.py:Name or package.module:Name."""
    case: str | None
    scale: str | None
    seed: int
    cores: list[int]
    """The processors to run on. Their number is also the number of threads."""
    journal: str
    """The file in which the child keeps the finished epochs of its current slice."""
    settings: dict[str, Any] = field(default_factory=dict)
    slowdown: float = 0.0
    """A deliberate slowdown, as a share of each epoch's time, for a self-check that must find it."""
    allow_nonfinite: bool = False
    whole: bool = False
    """Whether the trainer is trained completely and evaluated. This requires a length and `evaluate`."""
    epochs: int | None = None
    """The training length in epochs, if the plan sets one."""
    exact_memory: bool = False
    """Whether freed memory is returned immediately, although that takes time."""
    repeatable: bool = False
    """Whether to ask frameworks for kernels that repeat themselves on GPUs."""
    notes_phases: bool = False
    """Whether to note the phase in which a function is traced."""
    source: Source | None = None
    """None imports the code as in any program that is started in the working directory."""
    preload: list[str] = field(default_factory=list)
    """The modules that a forked arm has imported already. An arm that is not forked imports them first, too."""
    program: Program | None = None
    """The program to run, instead of a trainer to build."""


@dataclass(frozen=True)
class Run:
    """Run these epochs."""

    indices: list[int]
    note_calls: bool = False
    """Whether to note the function calls of these epochs, so that their operations can be counted later."""
    watch: str | None = None
    """The pass of a profile that these epochs belong to, which determines the probes."""
    timeline: str | None = None
    """The file to which to write a timeline of these epochs."""
    least: int = 0
    """Minimum number of epochs to run, however long they take."""
    seconds: float | None = None
    """Time limit for the slice: once its epochs have taken this many seconds, it ends. None for no limit."""
    settling: int = 0
    """The number of epochs at the beginning after which all work has to be done, before the others are timed."""


@dataclass(frozen=True)
class StateObjective:
    """Before any epoch: return the terms of the loss."""


@dataclass(frozen=True)
class CountWork:
    """After the last epoch and `Finish`: count the operations of the epochs whose calls were noted."""

    rate: bool = True
    """Whether to measure the rate of large matrix products too, which takes some seconds."""


@dataclass(frozen=True)
class Evaluate:
    """Evaluate the trainer in its current state."""

    epochs: int
    """The number of epochs that it has been trained for."""
    metric: str | None
    """A metric that the result must contain."""

    @property
    def moment(self) -> str:
        return f"in evaluate() after {self.epochs} {'epoch' if self.epochs == 1 else 'epochs'}"


@dataclass(frozen=True)
class Finish:
    """After the last epoch: report the peak memory and the state of the process."""


# Answers, child to parent


@dataclass(frozen=True)
class State:
    """The libraries that a process has loaded, and what follows from that."""

    versions: dict[str, str]
    """The versions of the numerical libraries, by module."""
    seeded: dict[str, str]
    """The seeds of the random generators, by module."""
    unavailable: dict[str, str]
    """What could not be observed, with the reasons."""
    threads: dict[str, int] = field(default_factory=dict)
    """The number of threads that each framework says it uses, by its name."""
    threads_set_by: dict[str, str] = field(default_factory=dict)
    """The line of the program that set it, as `file:line`, by the name of the framework."""
    arithmetic: dict[str, str] = field(default_factory=dict)
    """What decides in which arithmetic the frameworks compute; see `frameworks.arithmetic`."""


@dataclass(frozen=True)
class Built:
    description: Description
    environment: dict[str, str]
    state: State
    python: str = ""
    """The version of the interpreter."""
    prefix: str = ""
    """The folder of the interpreter's environment, which has its packages."""
    imported: dict[str, str] = field(default_factory=dict)
    """The libraries that it has imported, with their files, in order; empty in a forked process."""
    not_forkable: str = ""
    """Why none may be forked in its place from a process that has imported these libraries; empty if one may."""


@dataclass(frozen=True)
class Ran:
    epochs: list[Epoch]
    idle: Idle | None = None
    """The wait before this slice."""
    between: float | None = 0.0
    """Seconds between receiving the order and finishing it that did not belong to any epoch."""
    pending: float = 0.0
    """Seconds of the epochs in which their work was waited for after they had returned."""
    early: bool = False
    """Whether epochs returned long before their work was done, so that each has an equal share of the time of all."""
    ended: bool = False
    """Whether the training is over, so that no epoch follows."""
    after: float | None = None
    """Seconds that a program ran after its last epoch, if it has ended."""
    loop: str = ""
    """The loop in which a program computed gradients that ran as a whole, as `file:line`; empty if none was seen."""
    expected: int | None = None
    """The number of epochs that a program will have run at the end of its current loop, if that is known."""
    counts_apart: bool = False
    """Whether operations of its epochs can only be counted in a pass of their own."""
    times_apart: bool = False
    """Whether such a pass can tell the time of operations."""


@dataclass(frozen=True)
class Stated:
    terms: dict[str, float | None] | None
    """None if the trainer has no objective()."""


TWO_FRAMEWORKS = "an epoch uses more than one framework"
NOTHING_COUNTS = "no framework was loaded whose operations can be counted"


@dataclass(frozen=True)
class Counted:
    flops: dict[str, float]
    """The operations of one epoch, by kind of epoch."""
    unavailable: str | None
    """Why some or all of them could not be counted, or None."""
    gemm_flops_per_second: float | None
    parts: dict[str, dict[str, float]] = field(default_factory=dict)
    """The operations by kind of epoch and by part of the trainer."""
    variables: Variables | None = None
    lines: dict[str, list[LineUse]] = field(default_factory=dict)
    """The operations by kind of epoch and by line of the user's own code, where the framework tells it."""
    timed: dict[str, Timed] = field(default_factory=dict)
    """The epochs in which operations were timed, by kind."""
    untimed: str | None = None
    """Why some operations were not timed, or None."""
    between: dict[str, list[Between]] = field(default_factory=dict)
    """The lines that run between the operations of these epochs."""
    one_by_one: dict[str, OneByOne] = field(default_factory=dict)
    """The operations that run one by one, by kind of epoch, if the framework has another way."""
    memory_bytes_per_second: float | None = None
    """The rate at which large vectors are added, reads and writes together."""
    incomplete: list[str] = field(default_factory=list)
    """The kinds of which a part is not counted, so that they do more than is said."""
    sources: dict[str, dict[int, str]] = field(default_factory=dict)
    """The text of these lines and of those around them, by file and number. Like `between`, it is added for all
    frameworks together."""
    tensors: dict[str, TensorPeak] = field(default_factory=dict)
    """The peak memory of tensors that no allocator counts, by kind of epoch."""
    no_tensors: str | None = None
    """Why there is none, or None."""

    @classmethod
    def together(cls, found: Sequence[Counted]) -> Counted:
        """Return what several frameworks counted in the same epochs as one."""
        if not found:
            return cls({}, NOTHING_COUNTS, None)
        counted = [one for one in found if one.flops] or found
        several = len([one for one in counted if one.timed]) > 1
        followed = [one.tensors for one in found if one.tensors]
        parts: dict[str, dict[str, float]] = {}
        kinds = dict.fromkeys(kind for one in counted for kind in one.lines)
        for one in counted:
            for kind, own in one.parts.items():
                together = parts.setdefault(kind, {})
                for name, number in own.items():
                    together[name] = together.get(name, 0.0) + number
        return cls(
            {kind: sum(one.flops.get(kind, 0.0) for one in counted) for kind in parts},
            "; ".join(dict.fromkeys(one.unavailable for one in counted if one.unavailable)) or None,
            max(filter(None, (one.gemm_flops_per_second for one in counted)), default=None),
            parts,
            max(filter(None, (one.variables for one in found)), default=None),
            {kind: uses for kind in kinds if (uses := [use for one in counted for use in one.lines.get(kind, ())])},
            {} if several else next((one.timed for one in counted if one.timed), {}),
            TWO_FRAMEWORKS if several else next((one.untimed for one in counted if one.untimed), None),
            one_by_one=next((one.one_by_one for one in found if one.one_by_one), {}),
            memory_bytes_per_second=max(filter(None, (one.memory_bytes_per_second for one in counted)), default=None),
            tensors=followed[0] if len(followed) == 1 else {},
            no_tensors=TWO_FRAMEWORKS if len(followed) > 1 else next(filter(None, (o.no_tensors for o in found)), None),
            incomplete=list(dict.fromkeys(kind for one in counted for kind in one.incomplete)),
        )


@dataclass(frozen=True)
class Evaluated:
    metrics: dict[str, float | None]


@dataclass(frozen=True)
class Finished:
    peak_rss_bytes: int | None
    peak_tensor_bytes: int | None
    state: State


@dataclass(frozen=True)
class Failed:
    """The variant cannot continue. `epochs` are the finished epochs of the slice."""

    moment: str
    reason: str
    epochs: list[Epoch] = field(default_factory=list)
    peak_rss_bytes: int | None = None
    peak_tensor_bytes: int | None = None
    state: State | None = None
    """None if the process could no longer report it."""
    unseen: bool = False
    """Whether it is a program that ran to its end, but no epoch of it was seen."""


Order = Build | StateObjective | Run | Evaluate | Finish | CountWork
Answer = Built | Stated | Ran | Evaluated | Finished | Counted | Failed
_ORDERS: dict[str, Any] = {one.__name__: one for one in (Build, StateObjective, Run, Evaluate, Finish, CountWork)}


def encode(message: Any) -> bytes:
    """Encode a message as JSON, with its type under `type`. Numbers that are not finite become null."""
    fields_ = {"type": type(message).__name__, **as_json(message)}
    try:
        text = json.dumps(fields_, default=as_json, ensure_ascii=False, allow_nan=False)
    except ValueError:
        text = json.dumps(_replace_nonfinite(fields_), default=as_json, ensure_ascii=False)
    return text.encode(errors="replace")


def decode_order(data: bytes) -> Order:
    """Decode an order. It is not validated, because it comes from the parent."""
    given = json.loads(data)
    kind = _ORDERS[given.pop("type")]
    for name, type_ in (("source", Source), ("program", Program)):
        if given.get(name):
            given[name] = type_(**given[name])
    order: Order = kind(**given)
    return order


def send(pipe: Connection, message: Any) -> None:
    pipe.send_bytes(encode(message))


def receive_order(pipe: Connection) -> Order:
    return decode_order(pipe.recv_bytes())


def as_json(one: Any) -> dict[str, Any]:
    """Return the fields of a message, or of a part of one.

    Empty fields of an epoch are omitted, because a slice may have thousands of epochs, most without any evidence.
    """
    if not is_dataclass(one):
        raise TypeError(f"{type(one).__name__} is not a message or part of one")
    found = {each.name: getattr(one, each.name) for each in fields(one)}
    if isinstance(one, Epoch):
        found = {name: value for name, value in found.items() if name not in _OMITTED_IF_EMPTY or value}
    return found


_OMITTED_IF_EMPTY = {"first", "sizes", "evidence"}


def _replace_nonfinite(value: Any) -> Any:
    """Return the value with None in place of every number that is not finite."""
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, dict):
        return {name: _replace_nonfinite(own) for name, own in value.items()}
    if isinstance(value, list | tuple):
        return [_replace_nonfinite(own) for own in value]
    return _replace_nonfinite(as_json(value)) if is_dataclass(value) else value

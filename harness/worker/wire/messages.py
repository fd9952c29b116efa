"""What the parent and a measured process say to each other: one JSON object a message, over a pipe of their own.

The parent checks what it receives against types of its own (`engine.processes.answers`): a measured process runs
somebody else's code, which may write anything there.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields, is_dataclass
from math import isfinite
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

from harness.worker.wire.evidence import Variables

EPOCH = "epoch"
"""The kind of every epoch of a trainer that has no kinds."""


class Segment(NamedTuple):
    """Epochs `start` to `stop - 1` of a schedule, all of one kind."""

    kind: str
    start: int
    stop: int
    sizes: dict[str, float] | None = None
    """The trainer's `state()` before `start`; None where it was not asked, or offers none."""


@dataclass(frozen=True)
class Description:
    """What a built trainer says of itself."""

    seekable: bool
    segments: list[Segment]
    """Its whole schedule, in order; empty where it does not know its length."""
    evaluates: bool = False
    """Whether it can say how good it has become."""


class Idle(NamedTuple):
    """A wait between an arm's latest answer and its next order. An arm that computes then slows down the others."""

    wall: float
    """Seconds."""
    cpu: float
    """Processor seconds that its process used, over all threads."""


@dataclass(frozen=True)
class Epoch:
    """One epoch that was run; `record.schema.Epoch` is the same in the parent."""

    index: int
    kind: str
    wall: float
    """Seconds."""
    cpu: float
    """Processor seconds over all threads of the process."""
    losses: dict[str, float | None]
    """As the trainer returned them; None for one that was not finite."""
    first: bool = False
    """The first epoch of its kind in this process: it may trace and compile."""
    sizes: dict[str, float] = field(default_factory=dict)
    """The trainer's `state()` just before it; empty where that is what it was before the slice's previous epoch."""
    evidence: dict[str, Any] = field(default_factory=dict)
    """What probes saw, by the probe's name; nothing of those that saw nothing."""


@dataclass(frozen=True)
class Source:
    """Where an arm's own code is."""

    folder: str
    """The top of a repository's files: the working tree, or another folder with those of a revision."""
    prefix: str
    """The working directory in it; empty at its top."""
    instead_of: str | None = None
    """The working tree whose code is not to be imported."""


# Orders, parent to child


@dataclass(frozen=True)
class Build:
    """First: prepare the process and build the trainer."""

    variant: str
    """A reference: NAME, file.py:Name or package.module:Name."""
    case: str | None
    scale: str | None
    seed: int
    cores: list[int]
    """The processors to run on; as many threads as these."""
    journal: str
    """The file in which the child keeps the finished epochs of the slice it is running."""
    settings: dict[str, Any] = field(default_factory=dict)
    slowdown: float = 0.0
    """The share of each epoch's time by which it is made longer, so that there is something to find."""
    allow_nonfinite: bool = False
    whole: bool = False
    """Whether it is to be trained as a whole and evaluated, for which it must have a length, and `evaluate`."""
    epochs: int | None = None
    """How long to train it, where the plan says so."""
    exact_memory: bool = False
    """Whether memory that is freed is to be handed back at once, whatever that costs."""
    notes_phases: bool = False
    """Whether to note in which phase a function is traced."""
    source: Source | None = None
    """None: as for any program that is started in the working directory."""
    preload: list[str] = field(default_factory=list)
    """The modules that an arm which is forked has imported already. Any other imports them first, too."""


@dataclass(frozen=True)
class Run:
    """Run these epochs."""

    indices: list[int]
    note_calls: bool = False
    """Whether to note what these epochs call, so that their operations can be counted later."""
    watch: str | None = None
    """The pass of a profile in which they run: what to watch them by."""
    timeline: str | None = None
    """The file in which to draw them."""
    least: int = 0
    """How many of them to run in any case,"""
    seconds: float | None = None
    """before ending with the epoch in which they have taken so long."""


@dataclass(frozen=True)
class StateObjective:
    """Before any epoch: say what your loss is made of."""


@dataclass(frozen=True)
class CountWork:
    """After the last epoch and `Finish`: count the operations of the epochs whose calls were noted."""

    rate: bool = True
    """Whether to measure what large matrix products reach, too, which takes some seconds."""


@dataclass(frozen=True)
class Evaluate:
    """Say how good you have become."""

    epochs: int
    """How many it has been trained for by now."""
    metric: str | None
    """The one that must be among the answers."""

    @property
    def moment(self) -> str:
        return f"in evaluate() after {self.epochs} {'epoch' if self.epochs == 1 else 'epochs'}"


@dataclass(frozen=True)
class Finish:
    """After the last epoch: say what you used."""


# Answers, child to parent


@dataclass(frozen=True)
class State:
    """What a process has loaded, and what follows from that."""

    versions: dict[str, str]
    """Of the numerical libraries, by module."""
    seeded: dict[str, str]
    """By module, what its random generator was set to."""
    unavailable: dict[str, str]
    """What could not be watched, and why."""


@dataclass(frozen=True)
class Built:
    description: Description
    environment: dict[str, str]
    state: State


@dataclass(frozen=True)
class Ran:
    epochs: list[Epoch]
    idle: Idle | None = None
    """The wait before."""
    between: float = 0.0
    """Seconds from the order to its end that were no epoch's."""


@dataclass(frozen=True)
class Stated:
    terms: dict[str, float | None] | None
    """None from a trainer that does not offer them."""


NOTHING_COUNTS = "no framework whose operations can be counted was loaded"


@dataclass(frozen=True)
class Counted:
    flops: dict[str, float]
    """By kind of epoch."""
    unavailable: str | None
    gemm_flops_per_second: float | None
    parts: dict[str, dict[str, float]] = field(default_factory=dict)
    variables: Variables | None = None


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
    """The variant cannot go on. `epochs` are those of the slice that it did finish."""

    moment: str
    reason: str
    epochs: list[Epoch] = field(default_factory=list)
    peak_rss_bytes: int | None = None
    peak_tensor_bytes: int | None = None
    state: State | None = None
    """None where the process could not say so any more."""


Order = Build | StateObjective | Run | Evaluate | Finish | CountWork
Answer = Built | Stated | Ran | Evaluated | Finished | Counted | Failed
_ORDERS: dict[str, Any] = {one.__name__: one for one in (Build, StateObjective, Run, Evaluate, Finish, CountWork)}


def encode(message: Any) -> bytes:
    """A message as JSON, its type under `type`. What JSON has no word for becomes null: a number that is not finite."""
    fields_ = {"type": type(message).__name__, **as_json(message)}
    try:
        text = json.dumps(fields_, default=as_json, ensure_ascii=False, allow_nan=False)
    except ValueError:
        text = json.dumps(_finite(fields_), default=as_json, ensure_ascii=False)
    return text.encode(errors="replace")


def decode_order(data: bytes) -> Order:
    """From the parent, which is trusted."""
    given = json.loads(data)
    kind = _ORDERS[given.pop("type")]
    if given.get("source"):
        given["source"] = Source(**given["source"])
    order: Order = kind(**given)
    return order


def send(pipe: Connection, message: Any) -> None:
    pipe.send_bytes(encode(message))


def receive_order(pipe: Connection) -> Order:
    return decode_order(pipe.recv_bytes())


def as_json(one: Any) -> dict[str, Any]:
    """The fields of a message, or of a part of one. Of an epoch, those that are not empty: a slice may have thousands,
    and probes saw nothing of most."""
    if not is_dataclass(one):
        raise TypeError(f"{type(one).__name__} is no message, nor part of one")
    found = {each.name: getattr(one, each.name) for each in fields(one)}
    if isinstance(one, Epoch):
        found = {name: value for name, value in found.items() if name not in _OMITTED or value}
    return found


_OMITTED = {"first", "sizes", "evidence"}


def _finite(value: Any) -> Any:
    """The same with None in place of every number that is not finite."""
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, dict):
        return {name: _finite(own) for name, own in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(own) for own in value]
    return _finite(as_json(value)) if is_dataclass(value) else value

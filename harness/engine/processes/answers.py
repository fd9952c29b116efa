"""The answers of an arm's process, validated: it runs the user's code, which may write anything to harness's pipe.

Each type has the fields of the type of the same name in `worker.wire.messages`.
"""

from __future__ import annotations

from contextlib import suppress
from multiprocessing.connection import Connection

import msgspec

from harness.record.schema import Epoch
from harness.worker.wire import messages
from harness.worker.wire.evidence import Between, LineUse, OneByOne, TensorPeak, Timed, Variables
from harness.worker.wire.messages import Description, Idle


class State(msgspec.Struct, frozen=True):
    versions: dict[str, str] = {}
    seeded: dict[str, str] = {}
    unavailable: dict[str, str] = {}
    threads: dict[str, int] = {}
    threads_set_by: dict[str, str] = {}
    arithmetic: dict[str, str] = {}


class Built(msgspec.Struct, frozen=True, tag=True):
    description: Description
    environment: dict[str, str]
    state: State
    python: str = ""
    prefix: str = ""
    imported: dict[str, str] = {}
    not_forkable: str = ""


class Ran(msgspec.Struct, frozen=True, tag=True):
    epochs: list[Epoch]
    idle: Idle | None = None
    between: float | None = 0.0
    pending: float = 0.0
    early: bool = False
    ended: bool = False
    after: float | None = None
    loop: str = ""
    expected: int | None = None
    counts_apart: bool = False
    times_apart: bool = False


class Stated(msgspec.Struct, frozen=True, tag=True):
    terms: dict[str, float | None] | None


class Counted(msgspec.Struct, frozen=True, tag=True):
    flops: dict[str, float]
    unavailable: str | None
    gemm_flops_per_second: float | None
    parts: dict[str, dict[str, float]] = {}
    variables: Variables | None = None
    lines: dict[str, list[LineUse]] = {}
    timed: dict[str, Timed] = {}
    untimed: str | None = None
    between: dict[str, list[Between]] = {}
    one_by_one: dict[str, OneByOne] = {}
    memory_bytes_per_second: float | None = None
    incomplete: list[str] = []
    sources: dict[str, dict[int, str]] = {}
    tensors: dict[str, TensorPeak] = {}
    no_tensors: str | None = None


class Evaluated(msgspec.Struct, frozen=True, tag=True):
    metrics: dict[str, float | None]


class Finished(msgspec.Struct, frozen=True, tag=True):
    peak_rss_bytes: int | None
    peak_tensor_bytes: int | None
    state: State


class Failed(msgspec.Struct, frozen=True, tag=True):
    moment: str
    reason: str
    epochs: list[Epoch] = []
    peak_rss_bytes: int | None = None
    peak_tensor_bytes: int | None = None
    state: State | None = None
    unseen: bool = False


Answer = Built | Stated | Ran | Evaluated | Finished | Counted | Failed
_answers = msgspec.json.Decoder(Answer)


def receive_answer(pipe: Connection) -> Answer:
    """Read one answer.

    Raises EOFError or OSError if the process has closed the pipe, msgspec.DecodeError if the message is not an answer.
    """
    answer: Answer = _answers.decode(pipe.recv_bytes())
    return answer


def from_journal(epochs: list[messages.Epoch]) -> list[Epoch]:
    """The epochs that a process completed before it died, up to the first that is invalid."""
    found = []
    with suppress(msgspec.ValidationError):
        for epoch in epochs:
            found.append(msgspec.convert(epoch, Epoch, from_attributes=True))
    return found

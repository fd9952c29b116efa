"""A run on disk: `run.jsonl`, one JSON object a line, only ever appended to; typed objects out.

A record cut off at any byte is readable up to its last whole line, and says that it is partial. Reading one executes
nothing.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Annotated, Any, Self

import msgspec

from harness.errors import BadInput, BadRecord
from harness.plan import Plan

SCHEMA = 1
FILE_NAME = "run.jsonl"


class Trace(msgspec.Struct, frozen=True, omit_defaults=True):
    """One tracing of a `tf.function`."""

    function: str
    where: str
    """`file:line` of the Python function that was traced."""
    seconds: float | None = None
    """Time spent on this tracing alone, without those nested in it; None where it could not be timed."""


class Epoch(msgspec.Struct, frozen=True, omit_defaults=True):
    index: int
    kind: str
    wall: Annotated[float, msgspec.Meta(gt=0)]
    """Seconds."""
    cpu: float
    """Processor seconds over all threads of the process."""
    losses: dict[str, float | None]
    """As the trainer returned them; None for one that was not finite."""
    traces: list[Trace] = []
    first: bool = False
    """The first epoch of its kind in this process: it may trace and compile."""


class Segment(msgspec.Struct, frozen=True, array_like=True):
    """Epochs `start` to `stop - 1` of a schedule, all of one kind."""

    kind: str
    start: int
    stop: int


class Description(msgspec.Struct, frozen=True):
    """What a built trainer says of itself."""

    seekable: bool
    segments: list[Segment]
    """Its whole schedule, in order; empty where it does not know its length."""


class Header(msgspec.Struct, frozen=True, tag_field="line", tag="header"):
    schema: int
    run: str
    started: str
    """Local time, ISO 8601, with its offset from UTC."""
    plan: Plan
    machine: dict[str, Any]
    versions: dict[str, str]
    commit: str | None


class BlockStart(msgspec.Struct, frozen=True, tag_field="line", tag="block start"):
    block: int
    group: int
    """Arms of one group are related to each other. A block is one group, unless memory demands a pair for each arm."""
    order: list[str]
    """Labels, in the order in which the processes are started."""
    one_by_one: bool = False
    """Whether not even these fit in memory together, so that each runs its epochs before the next one starts."""


class ArmReady(msgspec.Struct, frozen=True, tag_field="line", tag="arm ready"):
    block: int
    group: int
    arm: str
    pid: int
    build_seconds: float
    """From the start of the process until its trainer was built."""
    description: Description
    environment: dict[str, str]
    """What was set before the framework was loaded."""
    versions: dict[str, str]


class Slice(msgspec.Struct, frozen=True, tag_field="line", tag="slice"):
    block: int
    group: int
    round: int
    """Round 0 warms each arm up alone, first epochs and shapes; only later rounds are in turns."""
    position: int
    """This arm's turn within the round."""
    arm: str
    epochs: list[Epoch]


class Objective(msgspec.Struct, frozen=True, tag_field="line", tag="objective"):
    """What the terms of an arm's loss were before any training, on a batch that is the same for every arm."""

    block: int
    group: int
    arm: str
    terms: dict[str, float | None]
    """As `objective()` returned them; None for one that was not finite."""


class Work(msgspec.Struct, frozen=True, tag_field="line", tag="work"):
    """How much an arm's epochs compute. It is the same in every block, so an arm counts once."""

    block: int
    group: int
    arm: str
    flops: dict[str, float]
    """Floating-point operations of an epoch's matrix products, by the kinds for which they could be counted."""
    unavailable: str | None = None
    """Why those of the other kinds could not."""
    gemm_flops_per_second: Annotated[float, msgspec.Meta(gt=0)] | None = None
    """What large matrix products reach in the same process; None without TensorFlow."""


class Evaluation(msgspec.Struct, frozen=True, tag_field="line", tag="evaluation"):
    """What a training had come to, between two of its slices."""

    block: int
    group: int
    arm: str
    epochs: int
    """How many it had been trained for."""
    metrics: dict[str, float | None]
    """As the trainer returned them, lower being better; None for one that was not finite."""


class ArmEnd(msgspec.Struct, frozen=True, tag_field="line", tag="arm end"):
    block: int
    group: int
    arm: str
    status: str
    """`ok`, `failed`, or `regrouped`: ended early, because the group's arms did not fit in memory together."""
    reason: str | None = None
    moment: str | None = None
    """When it failed: `while it was built`, `in epoch 3`, ..."""
    last_lines: list[str] = []
    """The last lines that it printed, where it failed."""
    peak_rss_bytes: int | None = None
    peak_tensor_bytes: int | None = None


class BlockEnd(msgspec.Struct, frozen=True, tag_field="line", tag="block end"):
    block: int


class Footer(msgspec.Struct, frozen=True, tag_field="line", tag="footer"):
    status: str
    """`complete` or `interrupted`."""
    ended: str


Line = Header | BlockStart | ArmReady | Objective | Slice | Evaluation | Work | ArmEnd | BlockEnd | Footer

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Line)
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class Record:
    """A run, read back or still being written: its lines by type, in the order in which they came."""

    def __init__(self, lines: Iterable[Line] = ()) -> None:
        self.starts: list[BlockStart] = []
        self.slices: list[Slice] = []
        self.evaluations: list[Evaluation] = []
        self.objectives: list[Objective] = []
        self.works: list[Work] = []
        self.ready: list[ArmReady] = []
        self.ends: list[ArmEnd] = []
        self.blocks_done: list[int] = []
        self.footer: Footer | None = None
        self._header: Header | None = None
        for line in lines:
            self.add(line)

    def add(self, line: Line) -> None:
        match line:
            case Header():
                self._header = line
            case ArmReady():
                self.ready.append(line)
            case Slice():
                self.slices.append(line)
            case Evaluation():
                self.evaluations.append(line)
            case Objective():
                self.objectives.append(line)
            case Work():
                self.works.append(line)
            case ArmEnd():
                self.ends.append(line)
            case BlockEnd():
                self.blocks_done.append(line.block)
            case Footer():
                self.footer = line
            case BlockStart():
                self.starts.append(line)

    @property
    def header(self) -> Header:
        assert self._header is not None, "a record begins with its header"
        return self._header

    @property
    def plan(self) -> Plan:
        return self.header.plan

    @property
    def partial(self) -> bool:
        return self.footer is None or self.footer.status != "complete"

    def failure(self, arm: str) -> ArmEnd | None:
        """How an arm failed, if it did."""
        return next((end for end in self.ends if end.arm == arm and end.status == "failed"), None)


class Writer:
    """Appends lines to a new record. Each is in the operating system's hands before the next thing happens."""

    def __init__(self, directory: Path) -> None:
        path = directory / FILE_NAME
        try:
            directory.mkdir(parents=True, exist_ok=True)
            self._file = path.open("xb", buffering=0)
        except FileExistsError:
            if not directory.is_dir():
                raise BadInput(f"{directory} cannot hold a run: it is a file.") from None
            raise BadInput(f"{directory} already holds a run: give --out another directory.") from None
        except OSError as error:
            raise BadInput(f"{directory} cannot hold a run: {error.strerror}.") from None

    def write(self, line: Line) -> None:
        self._file.write(_encoder.encode(line) + b"\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()


def read(place: str | Path) -> Record:
    """The record at `place`, a run's directory or its file. Raises BadRecord, which names file, line and field."""
    path = Path(place)
    path = path / FILE_NAME if path.is_dir() else path
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadRecord(f"There is no readable record at {path}: {error.strerror}.") from None
    return Record(_lines(data, path))


def _lines(data: bytes, path: Path) -> Iterator[Line]:
    """Every whole line. What follows the last line break was cut off while it was written."""
    whole, _, _ = data.rpartition(b"\n")
    planned: set[str] = set()
    for number, text in enumerate(whole.split(b"\n") if whole else [], start=1):
        if number == 1:
            _check_schema(text, path)
        try:
            line = _decoder.decode(text)
        except _UNREADABLE as error:
            raise BadRecord(f"{path}, line {number}: {error}.") from None
        if (number == 1) != isinstance(line, Header):
            raise BadRecord(f"{path}, line {number}: a record has one header, and it is the first line.")
        if isinstance(line, Header):
            planned = {arm.label for arm in line.plan.arms}
        for arm in _arms_named(line) - planned:
            raise BadRecord(f"{path}, line {number}: the plan has no arm {arm!r}.")
        yield line
    if not whole:
        raise BadRecord(f"{path} holds no whole line: this is not a record, or its run ended before it began.")


def _arms_named(line: Line) -> set[str]:
    match line:
        case Header():
            return {line.plan.baseline}
        case BlockStart():
            return set(line.order)
        case ArmReady() | Objective() | Slice() | Evaluation() | Work() | ArmEnd():
            return {line.arm}
        case BlockEnd() | Footer():
            return set()


class _Versioned(msgspec.Struct):
    schema: int


def _check_schema(first: bytes, path: Path) -> None:
    """Refuse a record of another schema for that, not for the fields in which it differs."""
    with suppress(*_UNREADABLE):  # what is no header is refused as that
        schema = msgspec.json.decode(first, type=_Versioned).schema
        if schema != SCHEMA:
            raise BadRecord(f"{path}, line 1: field 'schema' is {schema}; this version reads schema {SCHEMA}.")

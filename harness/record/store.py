"""Read and write the record of a run: `run.jsonl`, which has one JSON object a line and is only appended to.

A record that was cut off at any byte is readable up to its last whole line, and is marked as partial. Reading a record
never executes code.
"""

import fcntl
import gzip
import os
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Any, Self

import msgspec

from harness.errors import BadInput, BadRecord
from harness.record import schema_1
from harness.record.lines import Lines
from harness.record.schema import (
    SCHEMA,
    ArmEnd,
    ArmReady,
    BlockAgain,
    BlockEnd,
    BlockStart,
    Evaluation,
    Footer,
    Header,
    Line,
    Look,
    Objective,
    Resume,
    Slice,
    Stored,
    Work,
)

FILE_NAME = "run.jsonl"
PACKED = f"{FILE_NAME}.gz"
"""The file name of a record compressed with gzip, to an eighth of its size, for long-term storage."""
MOST_UNPACKED = 1 << 30
"""The maximum size of a decompressed record in bytes. A hostile file of a few kilobytes may exceed all memory."""
SYNC_SECONDS = 1.0
"""The least time between two synchronizations with the disk, which is about what a failure of the machine can lose. A
failure of the program alone loses nothing, because each line has been passed to the operating system."""

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Line)
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class Record(Lines):
    """The record of a run that was read from disk or is still being written."""

    def __init__(self, lines: Iterable[Line] = ()) -> None:
        super().__init__()
        self.abandoned: list[Line] = []
        """The lines of blocks that were cut off and started again, at once or when the run was resumed."""
        for line in lines:
            self.add(line)

    def add(self, line: Line) -> None:
        """Add the next line of the record."""
        match line:
            case Header():
                self.head = line
            case ArmReady():
                self.ready.append(line)
            case Slice():
                (self.watched if line.probe else self.slices).append(line)
            case Evaluation():
                self.evaluations.append(line)
            case Objective():
                self.objectives.append(line)
            case Work():
                self.works.append(line)
            case Stored():
                self.stored.append(line)
            case ArmEnd():
                self.ends.append(line)
            case BlockEnd():
                self.blocks_done.append(line)
            case Look():
                self.looks.append(line)
            case Footer():
                self.footer = line
            case Resume():
                self.resumed.append(line)
                self.footer = None
                self._set_unfinished_aside()
            case BlockAgain():
                self._set_unfinished_aside()
            case BlockStart():
                self.starts.append(line)

    def _set_unfinished_aside(self) -> None:
        done = {end.block for end in self.blocks_done}
        lists: list[list[Any]] = [self.starts, self.ready, self.objectives, self.slices, self.watched, self.evaluations]
        for lines in [*lists, self.works, self.ends]:
            self.abandoned += [line for line in lines if line.block not in done]
            lines[:] = [line for line in lines if line.block in done]


class Writer:
    """Appends lines to a record, as a context manager.

    Each line is passed to the operating system at once, but synchronized with the disk at most every `SYNC_SECONDS`,
    because waiting for the disk takes as long as some epochs.
    """

    _synced = 0.0

    def __init__(self, directory: Path) -> None:
        """Create a new record in `directory`. Raises BadInput if there is a record already or it cannot be written."""
        path = directory / FILE_NAME
        try:
            directory.mkdir(parents=True, exist_ok=True)
            self._file = path.open("xb", buffering=0)
            self._lock()
        except FileExistsError:
            if not directory.is_dir():
                raise BadInput(f"{directory} cannot hold a run: it is a file.") from None
            raise BadInput(f"{directory} already holds a run: give --out another directory.") from None
        except OSError as error:
            raise BadInput(f"{directory} cannot hold a run: {error.strerror}.") from None

    @classmethod
    def reopen(cls, directory: Path) -> Self:
        """Reopen the record in `directory` to append to it; an incomplete last line is removed.

        Raises BadInput if another process is still writing the record, or if it cannot be written.
        """
        writer = cls.__new__(cls)
        path = directory / FILE_NAME
        try:
            writer._file = path.open("r+b", buffering=0)
            writer._lock()
            whole, _, _ = path.read_bytes().rpartition(b"\n")
            writer._file.truncate(len(whole) + 1)
            writer._file.seek(0, os.SEEK_END)
        except BlockingIOError:
            writer._file.close()
            raise BadInput(f"{directory} cannot be resumed: it is still running.") from None
        except OSError as error:
            raise BadInput(f"{path} cannot be written: {error.strerror}.") from None
        return writer

    def _lock(self) -> None:
        """Keep other processes from writing this record. The system releases the lock when this process ends."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise
        except OSError:  # a file system without locks
            pass

    def write(self, line: Line) -> None:
        """Append a line."""
        self._file.write(_encoder.encode(line) + b"\n")
        if monotonic() - self._synced >= SYNC_SECONDS:
            self._sync()

    def _sync(self) -> None:
        os.fsync(self._file.fileno())
        self._synced = monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._sync()
        self._file.close()


def read(place: str | Path) -> Record:
    """Read the record at `place`, a run's directory or its file.

    Raises BadRecord, which names file, line and field, if the record is missing or invalid.
    """
    path = Path(place)
    if path.is_dir():
        packed = path / PACKED
        path = packed if packed.exists() and not (path / FILE_NAME).exists() else path / FILE_NAME
    try:
        data = _unpack(path) if path.suffix == ".gz" else path.read_bytes()
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise BadRecord(f"{path} cannot be unpacked: {error}.") from None
    except OSError as error:
        raise BadRecord(f"There is no readable record at {path}: {error.strerror}.") from None
    return Record(_parse_lines(data, path))


def _unpack(path: Path) -> bytes:
    with gzip.open(path) as file:
        data = file.read(MOST_UNPACKED + 1)
    if len(data) > MOST_UNPACKED:
        raise BadRecord(f"{path} holds more than {MOST_UNPACKED} bytes: unpack it, and give the file.")
    return data


def _parse_lines(data: bytes, path: Path) -> Iterator[Line]:
    """Yield every whole line. Data after the last line break is a line that was cut off while it was written."""
    whole, _, _ = data.rpartition(b"\n")
    planned: set[str] = set()
    schema = SCHEMA
    for number, text in enumerate(whole.split(b"\n") if whole else [], start=1):
        if number == 1:
            schema = _read_schema(text, path)
        try:
            line = _decoder.decode(text) if schema == SCHEMA else _decode_older(text)
        except _UNREADABLE as error:
            raise BadRecord(f"{path}, line {number}: {error}.") from None
        if (number == 1) != isinstance(line, Header):
            raise BadRecord(f"{path}, line {number}: a record has one header, and it is the first line.")
        if isinstance(line, Header):
            planned = {arm.label for arm in line.plan.arms}
        for arm in _find_referenced_arms(line) - planned:
            raise BadRecord(f"{path}, line {number}: the plan has no arm {arm!r}.")
        yield line
    if not whole:
        raise BadRecord(f"{path} has no complete line: it is not a record, or its run ended before it began.")


def _find_referenced_arms(line: Line) -> set[str]:
    """Return the labels of all arms that a line refers to."""
    match line:
        case Header():
            return {line.plan.baseline, *(line.plan.ablation.cells if line.plan.ablation else ())}
        case BlockStart():
            return set(line.order)
        case Stored() | ArmReady() | Objective() | Slice() | Evaluation() | Work() | ArmEnd():
            return {line.arm}
        case BlockAgain() | BlockEnd() | Look() | Resume() | Footer():
            return set()


class _Versioned(msgspec.Struct):
    schema: int


def _read_schema(first: bytes, path: Path) -> int:
    """Return the schema of a record, from its first line.

    An unknown schema is rejected here, so that the error names the schema and not a field that differs.
    """
    with suppress(*_UNREADABLE):  # the caller rejects an invalid header
        schema = msgspec.json.decode(first, type=_Versioned).schema
        if schema not in (SCHEMA, schema_1.SCHEMA):
            known = f"schemas {schema_1.SCHEMA} and {SCHEMA}"
            raise BadRecord(f"{path}, line 1: field 'schema' is {schema}; this version reads {known}.")
        return schema
    return SCHEMA


def _decode_older(text: bytes) -> Line:
    """Decode a line of the previous schema."""
    data = msgspec.json.decode(text)
    line: Line = msgspec.convert(schema_1.upgrade(data) if isinstance(data, dict) else data, Line)
    return line

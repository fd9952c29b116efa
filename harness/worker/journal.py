"""A file with the finished epochs of a child's current slice, which remains readable however the child ends.

Code that runs between two epochs displaces the contents of the processor's caches, which slows down the next epoch. So
the file is mapped into memory: what the child writes there remains after its end, without a system call. Numbers are
written in binary form, because formatting them as digits uses large tables. The rest of an epoch (its kind, the names
of its losses, sizes and evidence) is JSON, which is reused if it has not changed.
"""

from __future__ import annotations

import json
import mmap
import os
import sys
from collections.abc import Iterator
from math import isnan
from pathlib import Path
from struct import Struct

from harness.worker.wire.messages import Epoch, as_json

_LENGTH_BYTES = 4
"""Size of the field before each epoch that holds the length of the epoch in bytes. 0 marks the end."""
_NO_EPOCH = bytes(_LENGTH_BYTES)
_INITIAL_BYTES = 1 << 16
"""Initial size of the file. It is doubled whenever it is too small."""
_HEADER = Struct("<qdd?I")
"""The first fields of an epoch: index, wall, cpu, first and the number of losses. The losses follow as doubles; NaN
stands for a loss that was not finite."""
_NOT_FINITE = float("nan")


class Journal:
    """The child's side of the file. Call `clear` before a slice and `add` after each of its epochs."""

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
        self._size = 0
        self._grow(_INITIAL_BYTES)
        self._text_names: tuple[str, tuple[str, ...]] | None = None
        self._text = b""
        self._losses = Struct("<0d")
        self.clear()

    def clear(self) -> None:
        self.epochs: list[Epoch] = []
        """The finished epochs of the current slice."""
        self._end = 0
        self._map[:_LENGTH_BYTES] = _NO_EPOCH  # epochs of an earlier slice may follow

    def add(self, epoch: Epoch) -> None:
        """Append an epoch. Raises TypeError, without appending it, if JSON cannot represent its evidence."""
        line = self._encode_epoch(epoch)
        self.epochs.append(epoch)
        start = self._end + _LENGTH_BYTES
        end = start + len(line)
        if end + _LENGTH_BYTES > self._size:
            self._grow(max(2 * self._size, end + _LENGTH_BYTES))
        self._map[start : end + _LENGTH_BYTES] = line + _NO_EPOCH
        # The length is written last, so that the file never contains an incomplete epoch.
        self._map[self._end : start] = len(line).to_bytes(_LENGTH_BYTES, sys.byteorder)
        self._end = end

    def _encode_epoch(self, epoch: Epoch) -> bytes:
        losses = epoch.losses
        names = epoch.kind, tuple(losses)
        if names != self._text_names:
            self._text_names = names
            self._text = _encode_json({"kind": epoch.kind, "losses": list(losses)})
            self._losses = Struct(f"<{len(losses)}d")
        text = self._text
        if epoch.sizes or epoch.evidence:
            more = {"sizes": epoch.sizes, "evidence": epoch.evidence}
            text = _encode_json({"kind": epoch.kind, "losses": list(losses), **more})
        head = _HEADER.pack(epoch.index, epoch.wall, epoch.cpu, epoch.first, len(losses))
        values = [_NOT_FINITE if value is None else value for value in losses.values()]
        return head + self._losses.pack(*values) + text

    def _grow(self, size: int) -> None:
        os.ftruncate(self._file, size)
        if hasattr(os, "posix_fallocate"):
            # If the disk is full, this raises an error; writing to the mapping would kill the process.
            os.posix_fallocate(self._file, 0, size)
        self._map, self._size = mmap.mmap(self._file, size), size


def read(path: Path) -> list[Epoch]:
    """Return the epochs that a child had finished, once it has ended. Evidence is as decoded from JSON."""
    return [_decode_epoch(line) for line in _split_records(path.read_bytes())]


def _decode_epoch(line: bytes) -> Epoch:
    index, wall, cpu, first, number = _HEADER.unpack_from(line)
    losses = Struct(f"<{number}d")
    values = losses.unpack_from(line, _HEADER.size)
    more = json.loads(line[_HEADER.size + losses.size :])
    named = {name: None if isnan(value) else value for name, value in zip(more.pop("losses"), values, strict=True)}
    return Epoch(index=index, wall=wall, cpu=cpu, first=first, losses=named, **more)


def _encode_json(value: object) -> bytes:
    # The same encoding as that of messages on the pipe.
    return json.dumps(value, default=as_json, ensure_ascii=False).encode(errors="replace")


def _split_records(data: bytes) -> Iterator[bytes]:
    end = 0
    while length := int.from_bytes(data[end : end + _LENGTH_BYTES], sys.byteorder):
        start = end + _LENGTH_BYTES
        end = start + length
        yield data[start:end]

"""What a child has run of the slice at hand, kept in a file, so that it is known however the child ends.

Whatever happens between two epochs fills the processor's caches with things of its own, and the next epoch pays for it.
So the file is mapped into memory, where what a child puts there outlives it without a call of the system; and numbers
are written as they are, since it takes large tables to write one out in digits. What is not a number of every epoch
(its kind, the names of its losses, what probes saw) is JSON, made anew only where it is not what it was before.
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

_LENGTH = 4
"""Bytes before each epoch, which say how many it has; 0 before none."""
_FIRST = 1 << 16
"""Bytes of a file; as often as that is too little, twice as many."""
_HEAD = Struct("<qdd?I")
"""Of an epoch: index, wall, cpu, first, and how many losses follow, each a double; NaN is one that was not finite."""
_NOT_FINITE = float("nan")


class Journal:
    """The child's side: `clear` before a slice, `add` after each of its epochs."""

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
        self._size = 0
        self._grow(_FIRST)
        self._usual: tuple[str, tuple[str, ...]] | None = None
        self._usual_text = b""
        self._losses = Struct("<0d")
        self.clear()

    def clear(self) -> None:
        self.epochs: list[Epoch] = []
        """Of the slice at hand."""
        self._end = 0
        self._close(0)

    def add(self, epoch: Epoch) -> None:
        """Raises TypeError for evidence that JSON cannot hold: such an epoch is none of those."""
        line = self._line(epoch)
        self.epochs.append(epoch)
        start = self._end + _LENGTH
        end = start + len(line)
        if end + _LENGTH > self._size:
            self._grow(max(2 * self._size, end + _LENGTH))
        self._close(end)
        self._kept[start:end] = line
        # Last, so that there is never one of which only a part is there.
        self._kept[self._end : start] = len(line).to_bytes(_LENGTH, sys.byteorder)
        self._end = end

    def _line(self, epoch: Epoch) -> bytes:
        losses = epoch.losses
        usual = epoch.kind, tuple(losses)
        if usual != self._usual:
            self._usual = usual
            self._usual_text = _json({"kind": epoch.kind, "losses": list(losses)})
            self._losses = Struct(f"<{len(losses)}d")
        text = self._usual_text
        if epoch.sizes or epoch.evidence:
            more = {"sizes": epoch.sizes, "evidence": epoch.evidence}
            text = _json({"kind": epoch.kind, "losses": list(losses), **more})
        head = _HEAD.pack(epoch.index, epoch.wall, epoch.cpu, epoch.first, len(losses))
        values = [_NOT_FINITE if value is None else value for value in losses.values()]
        return head + self._losses.pack(*values) + text

    def _close(self, end: int) -> None:
        """What an earlier slice left there is not of this one."""
        self._kept[end : end + _LENGTH] = bytes(_LENGTH)

    def _grow(self, size: int) -> None:
        os.ftruncate(self._file, size)
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(self._file, 0, size)  # where the disk is full, this says so; the mapping would kill
        self._kept, self._size = mmap.mmap(self._file, size), size


def read(path: Path) -> list[Epoch]:
    """The parent's side, once the child has ended: the epochs that it had run. Evidence is as JSON has it."""
    return [_epoch(line) for line in _lines(path.read_bytes())]


def _epoch(line: bytes) -> Epoch:
    index, wall, cpu, first, number = _HEAD.unpack_from(line)
    losses = Struct(f"<{number}d")
    values = losses.unpack_from(line, _HEAD.size)
    more = json.loads(line[_HEAD.size + losses.size :])
    named = {name: None if isnan(value) else value for name, value in zip(more.pop("losses"), values, strict=True)}
    return Epoch(index, wall=wall, cpu=cpu, first=first, losses=named, **more)


def _json(value: object) -> bytes:
    return json.dumps(value, default=as_json, ensure_ascii=False).encode(errors="replace")  # as on the pipe


def _lines(data: bytes) -> Iterator[bytes]:
    end = 0
    while length := int.from_bytes(data[end : end + _LENGTH], sys.byteorder):
        start = end + _LENGTH
        end = start + length
        yield data[start:end]

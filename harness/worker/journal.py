"""What a child has run of the slice at hand, kept in a file, so that it is known however the child ends.

Whatever happens between two epochs fills the processor's caches with things of its own, and the next epoch pays for it.
So the file is mapped into memory, where what a child puts there outlives it without a call of the system; and it holds
no JSON, since it takes large tables to write a number out in digits.
"""

import mmap
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from harness.record.schema import Epoch

_LENGTH = 4
"""Bytes before each epoch, which say how many it has; 0 before none."""
_FIRST = 1 << 16
"""Bytes of a file; as often as that is too little, twice as many."""
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Epoch)


class Journal:
    """The child's side: `clear` before a slice, `add` after each of its epochs."""

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
        self._size = 0
        self._grow(_FIRST)
        self._line = bytearray()
        self.clear()

    def clear(self) -> None:
        self.epochs: list[Epoch] = []
        """Of the slice at hand."""
        self._end = 0
        self._close(0)

    def add(self, epoch: Epoch) -> None:
        self.epochs.append(epoch)
        _encoder.encode_into(epoch, self._line)
        start = self._end + _LENGTH
        end = start + len(self._line)
        if end + _LENGTH > self._size:
            self._grow(max(2 * self._size, end + _LENGTH))
        self._close(end)
        self._kept[start:end] = self._line
        # Last, so that there is never one of which only a part is there.
        self._kept[self._end : start] = len(self._line).to_bytes(_LENGTH, sys.byteorder)
        self._end = end

    def _close(self, end: int) -> None:
        """What an earlier slice left there is not of this one."""
        self._kept[end : end + _LENGTH] = bytes(_LENGTH)

    def _grow(self, size: int) -> None:
        os.ftruncate(self._file, size)
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(self._file, 0, size)  # where the disk is full, this says so; the mapping would kill
        self._kept, self._size = mmap.mmap(self._file, size), size


def read(path: Path) -> list[Epoch]:
    """The parent's side, once the child has ended: the epochs that it had run."""
    return [_decoder.decode(line) for line in _lines(path.read_bytes())]


def _lines(data: bytes) -> Iterator[bytes]:
    end = 0
    while length := int.from_bytes(data[end : end + _LENGTH], sys.byteorder):
        start = end + _LENGTH
        end = start + length
        yield data[start:end]

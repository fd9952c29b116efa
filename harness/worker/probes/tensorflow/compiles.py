"""Every compilation by XLA in this process, those included that no tracing announces.

A function that was traced for open shapes is compiled anew for each shape that it meets, and nothing in Python tells of
it. TensorFlow's log does, where `TF_CPP_VMODULE` asks for it and no level hides it (see `TensorFlow.prepare`). The log
is this process's standard error, which the engine keeps in a file: so after an epoch this reads what has been added.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from typing import BinaryIO

from harness.worker.wire.evidence import COMPILATIONS, Compilation

_LINE = re.compile(rb"Compiled (\S+) (\d+) times, compile time: (\d+) us")
_STDERR = 2
QUICKEST = 0.003
"""Seconds: an epoch that takes less has compiled nothing, and need not be looked at. XLA takes several times as long
for `x + 1`."""


class CompileProbe:
    """Collects the compilations of each epoch. `traced` says, by TensorFlow's name, which function and place was
    traced."""

    name = COMPILATIONS

    def __init__(self, traced: Mapping[str, tuple[str, str]]) -> None:
        self._traced = traced
        self._why: str | None = None
        self._log: BinaryIO | None = None
        self._read = 0
        try:
            if not stat.S_ISREG(os.fstat(_STDERR).st_mode):
                self._why = "standard error is not kept in a file"
            else:
                self._log = open(f"/proc/self/fd/{_STDERR}", "rb")  # noqa: PTH123, SIM115 - it lives as long as this
                self._read = os.fstat(_STDERR).st_size
        except OSError as error:
            self._why = f"standard error cannot be read: {error.strerror}"

    @property
    def unavailable(self) -> Mapping[str, str]:
        return {COMPILATIONS: self._why} if self._why else {}

    def begin(self, fresh: bool) -> None:
        if fresh:
            self._take()

    def end(self, wall: float) -> list[Compilation]:
        return self._take() if wall >= QUICKEST else []

    def _take(self) -> list[Compilation]:
        """Those since it was last asked."""
        # Of the log's own handle: a trainer may close its standard error.
        if self._log is None or os.fstat(self._log.fileno()).st_size == self._read:
            return []
        self._log.seek(self._read)
        added, _, _ = self._log.read().rpartition(b"\n")
        self._read += len(added) + bool(added)
        return [_compile(line, self._traced) for line in _LINE.finditer(added)]


def _compile(line: re.Match[bytes], traced: Mapping[str, tuple[str, str]]) -> Compilation:
    name, times, microseconds = line[1].decode(), int(line[2]), int(line[3])
    function, where = traced.get(name, (name, "?"))
    return Compilation(function, where, microseconds / 1e6, recompiled=times > 1, compiler="XLA")

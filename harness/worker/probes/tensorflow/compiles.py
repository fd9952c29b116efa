"""Collects every compilation by XLA in this process, including those without a tracing.

A function that was traced for open shapes is compiled again for each new shape, and Python code cannot see that.
TensorFlow logs it if `TF_CPP_VMODULE` requests it and no log level hides it (see `TensorFlow.prepare`). The log goes to
the standard error of this process, which the engine redirects to a file. So after each epoch, this probe reads the new
lines of that file.
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
"""Seconds. An epoch that takes less time has compiled nothing and needs no check: even for `x + 1`, XLA takes several
times as long."""


class CompileProbe:
    """Collects the compilations of each epoch.

    `traced` maps TensorFlow's name of each traced function to the name and the place of the Python function.
    """

    name = COMPILATIONS

    def __init__(self, traced: Mapping[str, tuple[str, str]]) -> None:
        self._traced = traced
        self._reason: str | None = None
        self._log: BinaryIO | None = None
        self._position = 0
        try:
            if not stat.S_ISREG(os.fstat(_STDERR).st_mode):
                self._reason = "standard error is not redirected to a file"
            else:
                self._log = open(f"/proc/self/fd/{_STDERR}", "rb")  # noqa: PTH123, SIM115 - it lives as long as this
                self._position = os.fstat(_STDERR).st_size
        except OSError as error:
            self._reason = f"standard error cannot be read: {error.strerror}"

    @property
    def unavailable(self) -> Mapping[str, str]:
        return {COMPILATIONS: self._reason} if self._reason else {}

    def begin(self, fresh: bool) -> None:
        if fresh:
            self._read_new()

    def end(self, wall: float) -> list[Compilation]:
        return self._read_new() if wall >= QUICKEST else []

    def _read_new(self) -> list[Compilation]:
        """Return the compilations since the previous call."""
        # By the probe's own handle, because a trainer may close its standard error.
        if self._log is None or os.fstat(self._log.fileno()).st_size == self._position:
            return []
        self._log.seek(self._position)
        added, _, _ = self._log.read().rpartition(b"\n")
        self._position += len(added) + bool(added)
        return [_make_compilation(line, self._traced) for line in _LINE.finditer(added)]


def _make_compilation(line: re.Match[bytes], traced: Mapping[str, tuple[str, str]]) -> Compilation:
    name, times, microseconds = line[1].decode(), int(line[2]), int(line[3])
    function, where = traced.get(name, (name, "?"))
    return Compilation(function, where, microseconds / 1e6, recompiled=times > 1, compiler="XLA")

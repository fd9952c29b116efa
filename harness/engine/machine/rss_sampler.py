"""A process's memory over time, sampled from outside by memory-profiler, in the format that `mprof plot` draws.

Sampling takes a moment of the parent, not of the process that is watched. What is shorter than the interval it may
miss, which is why peaks are taken inside.
"""

from contextlib import suppress
from pathlib import Path
from threading import Event, Thread
from types import TracebackType
from typing import Self

INTERVAL = 0.05
"""Seconds from one sample to the next."""


class MemoryLine:
    """Samples into `file` from its entering to its leaving, or until the process ends."""

    def __init__(self, pid: int, file: Path, what: str) -> None:
        self._pid, self._file, self._what = pid, file, what
        self._over = Event()
        self._thread = Thread(target=self._sample, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _sample(self) -> None:
        from memory_profiler import memory_usage  # only where memory is watched
        from psutil import Error

        # The process may end, and the disk be full: that loses the line, not the pass.
        with suppress(OSError, Error), self._file.open("w") as stream:
            print(f"CMDLINE {self._what}", file=stream)
            while not self._over.is_set():
                for mebibytes, at in memory_usage(self._pid, INTERVAL, timeout=INTERVAL, timestamps=True):
                    print(f"MEM {mebibytes:.6f} {at:.4f}", file=stream, flush=True)

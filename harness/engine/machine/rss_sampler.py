"""Samples a process's memory over time with memory-profiler, in the format that `mprof plot` reads.

Sampling costs time in the parent, not in the observed process. It may miss peaks shorter than the interval, so peak
memory is measured inside the process instead.
"""

from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from threading import Event, Thread
from types import TracebackType
from typing import Self

INTERVAL = 0.05
"""Seconds between samples."""


def why_unavailable() -> str | None:
    """Return why nothing can be sampled here, or None."""
    return None if find_spec("memory_profiler") else "memory-profiler is not installed: pip install memory-profiler"


class RssSampler:
    """A context manager that samples process `pid` into `file` until it is left or the process ends."""

    def __init__(self, pid: int, file: Path, label: str) -> None:
        self._pid, self._file, self._label = pid, file, label
        self._stop = Event()
        self._thread = Thread(target=self._sample, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _sample(self) -> None:
        from memory_profiler import memory_usage  # slow to import, and only needed here
        from psutil import Error

        # The process may end, or the disk may be full: then the samples are lost, but the pass goes on.
        with suppress(OSError, Error), self._file.open("w") as stream:
            print(f"CMDLINE {self._label}", file=stream)
            while not self._stop.is_set():
                for mebibytes, time in memory_usage(self._pid, INTERVAL, timeout=INTERVAL, timestamps=True):
                    print(f"MEM {mebibytes:.6f} {time:.4f}", file=stream, flush=True)

"""A process of ours as its parent sees it: how one is started, and what its exit code says."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import IO, Protocol


class Process(Protocol):
    """What `subprocess.Popen` offers, and what a process that another one forked can offer too."""

    @property
    def pid(self) -> int: ...

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code once it has ended, negative for a signal. Raises subprocess.TimeoutExpired."""


def start(module: str, handle: int, seed: int, scratch: Path, output: IO[bytes]) -> "subprocess.Popen[bytes]":
    """Start `python -m module HANDLE PARENT` in a session of its own; it inherits `handle`, and prints to `output`.

    From the main thread only: the kernel takes the end of the starting thread for the parent's.
    """
    return subprocess.Popen(
        [sys.executable, "-P", "-m", module, str(handle), str(os.getpid())],
        pass_fds=[handle],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,  # Ctrl-C is the parent's to handle
        env=os.environ
        | {
            "PYTHONHASHSEED": str(seed % 2**32),
            "PYTHONUNBUFFERED": "1",
            "TMPDIR": str(scratch),
        },
    )


def describe_end(code: int) -> str:
    """How a process ended that said nothing of it: the end of a sentence."""
    if code >= 0:
        return f"ended with exit code {code}, without a word"
    name = signal.Signals(-code).name if -code in set(signal.Signals) else "signal"
    hint = ", as the kernel does when memory runs out" if -code == signal.SIGKILL else ""
    return f"was killed by {name} ({-code}){hint}"

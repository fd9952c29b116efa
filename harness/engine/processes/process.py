"""Starts a process of harness, and describes how one ended."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Protocol

from harness.worker import frameworks
from harness.worker import start as start_file


class Process(Protocol):
    """The part of `subprocess.Popen` that a process forked by another one can offer too."""

    @property
    def pid(self) -> int: ...

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the exit code, negative for a signal. Raises subprocess.TimeoutExpired after `timeout` seconds."""


def start(
    module: str,
    handle: int,
    seed: int,
    scratch: Path,
    output: IO[bytes],
    *,
    interpreter: str | None = None,
    flags: Sequence[str] = (),
    variables: Mapping[str, str] | None = None,
    given: str | None = None,
) -> "subprocess.Popen[bytes]":
    """Start `module` of harness in its own session; it inherits `handle`, and prints to `output`.

    It runs in `interpreter`, by default in this one, with these flags and environment variables, and reads the file
    `given`, by default nothing. Call it from the main thread only: for the kernel, the parent's death is the end of the
    thread that started it.
    """
    own = {"PYTHONHASHSEED": str(seed % 2**32), "PYTHONUNBUFFERED": "1", "TMPDIR": str(scratch)}
    # PyTorch names its usual cache in the environment as soon as an optimizer is made, as a test session may have done:
    # arms must not share it because of that. A folder that the user has chosen stays.
    usual = _list_usual_caches().items()
    inherited = dict(item for item in os.environ.items() if item not in usual)
    with Path(given or os.devnull).open("rb") as stdin:
        return subprocess.Popen(
            [interpreter or sys.executable, *flags, start_file.__file__, module, str(handle), str(os.getpid())],
            pass_fds=[handle],
            stdin=stdin,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # only the parent handles Ctrl-C
            env=inherited | own | dict(variables or {}),
        )


def find_caches() -> dict[str, str]:
    """Return the environment variables with which a process uses the user's compile caches in the folder for temporary
    files, in place of empty ones in its own such folder. What the user has set stays."""
    return {name: os.environ.get(name, usual) for name, usual in _list_usual_caches().items()}


def _list_usual_caches() -> dict[str, str]:
    """Return the folder of each compile cache of this process, by environment variable, if the user sets none."""
    folder = Path(tempfile.gettempdir())
    return {name: str(folder / own) for name, own in frameworks.cache_folders().items()}


def describe_end(code: int) -> str:
    """How a process ended that sent no answer, as the end of a sentence whose subject is the process."""
    if code >= 0:
        return f"ended with exit code {code} and sent no answer"
    name = signal.Signals(-code).name if -code in set(signal.Signals) else "signal"
    hint = ", as the kernel does when memory runs out" if -code == signal.SIGKILL else ""
    return f"was killed by {name} ({-code}){hint}"

"""The process from which a run's arms are forked, seen from the parent of the run; `forker` is what runs in it.

It has imported what all of these arms import, and has done nothing else: so starting an arm takes a fork, not seconds
of importing. It is prepared as a fresh arm is. It is the arms' parent, so it is the one to ask how they ended. When the
run ends, however that happens, the kernel kills it, and with it what it has forked.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.connection import wait
from pathlib import Path
from typing import TypeVar

import msgspec

from harness.engine.processes import process
from harness.plan.plan import Plan

MOST_BYTES = 65_536
"""No message is longer."""
_WHO = "the process from which arms are forked"


class Prepare(msgspec.Struct, frozen=True, tag=True):
    """To the forker, first: prepare the process as an arm's, and import these modules."""

    modules: tuple[str, ...]
    cores: list[int]
    seed: int


class Fork(msgspec.Struct, frozen=True, tag=True):
    """To the forker, with two open files, the arm's pipe and its log: fork an arm."""

    scratch: str
    """The folder for its temporary files."""


class Bury(msgspec.Struct, frozen=True, tag=True):
    """To the forker: how did this process end? It is waited for."""

    pid: int


class Ready(msgspec.Struct, frozen=True, tag=True):
    """From the forker: all is imported."""


class Forked(msgspec.Struct, frozen=True, tag=True):
    pid: int


class Buried(msgspec.Struct, frozen=True, tag=True):
    code: int
    """Negative for a signal."""


class Broken(msgspec.Struct, frozen=True, tag=True):
    """From the forker, last: it cannot serve."""

    reason: str


Request = Prepare | Fork | Bury
Reply = Ready | Forked | Buried | Broken
_Expected = TypeVar("_Expected", bound=Reply)
_replies = msgspec.json.Decoder(Reply)


class NurseryLost(Exception):
    """Arms can no longer be forked, nor asked how they ended; those that lived have ended too."""


def available() -> bool:
    """Whether this system can fork, hand over open files, and tell of the end of another's child."""
    return sys.platform == "linux" and hasattr(socket, "send_fds") and hasattr(os, "pidfd_open")


class Nursery:
    """Started when this is made, while it still imports: `wait_until_ready` waits for that. `close` ends it."""

    def __init__(self, modules: Sequence[str], cores: Sequence[int], seed: int, timeout: float, log: Path) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        self._scratch = Path(tempfile.mkdtemp(prefix="harness-"))
        self._door, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)  # it keeps messages apart
        self._door.settimeout(timeout)
        with log.open("wb") as output, theirs:
            self._process = process.start("harness.worker.fork_server", theirs.fileno(), seed, self._scratch, output)
        self._first = Prepare(tuple(modules), list(cores), seed)

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait_until_ready(self) -> None:
        """Raises NurseryLost, here as elsewhere, with the reason in one line."""
        self._ask(self._first, Ready)

    def fork(self, pipe: int, log: int, scratch: Path) -> "ForkedProcess":
        """An arm's process, which gets these open files for its own; it leads a process group already."""
        return ForkedProcess(self, self._ask(Fork(str(scratch)), Forked, [pipe, log]).pid)

    def exit_code(self, pid: int) -> int:
        """How a process ended that was forked here, once it has. To be asked once."""
        return self._ask(Bury(pid), Buried).code

    def close(self) -> None:
        """End it, and what is left of what it has forked."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()
        self._door.close()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def _ask(self, request: Request, expected: type[_Expected], files: Sequence[int] = ()) -> _Expected:
        try:
            socket.send_fds(self._door, [msgspec.json.encode(request)], files)
            data = self._door.recv(MOST_BYTES)
        except TimeoutError:
            raise NurseryLost(f"{_WHO} gave no answer for {self._door.gettimeout():g} s") from None
        except OSError:  # it hung up
            data = b""
        reply = _replies.decode(data) if data else Broken(self._end())
        if not isinstance(reply, expected):
            reason = reply.reason if isinstance(reply, Broken) else f"answered {type(reply).__name__}"
            raise NurseryLost(f"{_WHO} {reason}")
        return reply

    def _end(self) -> str:
        try:
            return process.describe_end(self._process.wait(timeout=5))
        except subprocess.TimeoutExpired:
            return "hung up"


class Nurseries:
    """Where the arms of a run are forked, if they are: one process, started when it is first needed, and anew for a
    block that has a seed of its own."""

    def __init__(self, plan: Plan, logs: Path) -> None:
        self._plan, self._logs = plan, logs
        self._current: Nursery | None = None
        self._seed: int | None = None
        self._wanted = bool(plan.preload) and available()

    def lacking(self, block: int) -> bool:
        """Whether `of` will take the seconds that importing takes."""
        return self._wanted and (self._current is None or self._seed != self._plan.seed_of(block))

    def of(self, block: int, cores: Sequence[int]) -> Nursery | None:
        """The one for a block, ready; None where arms are not forked. Raises NurseryLost."""
        if self.lacking(block):
            self.close()
            self._seed = self._plan.seed_of(block)
            log = self._logs / f"nursery-seed{self._seed}.log"
            self._current = Nursery(self._plan.preload, cores, self._seed, self._plan.timeout, log)
            self._current.wait_until_ready()
        return self._current

    def give_up(self) -> None:
        """Have none from here on."""
        self._wanted = False
        self.close()

    def close(self) -> None:
        if self._current:
            self._current.close()
            self._current = None


class ForkedProcess:
    """A process that the nursery forked: its end is seen from here, its exit code is known there."""

    def __init__(self, nursery: Nursery, pid: int) -> None:
        self.pid = pid
        self._nursery = nursery
        self._code: int | None = None

    def wait(self, timeout: float | None = None) -> int:
        """As `Popen.wait`. Raises NurseryLost where nobody can tell any more."""
        if self._code is None:
            with suppress(ProcessLookupError):  # the nursery has gone, and this has gone with it
                notice = os.pidfd_open(self.pid)
                try:
                    if not wait([notice], timeout):
                        raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0)
                finally:
                    os.close(notice)
            self._code = self._nursery.exit_code(self.pid)
        return self._code

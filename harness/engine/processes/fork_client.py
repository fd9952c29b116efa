"""The process from which a run's arms are forked, seen from the parent of the run; what runs in it is
`worker.fork_server`.

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

from harness.engine.processes import process
from harness.plan.plan import Plan
from harness.worker.wire.fork import (
    MOST_BYTES,
    Broken,
    Fork,
    Forked,
    Prepare,
    Ready,
    Reap,
    Reaped,
    Reply,
    decode_reply,
)
from harness.worker.wire.messages import encode

_WHO = "the process from which arms are forked"


_Expected = TypeVar("_Expected", bound=Reply)


class ForkServerLost(Exception):
    """Arms can no longer be forked, nor asked how they ended; those that lived have ended too."""


def available() -> bool:
    """Whether this system can fork, hand over open files, and tell of the end of another's child."""
    return sys.platform == "linux" and hasattr(socket, "send_fds") and hasattr(os, "pidfd_open")


class ForkServer:
    """Started when this is made, while it still imports: `wait_until_ready` waits for that. `close` ends it."""

    def __init__(self, modules: Sequence[str], cores: Sequence[int], seed: int, timeout: float, log: Path) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        self._scratch = Path(tempfile.mkdtemp(prefix="harness-"))
        self._door, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)  # it keeps messages apart
        self._door.settimeout(timeout)
        with log.open("wb") as output, theirs:
            self._process = process.start("harness.worker.fork_server", theirs.fileno(), seed, self._scratch, output)
        self._first = Prepare(list(modules), list(cores), seed)

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait_until_ready(self) -> None:
        """Raises ForkServerLost, here as elsewhere, with the reason in one line."""
        self._ask(self._first, Ready)

    def fork(self, pipe: int, log: int, scratch: Path) -> "ForkedProcess":
        """An arm's process, which gets these open files for its own; it leads a process group already."""
        return ForkedProcess(self, self._ask(Fork(str(scratch)), Forked, [pipe, log]).pid)

    def exit_code(self, pid: int) -> int:
        """How a process ended that was forked here, once it has. To be asked once."""
        return self._ask(Reap(pid), Reaped).code

    def close(self) -> None:
        """End it, and what is left of what it has forked."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()
        self._door.close()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def _ask(self, request: Prepare | Fork | Reap, expected: type[_Expected], files: Sequence[int] = ()) -> _Expected:
        try:
            socket.send_fds(self._door, [encode(request)], files)
            data = self._door.recv(MOST_BYTES)
        except TimeoutError:
            raise ForkServerLost(f"{_WHO} gave no answer for {self._door.gettimeout():g} s") from None
        except OSError:  # it hung up
            data = b""
        reply = decode_reply(data) if data else Broken(self._end())
        if not isinstance(reply, expected):
            reason = reply.reason if isinstance(reply, Broken) else f"answered {type(reply).__name__}"
            raise ForkServerLost(f"{_WHO} {reason}")
        return reply

    def _end(self) -> str:
        try:
            return process.describe_end(self._process.wait(timeout=5))
        except subprocess.TimeoutExpired:
            return "hung up"


class ForkServers:
    """Where the arms of a run are forked, if they are: one process, started when it is first needed, and anew for a
    block that has a seed of its own."""

    def __init__(self, plan: Plan, logs: Path) -> None:
        self._plan, self._logs = plan, logs
        self._current: ForkServer | None = None
        self._seed: int | None = None
        self._wanted = bool(plan.preload) and available()

    def lacking(self, block: int) -> bool:
        """Whether `of` will take the seconds that importing takes."""
        return self._wanted and (self._current is None or self._seed != self._plan.seed_of(block))

    def of(self, block: int, cores: Sequence[int]) -> ForkServer | None:
        """The one for a block, ready; None where arms are not forked. Raises ForkServerLost."""
        if self.lacking(block):
            self.close()
            self._seed = self._plan.seed_of(block)
            log = self._logs / f"fork-server-seed{self._seed}.log"
            self._current = ForkServer(self._plan.preload, cores, self._seed, self._plan.timeout, log)
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
    """A process that the server forked: its end is seen from here, its exit code is known there."""

    def __init__(self, server: ForkServer, pid: int) -> None:
        self.pid = pid
        self._server = server
        self._code: int | None = None

    def wait(self, timeout: float | None = None) -> int:
        """As `Popen.wait`. Raises ForkServerLost where nobody can tell any more."""
        if self._code is None:
            with suppress(ProcessLookupError):  # the server has gone, and this has gone with it
                notice = os.pidfd_open(self.pid)
                try:
                    if not wait([notice], timeout):
                        raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0)
                finally:
                    os.close(notice)
            self._code = self._server.exit_code(self.pid)
        return self._code

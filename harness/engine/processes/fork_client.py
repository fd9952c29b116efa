"""The fork server, from which a run's arms are forked, as the run's process sees it. `worker.fork_server` runs in it.

The server imports what all of these arms import, and does nothing else, so starting an arm takes a fork instead of
seconds of importing. It is prepared like a fresh arm. It is the parent of the arms, so only it knows their exit codes.
When the run ends, for whatever reason, the kernel kills the server and the arms that it forked.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path
from typing import TypeVar

from harness.engine.processes import process
from harness.engine.processes.surroundings import list_variables
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
    """The fork server is gone: arms can no longer be forked, exit codes are unknown, and forked arms have ended too."""


def available() -> bool:
    """Whether this system can fork, pass open files to another process, and wait for a process that is not a child."""
    return sys.platform == "linux" and hasattr(socket, "send_fds") and hasattr(os, "pidfd_open")


@dataclass(frozen=True)
class Wanted:
    """What a fork server has to be for an arm to be forked from it."""

    seed: int
    modules: tuple[str, ...] = ()
    """What it imports."""
    files: tuple[tuple[str, str], ...] = ()
    """Libraries that it imports, with the files in which it must find them."""
    interpreter: str | None = None
    flags: tuple[str, ...] = ()
    variables: tuple[tuple[str, str], ...] | None = None
    """The variables that it gets; None for those that the plan gives to all arms."""


class ForkServer:
    """A fork server. The constructor starts it; `wait_until_ready` waits for its imports; `close` ends it."""

    def __init__(
        self,
        wanted: Wanted,
        cores: Sequence[int],
        timeout: float,
        log: Path,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        self._scratch = Path(tempfile.mkdtemp(prefix="harness-"))
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)  # keeps messages apart
        self._socket.settimeout(timeout)
        with log.open("wb") as output, theirs:
            self._process = process.start(
                "harness.worker.fork_server",
                theirs.fileno(),
                wanted.seed,
                self._scratch,
                output,
                interpreter=wanted.interpreter,
                flags=wanted.flags,
                variables=variables,
            )
        self._prepare = Prepare(list(wanted.modules), list(cores), wanted.seed, dict(wanted.files))

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait_until_ready(self) -> None:
        """Wait until the modules are imported. Raises ForkServerLost, as every request does, with a one-line reason."""
        self._ask(self._prepare, Ready)

    def fork(self, pipe: int, log: int, scratch: Path) -> "ForkedProcess":
        """Fork an arm's process, which gets these open files. On return it leads its own process group."""
        return ForkedProcess(self, self._ask(Fork(str(scratch)), Forked, [pipe, log]).pid)

    def exit_code(self, pid: int) -> int:
        """The exit code of a forked process, once it has ended. Call it only once per process."""
        return self._ask(Reap(pid), Reaped).code

    def close(self) -> None:
        """Kill the server and the arms that it forked."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()
        self._socket.close()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def _ask(self, request: Prepare | Fork | Reap, expected: type[_Expected], files: Sequence[int] = ()) -> _Expected:
        try:
            socket.send_fds(self._socket, [encode(request)], files)
            data = self._socket.recv(MOST_BYTES)
        except TimeoutError:
            raise ForkServerLost(f"{_WHO} gave no answer for {self._socket.gettimeout():g} s") from None
        except OSError:  # it closed the socket
            data = b""
        reply = decode_reply(data) if data else Broken(self._describe_death())
        if not isinstance(reply, expected):
            reason = reply.reason if isinstance(reply, Broken) else f"answered {type(reply).__name__}"
            raise ForkServerLost(f"{_WHO} {reason}")
        return reply

    def _describe_death(self) -> str:
        try:
            return process.describe_end(self._process.wait(timeout=5))
        except subprocess.TimeoutExpired:
            return "closed its connection"


class ForkServers:
    """The fork servers of a run: one for each interpreter and set of libraries. Each is started when first needed, and
    those with another seed than the current one are closed."""

    def __init__(self, plan: Plan, logs: Path) -> None:
        self._plan, self._logs = plan, logs
        self._running: dict[Wanted, ForkServer] = {}
        self._started = 0
        self._enabled = available()

    def needs_start(self, wanted: Wanted) -> bool:
        """Whether `find` will start a server, which takes seconds of importing."""
        return self._enabled and wanted not in self._running

    def find(self, wanted: Wanted, cores: Sequence[int]) -> ForkServer | None:
        """Return a server, ready to fork; None if arms are not forked. Raises ForkServerLost."""
        if self.needs_start(wanted):
            for other in [one for one in self._running if one.seed != wanted.seed]:
                self._running.pop(other).close()
            self._started += 1
            number = "" if self._started == 1 else f"-{self._started}"
            log = self._logs / f"fork-server-seed{wanted.seed}{number}.log"
            variables = list_variables(self._plan) if wanted.variables is None else dict(wanted.variables)
            server = ForkServer(wanted, cores, self._plan.timeout, log, variables)
            self._running[wanted] = server
            server.wait_until_ready()
        return self._running.get(wanted)

    def disable(self) -> None:
        """Close the servers and start no other: from now on arms are fresh processes."""
        self._enabled = False
        self.close()

    def close(self) -> None:
        for server in self._running.values():
            server.close()
        self._running.clear()


class ForkedProcess:
    """A process that the server forked. This process can wait for its end; only the server knows its exit code."""

    def __init__(self, server: ForkServer, pid: int) -> None:
        self.pid = pid
        self._server = server
        self._code: int | None = None

    def wait(self, timeout: float | None = None) -> int:
        """Like `Popen.wait`. Raises ForkServerLost if the server that knows the exit code is gone."""
        if self._code is None:
            with suppress(ProcessLookupError):  # the server died, and this process with it
                handle = os.pidfd_open(self.pid)
                try:
                    if not wait([handle], timeout):
                        raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0)
                finally:
                    os.close(handle)
            self._code = self._server.exit_code(self.pid)
        return self._code

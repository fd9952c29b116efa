"""The process from which arms are forked. It imports the modules that all arms of a block import, or the libraries that
arms of an earlier block imported, and forks an arm on request; it does nothing else.

Started as `python -P -m harness.worker.fork_server SOCKET PARENT`. Apart from threads of OpenBLAS, which survive a
fork, it has one thread, which blocks between requests, so it uses no processor time while arms are measured.
"""

from __future__ import annotations

import importlib
import os
import socket
import sys
import tempfile
import traceback
from collections.abc import Sequence
from multiprocessing.connection import Connection
from typing import NoReturn

from harness.worker import environment, worker
from harness.worker.imports.early import import_again
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
    decode_request,
)
from harness.worker.wire.messages import encode
from harness.worker.wire.reasons import one_line


def main() -> None:
    handle, parent = (int(argument) for argument in sys.argv[1:])
    environment.die_with_parent(parent)
    os.set_inheritable(handle, False)
    requests = socket.socket(fileno=handle)
    facts: dict[str, str] = {}
    while True:
        data, files, _, _ = socket.recv_fds(requests, MOST_BYTES, 2)
        if not data:  # the parent has ended
            break
        match decode_request(data):
            case Prepare(modules, cores, seed, libraries):
                facts = environment.prepare(cores, seed)
                _send_reply(requests, _import_modules(modules, libraries))
            case Fork(scratch):
                _send_reply(requests, Forked(_fork_arm(requests, files, scratch, facts)))
            case Reap(pid):
                _, status = os.waitpid(pid, 0)
                _send_reply(requests, Reaped(os.waitstatus_to_exitcode(status)))
    os._exit(0)


def _send_reply(requests: socket.socket, reply: Reply) -> None:
    requests.send(encode(reply))


def _import_modules(modules: Sequence[str], libraries: dict[str, str]) -> Ready | Broken:
    for name in modules:
        try:
            importlib.import_module(name)
        except BaseException as error:  # user code may also raise SystemExit
            traceback.print_exc()
            return Broken(f"could not import {name}: {one_line(error)}")
    try:
        why_not = import_again(libraries)
    except BaseException as error:
        traceback.print_exc()
        return Broken(f"could not import what the arms import: {one_line(error)}")
    return Broken(f"cannot fork: {why_not}") if why_not else Ready()


def _fork_arm(requests: socket.socket, files: Sequence[int], scratch: str, facts: dict[str, str]) -> int:
    """Fork an arm and return its process id, once the arm has a process group that can be killed, or has died."""
    server = os.getpid()
    ended, alive = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            environment.die_with_parent(server)
            os.setsid()
            requests.close()
            os.close(ended)
            os.close(alive)
            pipe, log = files
            _become_arm(pipe, log, scratch, facts)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(1)  # an arm never returns to the loop above
    for file in (*files, alive):
        os.close(file)
    os.read(ended, 1)  # nothing is ever written: the call returns when the arm closes its end of the pipe
    os.close(ended)
    return pid


def _become_arm(pipe: int, log: int, scratch: str, facts: dict[str, str]) -> NoReturn:
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    os.environ["TMPDIR"] = scratch
    tempfile.tempdir = None  # an import may have caused it to be cached
    worker.serve(Connection(pipe), facts)


if __name__ == "__main__":
    main()

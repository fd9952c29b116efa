"""The process from which arms are forked: it imports what all arms of a block import, does nothing else, and forks one
when told to.

Started as `python -P -m harness.worker.fork_server SOCKET PARENT`. It has one thread and blocks between two requests,
so it takes no processor time while arms are measured.
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
    door = socket.socket(fileno=handle)
    facts: dict[str, str] = {}
    while True:
        data, files, _, _ = socket.recv_fds(door, MOST_BYTES, 2)
        if not data:  # the parent is gone
            break
        match decode_request(data):
            case Prepare(modules, cores, seed):
                facts = environment.prepare(cores, seed)
                _reply(door, _import(modules))
            case Fork(scratch):
                _reply(door, Forked(_fork(door, files, scratch, facts)))
            case Reap(pid):
                _, status = os.waitpid(pid, 0)
                _reply(door, Reaped(os.waitstatus_to_exitcode(status)))
    os._exit(0)


def _reply(door: socket.socket, reply: Reply) -> None:
    door.send(encode(reply))


def _import(modules: Sequence[str]) -> Ready | Broken:
    for name in modules:
        try:
            importlib.import_module(name)
        except BaseException as error:  # somebody else's code: it may also raise SystemExit
            traceback.print_exc()
            return Broken(f"could not import {name}: {one_line(error)}")
    return Ready()


def _fork(door: socket.socket, files: Sequence[int], scratch: str, facts: dict[str, str]) -> int:
    """Fork an arm. Returns once the arm can be killed as a group, or is dead."""
    server = os.getpid()
    ended, alive = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            environment.die_with_parent(server)
            os.setsid()
            door.close()
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
    os.read(ended, 1)  # nothing ever comes: it ends when the arm has closed its own end of it
    os.close(ended)
    return pid


def _become_arm(pipe: int, log: int, scratch: str, facts: dict[str, str]) -> NoReturn:
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    os.environ["TMPDIR"] = scratch
    tempfile.tempdir = None  # somebody may have asked for it while importing
    worker.serve(Connection(pipe), facts)


if __name__ == "__main__":
    main()

"""Runs in a separate process, for tests that act on a run in progress."""

import signal
import subprocess
import time
from contextlib import contextmanager, suppress

import psutil

from harness.errors import BadRecord
from harness.record import store

BEGUN = 6
"""Slices after which arms take turns."""


def start(command, **options):
    """Starts `command` in a process with readable output that Ctrl-C can interrupt."""
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell that runs this in the background has its children ignore Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509 - no threads
        **options,
    )


@contextmanager
def begun(command, out):
    """The process of `command`, which makes a run in `out`, once its arms take turns, and their processes; it ends with
    the block."""
    running = start(command)
    try:
        yield running, _once_begun(running, out)
    finally:
        running.kill()
        running.communicate()


def _once_begun(running, out):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with suppress(BadRecord):  # there is none yet, or its first line is still being written
            found = store.read(out)
            if len(found.slices) > BEGUN:
                return [ready.pid for ready in found.ready]
        time.sleep(0.05)
    running.kill()
    raise AssertionError(f"it did not get going: {running.communicate()}")


def gone(pids):
    """Whether these processes end within a while."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if not any(psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE for pid in pids):
            return True
        time.sleep(0.05)
    return False

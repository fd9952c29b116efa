"""Prepares an arm's process before any framework is loaded, and ends it together with its parent."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from harness.worker import frameworks, seeding

DEVICE_VARIABLES = ("CUDA_VISIBLE_DEVICES",)
"""The variables that say which devices a process sees."""
_PR_SET_PDEATHSIG = 1


def prepare(cores: Sequence[int], seed: int, repeatable: bool = False) -> dict[str, str]:
    """Pin this process to `cores`, with as many threads. Returns the settings that affect speed and losses.

    Its random generators are seeded with `seed`, those of a framework as soon as it is imported: see `seeding`. If
    `repeatable`, frameworks are asked for kernels that repeat themselves on GPUs.
    """
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, cores)
    for name in frameworks.thread_variables():
        os.environ[name] = str(len(cores))
    for framework in frameworks.FRAMEWORKS:
        framework.prepare()
        framework.watch_threads()
        if repeatable:
            framework.ask_for_repeatability()
    seeding.seed_as_imported(seed)
    recorded = (
        *frameworks.thread_variables(),
        "PYTHONHASHSEED",
        *frameworks.result_variables(),
        *frameworks.sharing_variables(),
        *DEVICE_VARIABLES,
    )
    facts = {name: os.environ[name] for name in recorded if name in os.environ}
    for name in frameworks.cache_folders():
        if name in os.environ:
            facts[name] = f"{os.environ[name]}, {_describe_cache(os.environ[name])}"
    return facts | {"cores": ",".join(str(core) for core in cores)}


def _describe_cache(folder: str) -> str:
    try:
        return "filled" if any(Path(folder).iterdir()) else "empty"
    except OSError:
        return "empty"


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when its parent ends in any way. Without Linux, a thread polls the parent."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    else:
        threading.Thread(target=_exit_after_parent, args=(parent,), daemon=True).start()
    if os.getppid() != parent:  # the parent ended before the kernel was asked
        os._exit(1)


def _exit_after_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)

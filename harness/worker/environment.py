"""What an arm's process is set to before any framework is loaded, and how it is tied to its parent."""

import ctypes
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence

from harness.worker import seeding
from harness.worker.import_hooks import when_imported
from harness.worker.result_variables import DECIDE_RESULTS

THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
)
LOGGED = "device_compilation_profiler=1"
"""What TensorFlow is to log: every compilation."""
_RECORDED = (*THREAD_VARIABLES, "PYTHONHASHSEED", *DECIDE_RESULTS)
_LEVEL = "TF_CPP_MIN_LOG_LEVEL"
"""What would hide that."""
_BEFORE_ITS_LIBRARY = "tensorflow.python.platform.self_check"
"""The module that TensorFlow imports just before its own library, which reads the level."""
_PR_SET_PDEATHSIG = 1


def prepare(cores: Sequence[int], seed: int) -> dict[str, str]:
    """Pin this process to `cores`, with as many threads. Returns what decides speed and losses.

    Its random generators are set to `seed`, those of frameworks as soon as somebody loads them: see `seeding`.
    """
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, cores)
    for name in THREAD_VARIABLES:
        os.environ[name] = str(len(cores))
    os.environ["TF_CPP_VMODULE"] = ",".join(filter(None, [os.environ.get("TF_CPP_VMODULE"), LOGGED]))
    _show_what_it_logs(None)
    when_imported(_BEFORE_ITS_LIBRARY, _show_what_it_logs)  # many set the level themselves
    seeding.seed_as_imported(seed)
    facts = {name: os.environ[name] for name in _RECORDED if name in os.environ}
    return facts | {"cores": ",".join(str(core) for core in cores)}


def _show_what_it_logs(_: object) -> None:
    os.environ.pop(_LEVEL, None)


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when its parent ends, however it ends; elsewhere than on Linux, look."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    else:
        threading.Thread(target=_watch, args=(parent,), daemon=True).start()
    if os.getppid() != parent:  # it ended before this process could ask
        os._exit(1)


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)

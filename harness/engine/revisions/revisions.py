"""Where an arm's own code comes from: the working tree, or the files of a git revision in a folder of their own.

Nothing is written into the repository, so nothing can be left behind in it, whatever ends this process: no worktree, no
branch, no lock. The folder is one below the system's for temporary files. This process removes it when it ends; where
it was killed, the next run does: the folder is locked for as long as the process lives.
"""

import fcntl
import os
import shutil
import tempfile
import time
from contextlib import suppress
from functools import cache
from pathlib import Path

from harness.engine.revisions.repository import Repository
from harness.errors import NotComparable
from harness.plan.plan import Arm, Plan
from harness.worker.wire.messages import Source

PREFIX = "harness-revision-"
YOUNG = 60.0
"""Seconds for which a folder that nobody has locked is left alone: somebody may be about to."""


def source(arm: Arm, plan: Plan) -> Source | None:
    """Where to import `arm` from. None where no gate runs: from the working directory, as any program would.

    Raises NotComparable where its revision cannot be had.
    """
    if plan.gate is None:
        return None
    if arm.revision:
        repository = Repository.here()
        return Source(str(folder(arm.revision)), repository.prefix, instead_of=str(repository.top))
    try:
        repository = Repository.here()
    except NotComparable:  # not needed: no revision is asked for
        return Source(str(Path.cwd()), "")
    return Source(str(repository.top), repository.prefix)


@cache
def folder(commit: str) -> Path:
    """The files of `commit`, in a folder that is there until this process ends."""
    remove_abandoned()
    held = _Held()
    Repository.here().extract(commit, held.path)
    _kept.append(held)
    return held.path


def remove_abandoned() -> None:
    """Remove the folders of processes that were killed."""
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError):
            if path.is_symlink() or path.stat().st_uid != os.getuid() or time.time() - path.stat().st_mtime < YOUNG:
                continue
            lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path, ignore_errors=True)
            finally:
                os.close(lock)


class _Held:
    """A new folder, locked while this process lives, and removed when it ends."""

    def __init__(self) -> None:
        self._removed_at_exit = tempfile.TemporaryDirectory(prefix=PREFIX, ignore_cleanup_errors=True)
        self.path = Path(self._removed_at_exit.name).resolve()
        self._lock = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(self._lock, fcntl.LOCK_EX)


_kept: list[_Held] = []

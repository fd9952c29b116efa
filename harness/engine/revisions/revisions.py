"""Where an arm's code comes from: the working tree, or the files of a git revision in a temporary folder.

Nothing is written into the repository (no worktree, no branch, no lock), so nothing can be left behind in it, however
this process ends. The process removes the folder when it ends; if it is killed, the next run does. The process holds a
lock on the folder while it lives, which shows that the folder is in use.
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
"""Seconds for which an unlocked folder is kept: its process may be about to lock it."""


def source(arm: Arm, plan: Plan) -> Source | None:
    """Where to import `arm` from; None unless a gate runs, for the working directory, as in any program.

    Raises NotComparable if its revision is not available.
    """
    if plan.gate is None:
        return None
    if arm.revision:
        repository = Repository.here()
        return Source(str(folder(arm.revision)), repository.prefix, instead_of=str(repository.top))
    try:
        repository = Repository.here()
    except NotComparable:  # no repository is needed without a revision
        return Source(str(Path.cwd()), "")
    return Source(str(repository.top), repository.prefix)


@cache
def folder(commit: str) -> Path:
    """A folder with the files of `commit`, kept until this process ends. Raises NotComparable."""
    remove_abandoned()
    locked = _LockedFolder()
    Repository.here().extract(commit, locked.path)
    _kept.append(locked)
    return locked.path


def remove_abandoned() -> None:
    """Remove the folders of processes that were killed: old ones that no process has locked."""
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


class _LockedFolder:
    """A new temporary folder, locked while this process lives and removed when it ends."""

    def __init__(self) -> None:
        self._removed_at_exit = tempfile.TemporaryDirectory(prefix=PREFIX, ignore_cleanup_errors=True)
        self.path = Path(self._removed_at_exit.name).resolve()
        self._lock = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(self._lock, fcntl.LOCK_EX)


_kept: list[_LockedFolder] = []

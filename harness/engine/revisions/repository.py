"""Reads a git repository without changing anything in it: no file, no index, no lock."""

import hashlib
import os
import subprocess
import tarfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from harness.errors import BadInput, NotComparable

SECONDS = 60.0
"""Seconds that a git command may take."""


@dataclass(frozen=True)
class Repository:
    """The repository that the working directory is in."""

    top: Path
    """The root of its working tree."""
    prefix: str
    """The working directory, relative to `top`; empty at the top."""

    @classmethod
    def here(cls) -> "Repository":
        """The repository of the working directory. Raises NotComparable if there is none, or git is not installed."""
        found = _run_git("rev-parse", "--show-toplevel", "--show-prefix")
        if found.returncode:
            reason = found.stderr.decode(errors="replace").strip().partition("\n")[0] or "git gives no reason"
            raise NotComparable(f"There is no revision to compare with in {Path.cwd()}: {reason}.")
        top, prefix = os.fsdecode(found.stdout).split("\n")[:2]
        return cls(Path(top), prefix.rstrip("/"))

    def resolve(self, revision: str) -> str:
        """The full hash of the commit that `revision` names.

        Raises BadInput if it names none, NotComparable if it is not found in a shallow clone.
        """
        found = _run_git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        commit = found.stdout.decode(errors="replace").strip()
        if not found.returncode and not commit.startswith("^"):  # git's notation for an excluded commit
            return commit
        if self.shallow:
            raise NotComparable(
                f"This clone is shallow and has no revision {revision!r}: fetch its history"
                " (fetch-depth: 0 in actions/checkout, GIT_DEPTH: 0 in GitLab CI, git fetch --unshallow)."
            )
        raise BadInput(f"There is no revision {revision!r} in {self.top}: give a branch, a tag or a commit.")

    @property
    def shallow(self) -> bool:
        return _run_git("rev-parse", "--is-shallow-repository").stdout.strip() == b"true"

    def extract(self, commit: str, into: Path) -> None:
        """Write the files of `commit` to the folder `into`. Raises NotComparable if git cannot provide them."""
        archive = subprocess.Popen(
            _make_command("archive", "--format=tar", commit),
            cwd=self.top,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
        )
        with archive:
            assert archive.stdout is not None
            assert archive.stderr is not None
            problem = _unpack(archive.stdout, into, self.top)
            archive.stdout.close()  # so that git stops if its output was not read to the end
            message = archive.stderr.read().decode(errors="replace").strip()
        if archive.returncode or problem:
            reason = " ".join((message or problem or "").split()) or f"git archive ended with {archive.returncode}"
            raise NotComparable(f"The files of revision {commit[:12]} cannot be read: {reason}.")

    def has_changes(self) -> bool:
        """Whether the working tree differs from its commit: in tracked files, or by untracked ones not ignored."""
        return bool(_run_git("status", "--porcelain", "--untracked-files=normal").stdout.strip())

    def has_file(self, commit: str, path: str) -> bool:
        """Whether `commit` has a file at `path`, relative to the top."""
        return not _run_git("cat-file", "-e", f"{commit}:{path}").returncode


def describe() -> str | None:
    """The commit of the working directory, with `-dirty` if tracked files differ from it; None outside of git.

    Does not use `git describe --dirty`, which rewrites the index.
    """
    try:
        head = _run_git("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
        if head.returncode:
            return None
        changed = _run_git("status", "--porcelain", "--untracked-files=no", "--ignore-submodules=none")
    except NotComparable:
        return None
    return head.stdout.decode().strip() + ("-dirty" if changed.stdout.strip() else "")


def code_hash(others: Iterable[Path] = ()) -> str | None:
    """A hash of the Python files of the working directory's repository, ignored ones excepted, and of `others`; None if
    there are neither."""
    files = {str(path): path for path in others}
    with suppress(NotComparable):
        top = Repository.here().top
        listed = _run_git("-C", str(top), "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.py").stdout
        files |= {name: top / name for name in map(os.fsdecode, filter(None, listed.split(b"\0")))}
    if not files:
        return None
    digest = hashlib.sha256()
    for name, path in sorted(files.items()):
        with suppress(OSError):  # deleted, but still tracked
            digest.update(os.fsencode(name) + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _unpack(stream: IO[bytes], into: Path, top: Path) -> str | None:
    """Unpack an archive of `top` into `into`, and nothing outside of it. Returns the reason for a failure, or None."""
    outside: dict[Path, Path] = {}

    def keep(member: tarfile.TarInfo, place: str) -> tarfile.TarInfo | None:
        try:
            return tarfile.data_filter(member, place)
        except (tarfile.AbsoluteLinkError, tarfile.LinkOutsideDestinationError):
            outside[into / member.name] = (top / member.name).parent / member.linkname
            return None

    try:
        with tarfile.open(fileobj=stream, mode="r|") as archive:
            archive.extractall(into, filter=keep)
        while stream.read(65_536):  # the padding of the last record
            pass
        for link, target in outside.items():  # last, so that nothing is unpacked through a link
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(target)
    except (tarfile.TarError, OSError) as error:
        return str(error)
    return None


def _run_git(*arguments: str) -> "subprocess.CompletedProcess[bytes]":
    try:
        return subprocess.run(
            _make_command(*arguments), check=False, capture_output=True, stdin=subprocess.DEVNULL, timeout=SECONDS
        )
    except FileNotFoundError:
        raise NotComparable("git is not installed, so there is no revision to compare with: install git.") from None
    except subprocess.TimeoutExpired:
        raise NotComparable(f"git {arguments[0]} gave no answer for {SECONDS:g} s.") from None


def _make_command(*arguments: str) -> list[str]:
    return ["git", "--no-optional-locks", *arguments]

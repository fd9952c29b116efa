"""A git repository, read without changing anything in it: not a file, not the index, not a lock."""

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
"""What a question to git may take."""


@dataclass(frozen=True)
class Repository:
    """The repository that the working directory is in."""

    top: Path
    """Where its working tree begins."""
    prefix: str
    """The working directory in it; empty at its top."""

    @classmethod
    def here(cls) -> "Repository":
        """Raises NotComparable where there is none, or no git."""
        asked = _git("rev-parse", "--show-toplevel", "--show-prefix")
        if asked.returncode:
            said = asked.stderr.decode(errors="replace").strip().partition("\n")[0] or "git does not say why"
            raise NotComparable(f"There is no revision to compare with in {Path.cwd()}: {said}.")
        top, prefix = os.fsdecode(asked.stdout).split("\n")[:2]
        return cls(Path(top), prefix.rstrip("/"))

    def resolve(self, revision: str) -> str:
        """The commit that `revision` names, by its full hash.

        Raises BadInput where it names none, NotComparable where the clone is too shallow to have it.
        """
        asked = _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        commit = asked.stdout.decode(errors="replace").strip()
        if not asked.returncode and not commit.startswith("^"):  # that is how git writes "not this one"
            return commit
        if self.shallow:
            raise NotComparable(
                f"This clone is shallow and has no revision {revision!r}: fetch its history"
                " (fetch-depth: 0 in actions/checkout, GIT_DEPTH: 0 in GitLab CI, git fetch --unshallow)."
            )
        raise BadInput(f"There is no revision {revision!r} in {self.top}: give a branch, a tag or a commit.")

    @property
    def shallow(self) -> bool:
        return _git("rev-parse", "--is-shallow-repository").stdout.strip() == b"true"

    def extract(self, commit: str, into: Path) -> None:
        """Write the files of `commit` below `into`. Raises NotComparable where git cannot hand them over."""
        packing = subprocess.Popen(
            _command("archive", "--format=tar", commit),
            cwd=self.top,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
        )
        with packing:
            assert packing.stdout is not None
            assert packing.stderr is not None
            trouble = _unpack(packing.stdout, into, self.top)
            packing.stdout.close()  # where it was not read to its end, git is to stop
            said = packing.stderr.read().decode(errors="replace").strip()
        if packing.returncode or trouble:
            reason = " ".join((said or trouble or "").split()) or f"git archive ended with {packing.returncode}"
            raise NotComparable(f"The files of revision {commit[:12]} cannot be read: {reason}.")

    def changed(self) -> bool:
        """Whether the working tree differs from its commit: in files that git follows, or by others that it would."""
        return bool(_git("status", "--porcelain", "--untracked-files=normal").stdout.strip())

    def knows(self, commit: str, path: str) -> bool:
        """Whether `commit` has a file at `path`, which is relative to the top."""
        return not _git("cat-file", "-e", f"{commit}:{path}").returncode


def describe() -> str | None:
    """The commit of the working directory, with `-dirty` where tracked files differ from it; None outside of git.

    Not by `git describe --dirty`, which writes the index anew.
    """
    try:
        asked = _git("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
        if asked.returncode:
            return None
        changed = _git("status", "--porcelain", "--untracked-files=no", "--ignore-submodules=none")
    except NotComparable:
        return None
    return asked.stdout.decode().strip() + ("-dirty" if changed.stdout.strip() else "")


def code(others: Iterable[Path] = ()) -> str | None:
    """A hash of all Python files that git follows, or would, in the repository that this is in, and of `others`; None
    where there are neither."""
    files = {str(path): path for path in others}
    with suppress(NotComparable):
        top = Repository.here().top
        listed = _git("-C", str(top), "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.py").stdout
        files |= {name: top / name for name in map(os.fsdecode, filter(None, listed.split(b"\0")))}
    if not files:
        return None
    seen = hashlib.sha256()
    for name, path in sorted(files.items()):
        with suppress(OSError):  # deleted, and git still follows it
            seen.update(os.fsencode(name) + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return seen.hexdigest()


def _unpack(stream: IO[bytes], into: Path, top: Path) -> str | None:
    """Unpack what an archive of `top` holds, and nothing outside of `into`. Why it could not be, or None."""
    outward: dict[Path, Path] = {}

    def keep(member: tarfile.TarInfo, place: str) -> tarfile.TarInfo | None:
        try:
            return tarfile.data_filter(member, place)
        except (tarfile.AbsoluteLinkError, tarfile.LinkOutsideDestinationError):
            outward[into / member.name] = (top / member.name).parent / member.linkname
            return None

    try:
        with tarfile.open(fileobj=stream, mode="r|") as archive:
            archive.extractall(into, filter=keep)
        while stream.read(65_536):  # what fills the last record
            pass
        for link, target in outward.items():  # last, so that nothing is unpacked through one
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(target)
    except (tarfile.TarError, OSError) as error:
        return str(error)
    return None


def _git(*arguments: str) -> "subprocess.CompletedProcess[bytes]":
    try:
        return subprocess.run(
            _command(*arguments), check=False, capture_output=True, stdin=subprocess.DEVNULL, timeout=SECONDS
        )
    except FileNotFoundError:
        raise NotComparable("There is no git here, so there is no revision to compare with: install git.") from None
    except subprocess.TimeoutExpired:
        raise NotComparable(f"git {arguments[0]} gave no answer for {SECONDS:g} s.") from None


def _command(*arguments: str) -> list[str]:
    return ["git", "--no-optional-locks", *arguments]

import os
import subprocess
import tarfile

import pytest
from repositories import contents

from harness.engine.revisions import repository, revisions
from harness.engine.revisions.repository import Repository
from harness.errors import BadInput, NotComparable


@pytest.fixture
def git(tmp_path, monkeypatch):
    """A repository as the working directory, isolated from the user's git settings."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)

    def git(*words):
        who = ["-c", "user.name=a", "-c", "user.email=a@b"]
        return subprocess.run(["git", *who, *words], check=True, capture_output=True, text=True).stdout.strip()

    return git


@pytest.fixture
def committed(git, tmp_path):
    git("init", "-q")
    (tmp_path / "loop.py").write_text("here = 1\n")
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "inner.py").write_text("")
    git("add", ".")
    git("commit", "-qm", "first")
    return tmp_path


# The commit


def test_commit_is_full_hash_with_dirty_flag(git, tmp_path):
    git("init", "-q")
    (tmp_path / "tracked").write_text("1")
    git("add", "tracked")
    git("commit", "-qm", "first")
    head = git("rev-parse", "HEAD")
    assert repository.describe() == head
    (tmp_path / "untracked").write_text("")
    assert repository.describe() == head
    (tmp_path / "tracked").write_text("2")
    assert repository.describe() == f"{head}-dirty"


def test_commit_is_not_replaced_by_a_tag(git):
    git("init", "-q")
    git("commit", "-qm", "first", "--allow-empty")
    git("tag", "-a", "v1", "-m", "v1")
    assert repository.describe() == git("rev-parse", "HEAD")


def test_no_commit_without_a_repository_or_commits(git):
    assert repository.describe() is None
    git("init", "-q")
    assert repository.describe() is None


@pytest.mark.parametrize("failure", [FileNotFoundError("git"), subprocess.TimeoutExpired("git", 10)])
def test_no_commit_without_a_working_git(monkeypatch, failure):
    def run(*args, **kwargs):
        raise failure

    monkeypatch.setattr(repository.subprocess, "run", run)
    assert repository.describe() is None


def test_queries_write_nothing(committed, git):
    os.utime(committed / "loop.py", (0, 0))  # which makes git look at the file again, and note that it has
    before = contents(committed)
    assert repository.describe() == Repository.here().resolve("HEAD")
    assert not Repository.here().has_changes()
    assert contents(committed) == before


# Revisions


def test_a_revision_resolves_only_to_a_commit(committed, git):
    here = Repository.here()
    head = git("rev-parse", "HEAD")
    git("tag", "-a", "v1", "-m", "v1")
    assert here.resolve("HEAD") == here.resolve("v1") == here.resolve(head[:8]) == head
    for wrong in ("nosuch", "", "--all", "HEAD:loop.py", "HEAD^", "^HEAD", "v1 v1"):
        with pytest.raises(BadInput, match="There is no revision"):
            here.resolve(wrong)


def test_a_shallow_clone_says_how_to_get_the_history(committed, git, tmp_path, monkeypatch):
    git("commit", "-qm", "second", "--allow-empty")
    git("clone", "-q", "--depth=1", f"file://{committed}", "clone")
    monkeypatch.chdir(committed / "clone")
    assert Repository.here().resolve("HEAD")
    with pytest.raises(NotComparable, match="fetch-depth: 0"):
        Repository.here().resolve("HEAD^")


def test_error_outside_of_a_repository(git):
    with pytest.raises(NotComparable, match="There is no revision to compare with"):
        Repository.here()


def test_error_without_git(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotComparable, match="install git"):
        Repository.here()


def test_works_in_a_subfolder_of_the_repository(committed, monkeypatch):
    monkeypatch.chdir(committed / "src")
    assert Repository.here() == Repository(committed.resolve(), "src")


def test_unpacks_the_files_of_a_commit_unchanged(committed, git, tmp_path_factory):
    (committed / "loop.py").write_text("here = 2\n")
    (committed / "new.py").write_text("")
    into = tmp_path_factory.mktemp("into")
    before = contents(committed)
    Repository.here().extract(git("rev-parse", "HEAD"), into)
    assert contents(into) == {"loop.py": b"here = 1\n", "src/inner.py": b""}
    assert contents(committed) == before


def test_links_out_of_the_repository_keep_their_targets(committed, git, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside")
    (outside / "data").write_text("here")
    (committed / "absolute").symlink_to(outside / "data")
    (committed / "src" / "relative").symlink_to(os.path.relpath(outside / "data", committed / "src"))
    (committed / "src" / "within").symlink_to("../loop.py")
    git("add", ".")
    git("commit", "-qm", "links")
    into = tmp_path_factory.mktemp("into")
    Repository.here().extract(git("rev-parse", "HEAD"), into)
    assert (into / "absolute").read_text() == (into / "src" / "relative").read_text() == "here"
    assert (into / "src" / "within").resolve() == into.resolve() / "loop.py"


def test_code_differs_only_if_a_python_file_differs(committed, git, monkeypatch):
    seen = [repository.code_hash()]
    (committed / "loop.py").write_text("here = 2\n")
    seen.append(repository.code_hash())
    (committed / "src" / "new.py").write_text("")
    seen.append(repository.code_hash())
    (committed / "src" / "inner.py").unlink()
    seen.append(repository.code_hash())
    assert len(set(seen)) == len(seen)
    git("add", "-A")
    git("commit", "-qm", "second")
    os.utime(committed / "loop.py", ns=(0, 0))
    (committed / "report.md").write_text("")
    (committed / ".gitignore").write_text("*.txt.py\n")
    (committed / "ignored.txt.py").write_text("")
    monkeypatch.chdir(committed / "src")
    assert repository.code_hash() == seen[-1]


def test_files_outside_the_repository_count_as_code(committed, git, tmp_path_factory, monkeypatch):
    other = tmp_path_factory.mktemp("elsewhere") / "mine.py"
    other.write_text("here = 1")
    first = repository.code_hash([other])
    assert first not in (None, repository.code_hash())
    monkeypatch.chdir(other.parent)
    assert repository.code_hash() is None
    alone = repository.code_hash([other])
    other.write_text("here = 2")
    assert alone is not None
    assert repository.code_hash([other]) not in (None, alone)


def test_a_hanging_git_gives_an_error_message(committed, monkeypatch):
    def hang(command, **options):
        raise subprocess.TimeoutExpired(command, options["timeout"])

    monkeypatch.setattr(repository.subprocess, "run", hang)
    with pytest.raises(NotComparable, match="git rev-parse gave no answer for 60 s"):
        Repository.here()
    assert repository.code_hash() is None


def test_a_failed_unpack_gives_an_error_message(committed, git, tmp_path_factory, monkeypatch):
    with pytest.raises(NotComparable, match="cannot be read"):
        Repository.here().extract("0" * 40, tmp_path_factory.mktemp("into"))

    def full(*arguments, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tarfile.TarFile, "extractall", full)
    with pytest.raises(NotComparable, match="No space left"):
        Repository.here().extract(git("rev-parse", "HEAD"), tmp_path_factory.mktemp("into"))


def test_removes_folders_of_killed_runs_but_not_those_in_use(tmp_path, monkeypatch):
    monkeypatch.setattr(revisions.tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr(revisions.tempfile, "tempdir", str(tmp_path))
    used = revisions._LockedFolder()
    left, fresh, others = (tmp_path / name for name in ("harness-revision-a", "harness-revision-b", "harness-x"))
    for folder in (left, fresh, others):
        folder.mkdir()
        (folder / "file").write_text("")
    for folder in (left, others, used.path):
        os.utime(folder, (0, 0))
    revisions.remove_abandoned()
    assert not left.exists()
    assert fresh.exists()
    assert others.exists()
    assert used.path.exists()

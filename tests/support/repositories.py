"""Git repositories for the tests of the gate, with a training of one millisecond per epoch on a simulated clock."""

import subprocess

SOURCE = '''
import sys

from harness.worker.probes import clock


class Loop:
    """A millisecond an epoch, by a clock that stands still but for that; the loss falls."""

    epochs = 400

    def __init__(self, seed=0):
        self.now, self.error = 0, 1.0
        clock.perf_counter_ns = lambda: self.now

    def epoch(self, index):
        self.now += 1_000_000
        self.error *= 0.99
        return {"loss": self.error}

    def evaluate(self):
        return {"error": self.error}
'''


def git(folder, *arguments):
    identity = ["-c", "user.name=nobody", "-c", "user.email=nobody@example.invalid", "-c", "init.defaultBranch=main"]
    done = subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def repository(folder, files=None):
    """A repository with one commit: `files` by their paths, or else `loop.py`."""
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "-q")
    write(folder, files or {"loop.py": SOURCE})
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "first")
    return folder


def write(folder, files):
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)


def contents(folder):
    """Every file below `folder`, those of git included."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}

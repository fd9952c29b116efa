"""What a child's journal tells of it once it has ended."""

import os
import signal
import subprocess
import sys

from epochs import epoch_of
from hypothesis import given
from hypothesis import strategies as st

from harness.worker.journal import Journal, read

CHILD = """
import os, signal, sys
from harness.worker.journal import Journal
from harness.record.schema import Epoch

own = Journal(sys.argv[1])
for index in range(int(sys.argv[2])):
    own.add(Epoch(index, "full", 0.001, 0.001, {"loss": 1.0}))
os.kill(os.getpid(), signal.SIGKILL)
"""


def epoch(index, kind="full"):
    return epoch_of(index, kind, 0.001, 0.001, {"loss": 1.0})


def test_however_a_child_ends_every_epoch_that_it_ran_is_there(tmp_path):
    for number in (0, 1, 2000):
        path = tmp_path / str(number)
        ended = subprocess.run([sys.executable, "-c", CHILD, str(path), str(number)], check=False)
        assert ended.returncode == -signal.SIGKILL
        assert read(path) == [epoch(index) for index in range(number)]


@given(slices=st.lists(st.lists(st.text(max_size=40), max_size=9), max_size=5))
def test_it_is_about_the_latest_slice(slices, tmp_path_factory):
    path = tmp_path_factory.mktemp("journal") / "journal"
    own = Journal(os.fspath(path))
    for kinds in slices:
        own.clear()
        for index, kind in enumerate(kinds):
            own.add(epoch(index, kind))
            assert read(path) == own.epochs == [epoch(at, kind) for at, kind in enumerate(kinds[: index + 1])]


def test_it_grows_with_what_is_in_it(tmp_path):
    own = Journal(os.fspath(tmp_path / "journal"))
    own.add(epoch(0))
    own.add(epoch(1, "k" * 1_000_000))
    own.add(epoch(2))
    assert read(tmp_path / "journal") == own.epochs


def test_who_never_ran_left_nothing(tmp_path):
    (tmp_path / "journal").touch()
    assert read(tmp_path / "journal") == []

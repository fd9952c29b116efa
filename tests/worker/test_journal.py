"""What a child's journal tells of it once it has ended."""

import os
import signal
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.engine.processes.answers import from_journal
from harness.record import evidence
from harness.worker.journal import Journal, read
from harness.worker.wire.evidence import Cause, MemoryUse, OperationsUse, OperationUse, PhaseUse, Trace
from harness.worker.wire.messages import Epoch

CHILD = """
import os, signal, sys
from harness.worker.journal import Journal
from harness.worker.wire.messages import Epoch

own = Journal(sys.argv[1])
for index in range(int(sys.argv[2])):
    own.add(Epoch(index, "full", 0.001, 0.001, {"loss": 1.0}))
os.kill(os.getpid(), signal.SIGKILL)
"""


def epoch(index, kind="full"):
    return Epoch(index, kind, 0.001, 0.001, {"loss": 1.0})


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


numbers = st.floats(allow_nan=False)
epochs = st.builds(
    Epoch,
    index=st.integers(0, 2**40),
    kind=st.text(max_size=5),
    wall=numbers,
    cpu=numbers,
    losses=st.dictionaries(st.text(max_size=3), st.none() | numbers, max_size=4),
    first=st.booleans(),
    sizes=st.dictionaries(st.text(max_size=3), numbers, max_size=2),
    evidence=st.dictionaries(st.text(max_size=3), st.lists(st.integers()) | st.text(max_size=3), max_size=2),
)


@given(st.lists(epochs, max_size=6))
def test_whatever_an_epoch_has_is_there(tmp_path_factory, epochs):
    path = tmp_path_factory.mktemp("journal") / "journal"
    own = Journal(os.fspath(path))
    for epoch in epochs:
        own.add(epoch)
    assert read(path) == own.epochs == epochs


SEEN = {
    "traces": [Trace("step", "pinn.py:3", 0.5, Cause("first", "its first tracing"), "refine")],
    "phases": [PhaseUse("", 1, 0.5, 1.0), PhaseUse("refine", 2, 0.5, 0.5, 10**9)],
    "memory": MemoryUse(10**9, 10**8, None),
    "operations": OperationsUse([OperationUse("MatMul", "net", 3, 0.25)], 0.25),
    "of a probe of one's own": {"joules": 3.5},
}


def test_what_probes_saw_has_its_types_again_in_the_parent(tmp_path):
    own = Journal(os.fspath(tmp_path / "journal"))
    own.add(Epoch(0, "full", 0.5, 0.5, {"loss": 1.0}, evidence=SEEN))
    (found,) = from_journal(read(tmp_path / "journal"))
    assert found.evidence == SEEN
    assert evidence.traces(found)[0].cause.kind == "first"
    assert evidence.phases(found)[1].peak_rss_bytes == 10**9


def test_what_no_record_can_hold_is_no_epoch_and_neither_is_what_follows(tmp_path):
    own = Journal(os.fspath(tmp_path / "journal"))
    for wall, seen in ((0.5, {}), (0.5, {"phases": "none of that kind"}), (0.5, {})):
        own.add(Epoch(0, "full", wall, 0.5, {"loss": 1.0}, evidence=seen))
    assert len(read(tmp_path / "journal")) == 3
    assert len(from_journal(read(tmp_path / "journal"))) == 1


def test_evidence_that_is_no_json_is_refused_and_the_epoch_is_not_kept(tmp_path):
    own = Journal(os.fspath(tmp_path / "journal"))
    own.add(epoch(0))
    with pytest.raises(TypeError, match="set is not a message or part of one"):
        own.add(Epoch(1, "full", 0.5, 0.5, {"loss": 1.0}, evidence={"seen": {1, 2}}))
    own.add(epoch(2))
    assert read(tmp_path / "journal") == own.epochs == [epoch(0), epoch(2)]


def test_a_name_that_is_no_unicode_is_kept_as_what_a_record_can_hold(tmp_path):
    own = Journal(os.fspath(tmp_path / "journal"))
    own.add(Epoch(0, "\udc80", 0.5, 0.5, {"\udc81": 1.0}))
    (found,) = from_journal(read(tmp_path / "journal"))
    assert (found.kind, found.losses) == ("?", {"?": 1.0})

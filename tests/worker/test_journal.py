"""The journal of a child process, read after its end."""

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
    own.add(Epoch(index=index, kind="full", wall=0.001, cpu=0.001, losses={"loss": 1.0}))
os.kill(os.getpid(), signal.SIGKILL)
"""


def epoch(index, kind="full", wall=0.001, **more):
    return Epoch(index=index, kind=kind, wall=wall, cpu=0.001, losses={"loss": 1.0}, **more)


def test_journal_has_every_finished_epoch_however_the_child_ends(tmp_path):
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


def test_no_journal_without_epochs(tmp_path):
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
def test_any_epoch_survives_a_round_trip(tmp_path_factory, epochs):
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


def test_evidence_is_typed_again_in_the_parent(tmp_path):
    own = Journal(os.fspath(tmp_path / "journal"))
    own.add(epoch(0, wall=0.5, evidence=SEEN))
    (found,) = from_journal(read(tmp_path / "journal"))
    assert found.evidence == SEEN
    assert evidence.traces(found)[0].cause.kind == "first"
    assert evidence.phases(found)[1].peak_rss_bytes == 10**9


def test_reading_stops_at_an_epoch_that_no_record_can_hold(tmp_path):
    own = Journal(os.fspath(tmp_path / "journal"))
    for wall, seen in ((0.5, {}), (0.5, {"phases": "none of that kind"}), (0.5, {})):
        own.add(epoch(0, wall=wall, evidence=seen))
    assert len(read(tmp_path / "journal")) == 3
    assert len(from_journal(read(tmp_path / "journal"))) == 1


def test_rejects_an_epoch_with_evidence_that_is_not_json(tmp_path):
    own = Journal(os.fspath(tmp_path / "journal"))
    own.add(epoch(0))
    with pytest.raises(TypeError, match="set is not a message or part of one"):
        own.add(epoch(1, wall=0.5, evidence={"seen": {1, 2}}))
    own.add(epoch(2))
    assert read(tmp_path / "journal") == own.epochs == [epoch(0), epoch(2)]


def test_a_name_that_is_not_valid_unicode_is_escaped(tmp_path):
    own = Journal(os.fspath(tmp_path / "journal"))
    own.add(Epoch(index=0, kind="\udc80", wall=0.5, cpu=0.5, losses={"\udc81": 1.0}))
    (found,) = from_journal(read(tmp_path / "journal"))
    assert (found.kind, found.losses) == ("?", {"?": 1.0})

"""Lines that start processes are observed, with real ones."""

import multiprocessing
import subprocess
import sys
import threading
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from harness.worker.probes.starts import StartProbe


@pytest.fixture
def probe(monkeypatch):
    """A probe whose replacements are undone after the test."""
    for owner, names in ((BaseProcess, ("start", "join")), (subprocess.Popen, ("__init__", "wait", "communicate"))):
        for name in names:
            monkeypatch.setattr(owner, name, getattr(owner, name))
    return StartProbe()


def start(number):
    found = [multiprocessing.get_context("spawn").Process(target=int) for _ in range(number)]
    for one in found:
        one.start()  # here
    return found


def test_processes_are_counted_at_the_line_that_starts_them_with_their_end(probe):
    probe.begin(True)
    found = start(2)
    begun = probe._seconds.copy()
    for one in found:
        one.join()
    subprocess.run([sys.executable, "-c", ""], check=True)
    several, one = probe.end(1.0)
    lines = Path(__file__).read_text().splitlines()
    line = next(number for number, text in enumerate(lines, 1) if text.endswith("# here"))
    assert (several.where.rpartition("/")[2], several.calls) == (f"test_starts.py:{line}", 2)
    assert several.text == "one.start()  # here"
    assert several.seconds > sum(begun.values()) > 0
    assert (one.text, one.calls) == ('subprocess.run([sys.executable, "-c", ""], check=True)', 1)


def test_nothing_is_counted_outside_of_epochs_or_in_other_threads(probe):
    probe.begin(True)
    assert probe.end(1.0) == []
    late = start(1)
    probe.begin(True)
    late[0].join()
    other = threading.Thread(target=lambda: [one.join() for one in start(1)])
    other.start()
    other.join()
    assert probe.end(1.0) == []


def test_a_process_that_cannot_start_counts_too_and_its_error_is_the_programs(probe):
    probe.begin(True)
    with pytest.raises(FileNotFoundError):
        subprocess.Popen(["there is no such program"])
    assert [one.calls for one in probe.end(1.0)] == [1]

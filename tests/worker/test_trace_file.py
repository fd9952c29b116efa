"""Files in Chrome's trace format."""

import json

from drawn import Drawn, read

from harness.worker import trace_file
from harness.worker.trace_file import TraceFile


def test_tracks_of_the_same_name_stay_apart_and_processes_have_numbers(tmp_path):
    file = TraceFile()
    file.add_track("training", "epochs")
    file.add("operations", "pool/1", "mm", 2.0, 3.0)
    file.add("operations", "pool/2", "add", 2.5, 1.0)
    file.add("training", "epochs", "epoch 0", 0.0, 9.0)
    file.write(tmp_path / "file.json")
    assert read(tmp_path / "file.json") == {
        ("operations", "pool", 1): [Drawn("mm", 2.0, 5.0)],
        ("operations", "pool", 2): [Drawn("add", 2.5, 3.5)],
        ("training", "epochs", 1): [Drawn("epoch 0", 0.0, 9.0)],
    }


def test_every_event_has_a_time_and_only_some_have_arguments(tmp_path):
    file = TraceFile()
    file.add("training", "epochs", "epoch 0", 1.0, 2.0)
    file.add("training", "epochs", "epoch 1", 3.0, 2.0, {"scope": "net"})
    file.write(tmp_path / "file.json")
    events = json.loads((tmp_path / "file.json").read_text())["traceEvents"]
    assert all("ts" in event for event in events)
    assert [event.get("args") for event in events if event["ph"] == "X"] == [None, {"scope": "net"}]


def test_says_when_it_is_full(monkeypatch):
    monkeypatch.setattr(trace_file, "MOST_EVENTS", 4)
    file = TraceFile()
    for number in range(2):
        assert not file.full
        file.add("training", "epochs", f"epoch {number}", number, 1.0)
    assert file.full

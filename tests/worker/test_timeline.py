"""A timeline in the format of Chrome's traces."""

import json

from harness.worker.probes.operations import Operation
from harness.worker.probes.phases import PhaseProbe
from harness.worker.probes.tensorflow import TensorFlow
from harness.worker.probes.tensorflow.operations import TensorFlowOperations
from harness.worker.probes.tensorflow.traces import TraceProbe
from harness.worker.timeline import Timeline


def test_epochs_phases_traces_and_threads_have_separate_tracks(tmp_path):
    phases, tracings, operations = PhaseProbe(), TraceProbe(), TensorFlowOperations(TensorFlow())
    phases._ended = [("solve", 1.1, 0.2), ("step", 1.0, 0.5), ("", 0.9, 0.7)]
    tracings._spans = [("step", 1.0, 0.05)]
    operations._latest = [
        Operation("MatMul", "net", "tf_Compute/123", 1.1, 0.1, 0.1),
        Operation("Sum", "", "tf_Compute/456", 1.15, 0.01, 0.01),
    ]
    timeline = Timeline()
    for probe in (phases, tracings, operations):
        timeline.add_epoch("data 3", probe.spans())
    timeline.write(tmp_path / "timeline.json")
    events = json.loads((tmp_path / "timeline.json").read_text())["traceEvents"]
    tracks = {(e["pid"], e["tid"]): e["args"]["name"] for e in events if e["name"] == "thread_name"}
    processes = {e["pid"]: e["args"]["name"] for e in events if e["name"] == "process_name"}
    drawn = [
        (processes[e["pid"]], tracks[e["pid"], e["tid"]], e["name"], round(e["ts"]), round(e["dur"]))
        for e in events
        if e["ph"] == "X"
    ]
    assert drawn == [
        ("training", "phases", "solve", 1_100_000, 200_000),
        ("training", "phases", "step", 1_000_000, 500_000),
        ("training", "epochs", "data 3", 900_000, 700_000),
        ("training", "tracings", "tracing step", 1_000_000, 50_000),
        ("TensorFlow's operations", "tf_Compute", "MatMul", 1_100_000, 100_000),
        ("TensorFlow's operations", "tf_Compute", "Sum", 1_150_000, 10_000),
    ]
    assert len({e["tid"] for e in events if e["ph"] == "X" and e["pid"] == 2}) == 2
    assert next(e for e in events if e["name"] == "MatMul")["args"] == {"scope": "net"}

"""What a profile finds of planted faults, and does not find where there is none."""

import json
import re
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace
from paths import SUPPORT
from planned import planned

from harness import rounding
from harness.analysis.profile.growths import growths
from harness.analysis.profile.operations import profiles
from harness.analysis.profile.phases import phases, watched
from harness.analysis.profile.rules import Evidence, findings
from harness.analysis.profile.tracings import by_cause, by_function, of_one_block
from harness.engine.session import measure
from harness.record import evidence
from harness.record.store import read
from harness.report.layouts.comparison import sentences
from harness.report.sections import profiled as profiled_report
from harness.report.summarize import summarize
from harness.worker import passes
from harness.worker.probes import memory

MB = 1_000_000


def profiled(out, name, file="faults.py", probes=("phases", "memory"), epochs=40):
    plan = planned("profile", f"{SUPPORT / file}:{name}", epochs=epochs)
    assert plan.probes == ("phases", "memory", "operations")
    record = measure(replace(plan, probes=probes), out, lambda event, record: None)
    assert not record.failure(name)
    again = read(out)
    assert (again.slices, again.watched) == (record.slices, record.watched)
    return record


def profiled_tables(record):
    return [table for table in profiled_report.tables(summarize(record).arms[0], record) if table]


def told(record):
    return findings(Evidence.of(record, record.plan.baseline))


def test_phases_are_found_with_their_shares(tmp_path):
    record = profiled(tmp_path / "run", "Marked", probes=("phases",))
    found = {phase.path: phase for phase in phases(record, "Marked")}
    assert found.keys() == {"weights", "weights > solve", "step", ""}
    # On a busy machine more time passes in any of them than they work, but each works for as long as it says.
    assert found["weights"].total_seconds >= 0.006
    assert found["weights > solve"].own_seconds >= 0.002
    inner = found["weights > solve"].own_seconds
    assert found["weights"].total_seconds >= found["weights"].own_seconds + 0.5 * inner  # they are medians
    assert sum(phase.share for phase in found.values()) == pytest.approx(1.0)


@pytest.mark.skipif(sys.platform != "linux", reason="peaks are exact on Linux")
def test_a_short_spike_is_found_in_its_phase_with_its_size(tmp_path):
    record = profiled(tmp_path / "run", "Spikes")
    peaks = {phase.path: phase.peak_rss_bytes for phase in phases(record, "Spikes")}
    assert peaks["refine"] - peaks["step"] == pytest.approx(200 * MB, rel=0.02)
    assert peaks[""] == peaks["refine"]
    assert growths(record, "Spikes")["epoch"].verdict == "steady"
    head, *line = (tmp_path / "run" / "logs" / "block0-memory.dat").read_text().splitlines()
    assert head == "CMDLINE Spikes"
    sizes, times = zip(*(map(float, entry.removeprefix("MEM ").split()) for entry in line), strict=True)
    assert len(line) > 3
    assert list(times) == sorted(times)
    assert 10 < min(sizes) <= max(sizes) < 1000


@pytest.mark.skipif(sys.platform != "linux", reason="resident memory is exact on Linux")
def test_a_leak_is_found_with_its_size_and_a_clean_trainer_has_none(tmp_path):
    leaking = growths(profiled(tmp_path / "leaks", "Leaks", probes=("memory",)), "Leaks")["epoch"]
    assert leaking.verdict == "growing"
    assert leaking.bytes_per_epoch == pytest.approx(MB, rel=0.2)
    clean = profiled(tmp_path / "clean", "Clean", probes=("memory",))
    assert growths(clean, "Clean")["epoch"].verdict == "steady"


def test_what_is_watched_is_timed_apart(tmp_path):
    record = profiled(tmp_path / "run", "Clean")
    assert all(
        not evidence.phases(epoch) and evidence.memory(epoch) is None
        for piece in record.slices
        for epoch in piece.epochs
    )
    assert len({ready.pid for ready in record.ready}) == len(record.ready) == 3
    assert [epoch.index for epoch in watched(record, "Clean", "phases")] == list(range(40))
    assert [end.status for end in record.ends] == ["ok"] * 3


@pytest.mark.parametrize(
    ("name", "kind", "text"),
    [
        ("FloatRate", "value", "argument rate: Python value 0.1 -> 0.05"),
        ("Grows", "shape", "argument x: shape (8, 3) -> (9, 3)"),
        (
            "NewFunction",
            "new function",
            "a new tf.function, or that of another instance, for code that was traced before",
        ),
        ("NewOptimizer", "object", "argument optimizer: another Optimizer"),
    ],
)
def test_a_retrace_is_found_with_its_cause(tmp_path, name, kind, text):
    record = profiled(tmp_path / "run", name, "retraced.py", probes=(), epochs=8)
    found = by_cause(of_one_block(record, name))
    told = {one.cause.kind: one for one in found}
    assert told.keys() == {"first", kind}
    assert told[kind].cause.text == text
    assert (told["first"].times, told[kind].times) == (1, 7)
    assert told[kind].function == ("NewOptimizer._optimize" if name == "NewOptimizer" else "Clean._step")


@pytest.mark.parametrize("name", ["FloatRate", "Grows", "NewFunction", "NewFunctionWithVariables"])
def test_what_retraces_in_every_epoch_is_told_with_bounds_of_its_cost(tmp_path, name):
    record = profiled(tmp_path / "run", name, "retraced.py", probes=("operations",), epochs=8)
    (found,) = told(record)
    seen = sum(
        trace.seconds for epoch in of_one_block(record, name) if not epoch.first for trace in evidence.traces(epoch)
    )
    whole = sum(epoch.wall for epoch in of_one_block(record, name))
    later = sum(epoch.wall for epoch in of_one_block(record, name) if not epoch.first)
    assert found.rule == "retraced"
    assert found.seconds == pytest.approx(seen)
    assert found.share == pytest.approx(seen / whole)
    assert found.share < found.most_share < later / whole
    assert found.text.count("since every epoch traced or compiled") == 1


def test_what_retraces_now_and_then_is_charged_with_all_beyond_the_other_epochs(tmp_path):
    record = profiled(tmp_path / "run", "NewRate", "retraced.py", probes=(), epochs=24)
    (found,) = told(record)
    epochs = of_one_block(record, "NewRate")
    traced = [epoch for epoch in epochs if evidence.traces(epoch) and not epoch.first]
    assert [epoch.index for epoch in traced] == [4, 8, 12, 16, 20]
    assert sum(trace.seconds for epoch in traced for trace in evidence.traces(epoch)) < found.seconds
    assert found.seconds < sum(epoch.wall for epoch in traced)
    assert f"{rounding.percent(found.share)} of the time of all epochs. Pass a tensor." in found.text


def test_a_cause_without_advice_is_told_with_where_to_look(tmp_path):
    record = profiled(tmp_path / "run", "Lambdified", "retraced.py", probes=(), epochs=8)
    (found,) = told(record)
    assert found.text.startswith("7 of 7 epochs trace something new, 7 functions or causes in all.")
    assert ": each time as a new function. That took at least " in found.text
    assert re.search(r"Look at \S*lambdified \d>:1 for what creates it again\.$", found.text)


def test_a_compilation_that_no_trace_announces_is_found(tmp_path):
    record = profiled(tmp_path / "run", "Recompiles", "retraced.py", probes=(), epochs=8)
    epochs = of_one_block(record, "Recompiles")
    (one,) = by_function(epochs)
    assert (one.function, one.times, one.silent) == ("Clean._step", 8, 7)
    assert sum(len(evidence.traces(epoch)) for epoch in epochs) == 1
    assert all(len(evidence.compilations(epoch)) == 1 for epoch in epochs)


def test_compilations_are_seen_though_the_trainer_hides_what_tensorflow_logs(tmp_path):
    record = profiled(tmp_path / "run", "Recompiles", "quiet.py", probes=(), epochs=4)
    (one,) = by_function(of_one_block(record, "Recompiles"))
    assert (one.times, one.silent) == (4, 3)
    assert record.unavailable("Recompiles").keys() == {"peak of tensors"}  # its tensors are small


def test_who_has_a_shape_for_each_sort_of_points_is_not_accused_of_retracing(tmp_path):
    record = profiled(tmp_path / "run", "SeveralShapes", "retraced.py", probes=(), epochs=8)
    (again, first) = sorted(by_cause(of_one_block(record, "SeveralShapes")), key=lambda one: one.cause.kind != "shape")
    assert (again.times, again.epochs, again.again) == (2, (0,), 0)
    assert first.cause.kind == "first"
    assert told(record) == []


def test_a_tracing_is_told_with_its_epochs_and_its_phase(tmp_path):
    record = profiled(tmp_path / "run", "Phased", "retraced.py", probes=("phases",), epochs=4)
    (one,) = by_cause(of_one_block(record, "Phased"))
    assert (one.epochs, one.phases) == ((0,), ("train",))
    (table,) = [table for table in profiled_tables(record) if table.title == "Traces"]
    assert table.columns == ["function", "defined at", "why", "phase", "epochs", "times", "tracing", "extra time"]
    assert table.rows[0][3:6] == ["train", "0", "1"]


@pytest.mark.skipif(sys.platform != "linux", reason="resident memory is exact on Linux")
def test_a_list_that_keeps_a_tensor_an_epoch_is_found_with_its_size(tmp_path):
    record = profiled(tmp_path / "run", "KeepsTensors", "retraced.py", probes=("memory",))
    found = growths(record, "KeepsTensors")["epoch"]
    assert found.verdict == "growing"
    assert found.bytes_per_epoch == pytest.approx(MB, rel=0.2)


def test_where_too_few_epochs_ran_in_a_row_to_tell_of_growth_that_is_said(tmp_path):
    record = profiled(tmp_path / "run", "Clean", probes=("memory",), epochs=5)
    said = list(sentences(summarize(record)))
    assert (
        "Not available here: memory from epoch to epoch, because fewer than 8 epochs of any kind ran in a row." in said
    )


def test_what_a_profile_shows_is_in_its_json(tmp_path):
    record = profiled(tmp_path / "run", "Marked", probes=("phases", "memory"))
    (arm,) = json.loads(summarize(record).to_json())["arms"]
    shares = {one["path"]: one["share"] for one in arm["profile"]["phases"]}
    assert shares.keys() == {"weights", "weights > solve", "step", ""}
    assert arm["profile"]["growth"]["epoch"]["verdict"] == growths(record, "Marked")["epoch"].verdict
    assert [one["rule"] for one in arm["findings"]] == ["heavy"]
    traced = profiled(tmp_path / "other", "FloatRate", "retraced.py", probes=("phases",), epochs=8)
    (arm,) = json.loads(summarize(traced).to_json())["arms"]
    epochs = {one["cause"]["kind"]: one["epochs"] for one in arm["profile"]["traces"]}
    assert epochs == {"first": [0], "value": [*range(1, 8)]}


def test_a_clean_trainer_is_traced_once_and_compiled_never(tmp_path):
    record = profiled(tmp_path / "run", "Clean", "retraced.py", epochs=8)
    epochs = of_one_block(record, "Clean")
    (one,) = by_cause(epochs)
    assert (one.cause.kind, one.times) == ("first", 1)
    assert not any(evidence.compilations(epoch) for epoch in epochs)
    assert record.ends[0].unavailable.keys() <= {"peak of tensors"}
    assert told(record) == []


def test_a_term_without_weight_is_found_with_its_share_of_the_schedule(tmp_path):
    record = profiled(tmp_path / "run", "Unweighted", probes=())
    (found,) = told(record)
    assert found.rule == "unweighted"
    assert found.text.startswith("50 % of epochs compute a physics loss whose weight is 0 (kind early):")


@pytest.mark.parametrize(
    ("name", "rules"), [("Clean", []), ("Marked", ["heavy"]), ("Leaks", ["growing"]), ("Spikes", ["heavy"])]
)
@pytest.mark.skipif(sys.platform != "linux", reason="resident memory is exact on Linux")
def test_a_profile_opens_with_what_was_planted_and_with_nothing_else(tmp_path, name, rules):
    found = told(profiled(tmp_path / "run", name))
    assert [one.rule for one in found] == rules


@pytest.mark.parametrize(
    ("name", "functions"),
    [
        ("Nests", {"step", "loss", "network"}),
        ("Fits", {"one_step_on_data", "multi_step_on_iterator"}),
    ],
)
def test_functions_within_functions_are_named_and_their_times_add_up_to_no_more_than_the_epoch(
    tmp_path, name, functions
):
    record = profiled(tmp_path / "run", name, "nested.py", probes=("operations",), epochs=6)
    first, *rest = of_one_block(record, name)
    assert {trace.function.split(".")[-1] for trace in evidence.traces(first)} >= functions
    assert not any("?" in (trace.function, trace.where) for trace in evidence.traces(first))
    assert all(trace.seconds > 0 for trace in evidence.traces(first))
    assert sum(trace.seconds for trace in evidence.traces(first)) < first.wall
    again = {one.cause.kind for epoch in rest for one in evidence.traces(epoch)}
    assert again == ({"new dataset"} if name == "Fits" else set())
    assert not any("StructuredFunctionWrapper" in trace.function for trace in evidence.traces(first))
    assert profiles(record, name)["epoch"].types


def test_operations_are_seen_in_a_pass_apart_and_drawn_on_a_timeline(tmp_path):
    record = profiled(tmp_path / "run", "Nests", "nested.py", probes=("operations",), epochs=6)
    seen = watched(record, "Nests", "operations")
    assert [epoch.index for epoch in seen] == list(range(6))
    assert all(0 < evidence.busy(epoch) < epoch.wall for epoch in seen)
    assert all(evidence.operations(epoch) and not evidence.phases(epoch)[1:] for epoch in seen)
    events = json.loads((tmp_path / "run" / "timeline.json").read_text())["traceEvents"]
    drawn = [event for event in events if event["ph"] == "X"]
    names = {(event["pid"], event["tid"]): event["args"]["name"] for event in events if event["name"] == "thread_name"}
    of_track = {name: [e for e in drawn if names[e["pid"], e["tid"]] == name] for name in names.values()}
    assert [event["name"] for event in of_track["epochs"]] == [f"epoch {index}" for index in range(6)]
    assert len(of_track["tracings"]) == 3
    first = of_track["epochs"][0]
    assert all(first["ts"] <= e["ts"] <= e["ts"] + e["dur"] <= first["ts"] + first["dur"] for e in of_track["tracings"])


def test_a_timeline_is_beside_the_record_wherever_the_trainer_goes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    profiled(Path("run"), "Wanders", probes=("operations",))
    assert json.loads((tmp_path / "run" / "timeline.json").read_text())["traceEvents"]


def test_what_a_trainer_without_tensorflow_cannot_tell_is_said(tmp_path):
    record = profiled(tmp_path / "run", "Clean", probes=("operations",))
    assert record.unavailable("Clean")["operations"] == "TensorFlow was not loaded"
    said = list(sentences(summarize(record)))
    assert "Not available here: peak of tensors and operations, because TensorFlow was not loaded." in said
    uncounted = "no framework was loaded whose operations can be counted"
    assert f"Not available here: arithmetic, because {uncounted}." in said
    nothing = "no framework that traces or compiles was loaded"
    assert f"Not available here: traces and compilations, because {nothing}." in said


@pytest.mark.skipif(sys.platform != "linux", reason="resident memory is exact on Linux")
def test_exact_memory_has_peaks_that_repeat(tmp_path):
    plan = planned("profile", f"{SUPPORT / 'faults.py'}:Spikes", epochs=12, exact_memory=True)
    record = measure(replace(plan, probes=("memory",)), tmp_path / "run", lambda event, record: None)
    peaks = [evidence.memory(epoch).peak_rss for epoch in watched(record, "Spikes", "memory")[2:]]
    assert max(peaks) - min(peaks) < 0.01 * max(peaks)


@pytest.mark.skipif(sys.platform != "linux", reason="oneDNN is on by default on Linux")
def test_where_tensorflow_does_not_count_its_tensors_it_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")
    record = profiled(tmp_path / "run", "Nests", "nested.py", probes=("memory",), epochs=6)
    assert record.unavailable("Nests") == {
        "peak of tensors": "TensorFlow's allocator does not count them, for example because oneDNN is off"
    }
    assert all(evidence.memory(epoch).peak_tensors is None for epoch in watched(record, "Nests", "memory"))
    assert all(evidence.memory(epoch).peak_rss for epoch in watched(record, "Nests", "memory"))


def test_where_memory_cannot_be_watched_it_says_why(tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "FORGET", tmp_path / "nowhere" / "clear_refs")
    monkeypatch.setattr(memory, "STATUS", tmp_path / "nowhere" / "status")
    probes = passes.probes_of("memory")
    for probe in reversed(probes):
        probe.begin(fresh=True)
    seen = {probe.name: probe.end(1.0) for probe in probes}
    assert [use.peak_rss_bytes for use in seen["phases"]] == [None]
    assert (seen["memory"].peak_rss, seen["memory"].rss) == (None, None)
    assert {what: why for probe in probes for what, why in probe.unavailable.items()} == {
        "peak memory by phase": "the peak of resident memory cannot be reset here: No such file or directory"
    }

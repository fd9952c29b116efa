"""A profile finds planted faults, and reports nothing where there are none."""

import json
import re
import sys
from pathlib import Path

import drawn
import pytest
from msgspec.structs import replace
from paths import SUPPORT
from planned import planned

from harness.analysis.profile.facts import NewTraces
from harness.analysis.profile.growths import growths
from harness.analysis.profile.operations import profiles
from harness.analysis.profile.phases import phases, watched
from harness.analysis.profile.rules import Evidence, findings
from harness.analysis.profile.tracings import by_cause, by_function, of_one_block
from harness.engine.groups import profiling
from harness.engine.session import measure
from harness.record import evidence
from harness.record.store import read
from harness.report.sections import profiled as profiled_report
from harness.report.summarize import summarize
from harness.worker import passes
from harness.worker.probes import memory
from harness.worker.probes.all_operations import NOTHING_OBSERVED

MB = 1_000_000


def profiled(out, name, file="faults.py", probes=("phases", "memory"), epochs=40):
    plan = planned("profile", f"{SUPPORT / file}:{name}", epochs=epochs)
    assert plan.probes == ("phases", "memory", "operations")
    plan = replace(plan, probes=probes, tries_another_seed=False)
    record = measure(plan, out, lambda event, record: None)
    assert not record.failure(name)
    again = read(out)
    assert (again.slices, again.watched) == (record.slices, record.watched)
    return record


def profiled_tables(record):
    return [table for table in profiled_report.tables(summarize(record).arms[0], record) if table]


def findings_of(record):
    return findings(Evidence.of(record, record.baseline))


def test_finds_the_line_that_starts_processes_in_every_epoch(tmp_path):
    record = profiled(tmp_path / "run", "Starts", probes=("phases",), epochs=8)
    (fact,) = [one.fact for one in findings_of(record) if one.rule == "starts processes"]
    assert fact.where.rpartition("/")[2].startswith("faults.py:")
    assert fact.text.startswith("for process in [subprocess.Popen(")
    assert fact.processes == 2
    assert 0 < fact.share <= 1
    assert findings_of(profiled(tmp_path / "clean", "Clean", probes=("phases",), epochs=8)) == []


def test_finds_phases_and_their_shares(tmp_path):
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
def test_finds_a_short_memory_spike_with_phase_and_size(tmp_path):
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
def test_finds_a_leak_with_its_size_and_none_in_a_clean_trainer(tmp_path):
    leaking = growths(profiled(tmp_path / "leaks", "Leaks", probes=("memory",)), "Leaks")["epoch"]
    assert leaking.verdict == "growing"
    assert leaking.bytes_per_epoch == pytest.approx(MB, rel=0.2)
    clean = profiled(tmp_path / "clean", "Clean", probes=("memory",))
    assert growths(clean, "Clean")["epoch"].verdict == "steady"


def test_probes_run_in_passes_apart_from_timing(tmp_path):
    record = profiled(tmp_path / "run", "Clean")
    assert all(
        not evidence.phases(epoch) and evidence.memory(epoch) is None
        for piece in record.slices
        for epoch in piece.epochs
    )
    assert len({ready.pid for ready in record.ready}) == len(record.ready) == 3
    assert [epoch.index for epoch in watched(record, "Clean", "phases")] == list(range(40))
    assert [end.status for end in record.ends] == ["ok"] * 3


@pytest.mark.parametrize("probe", ["phases", "operations"])
def test_a_pass_of_slow_epochs_ends_early(tmp_path, monkeypatch, probe):
    monkeypatch.setattr(profiling, "PASS_SECONDS", 0.01)
    record = profiled(tmp_path / "run", "Clean", probes=(probe,))
    ran = [epoch for piece in record.watched for epoch in piece.epochs]
    assert [epoch.index for epoch in ran] == list(range(len(ran)))
    assert sum(epoch.wall for epoch in ran[:-1]) < 0.01
    assert 0 < len(ran) < 40
    assert sum(len(piece.epochs) for piece in record.slices) == 40


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
def test_finds_a_retrace_and_its_cause(tmp_path, name, kind, text):
    record = profiled(tmp_path / "run", name, "retraced.py", probes=(), epochs=8)
    found = by_cause(of_one_block(record, name))
    by_kind = {one.cause.kind: one for one in found}
    assert by_kind.keys() == {"first", kind}
    assert by_kind[kind].cause.text == text
    assert (by_kind["first"].times, by_kind[kind].times) == (1, 7)
    assert by_kind[kind].function == ("NewOptimizer._optimize" if name == "NewOptimizer" else "Clean._step")


@pytest.mark.parametrize("name", ["FloatRate", "Grows", "NewFunction", "NewFunctionWithVariables"])
def test_reports_cost_bounds_of_a_retrace_in_every_epoch(tmp_path, name):
    record = profiled(tmp_path / "run", name, "retraced.py", probes=("operations",), epochs=8)
    (found,) = findings_of(record)
    seen = sum(
        trace.seconds for epoch in of_one_block(record, name) if not epoch.first for trace in evidence.traces(epoch)
    )
    whole = sum(epoch.wall for epoch in of_one_block(record, name))
    later = sum(epoch.wall for epoch in of_one_block(record, name) if not epoch.first)
    assert found.rule == "retraced"
    assert found.seconds == pytest.approx(seen)
    assert found.share == pytest.approx(seen / whole)
    assert found.share < found.most_share < later / whole
    assert found.charge.unheld == ("epoch",)


def test_charges_occasional_retraces_with_the_excess_over_other_epochs(tmp_path):
    record = profiled(tmp_path / "run", "NewRate", "retraced.py", probes=(), epochs=24)
    (found,) = findings_of(record)
    epochs = of_one_block(record, "NewRate")
    traced = [epoch for epoch in epochs if evidence.traces(epoch) and not epoch.first]
    assert [epoch.index for epoch in traced] == [4, 8, 12, 16, 20]
    assert sum(trace.seconds for epoch in traced for trace in evidence.traces(epoch)) < found.seconds
    assert found.seconds < sum(epoch.wall for epoch in traced)
    assert (found.charge.unheld, found.fact.trace.cause.advice) == ((), "pass a tensor")


def test_a_cause_without_advice_says_where_to_look(tmp_path):
    record = profiled(tmp_path / "run", "Lambdified", "retraced.py", probes=(), epochs=8)
    (found,) = findings_of(record)
    fact = found.fact
    assert (type(fact), fact.tracing, fact.epochs, fact.functions) == (NewTraces, 7, 7, 7)
    assert (fact.costliest.cause.kind, fact.costliest.cause.advice) == ("first", None)
    assert re.search(r"lambdified \d>:1$", fact.costliest.where)
    assert found.charge.unheld
    assert found.charge.most is None


def test_finds_a_compilation_without_a_trace(tmp_path):
    record = profiled(tmp_path / "run", "Recompiles", "retraced.py", probes=(), epochs=8)
    epochs = of_one_block(record, "Recompiles")
    (one,) = by_function(epochs)
    assert (one.function, one.times, one.silent) == ("Clean._step", 8, 7)
    assert sum(len(evidence.traces(epoch)) for epoch in epochs) == 1
    assert all(len(evidence.compilations(epoch)) == 1 for epoch in epochs)


def test_sees_compilations_even_if_tensorflow_logs_are_hidden(tmp_path):
    record = profiled(tmp_path / "run", "Recompiles", "quiet.py", probes=(), epochs=4)
    (one,) = by_function(of_one_block(record, "Recompiles"))
    assert (one.times, one.silent) == (4, 3)
    assert record.unavailable("Recompiles").keys() == {"peak of tensors"}  # its tensors are small


def test_does_not_flag_one_shape_per_kind_of_points(tmp_path):
    record = profiled(tmp_path / "run", "SeveralShapes", "retraced.py", probes=(), epochs=8)
    (again, first) = sorted(by_cause(of_one_block(record, "SeveralShapes")), key=lambda one: one.cause.kind != "shape")
    assert (again.times, again.epochs, again.again) == (2, (0,), 0)
    assert first.cause.kind == "first"
    assert findings_of(record) == []


def test_reports_a_trace_with_epochs_and_phase(tmp_path):
    record = profiled(tmp_path / "run", "Phased", "retraced.py", probes=("phases",), epochs=4)
    (one,) = by_cause(of_one_block(record, "Phased"))
    assert (one.epochs, one.phases) == ((0,), ("train",))
    (table,) = [table for table in profiled_tables(record) if table.title == "Traces"]
    assert table.columns == ["function", "defined at", "why", "phase", "epochs", "times", "tracing", "extra time"]
    assert table.rows[0][3:6] == ["train", "0", "1"]


@pytest.mark.skipif(sys.platform != "linux", reason="resident memory is exact on Linux")
def test_finds_a_list_that_keeps_one_tensor_per_epoch(tmp_path):
    record = profiled(tmp_path / "run", "KeepsTensors", "retraced.py", probes=("memory",))
    found = growths(record, "KeepsTensors")["epoch"]
    assert found.verdict == "growing"
    assert found.bytes_per_epoch == pytest.approx(MB, rel=0.2)


def test_says_if_too_few_epochs_ran_to_detect_growth(tmp_path):
    record = profiled(tmp_path / "run", "Clean", probes=("memory",), epochs=5)
    unavailable = summarize(record).arms[0].unavailable
    assert unavailable["memory from epoch to epoch"] == "fewer than 8 epochs of any kind ran in a row"


def test_profile_json_has_what_the_report_shows(tmp_path):
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


def test_a_clean_trainer_traces_once_and_never_compiles(tmp_path):
    record = profiled(tmp_path / "run", "Clean", "retraced.py", epochs=8)
    epochs = of_one_block(record, "Clean")
    (one,) = by_cause(epochs)
    assert (one.cause.kind, one.times) == ("first", 1)
    assert not any(evidence.compilations(epoch) for epoch in epochs)
    assert record.ends[0].unavailable.keys() <= {"peak of tensors"}
    assert findings_of(record) == []


def test_finds_an_unweighted_term_with_its_share_of_the_schedule(tmp_path):
    record = profiled(tmp_path / "run", "Unweighted", probes=())
    (found,) = findings_of(record)
    assert found.rule == "unweighted"
    assert (found.fact.term, found.fact.kinds, found.fact.share_of_epochs) == ("physics", ("early",), 0.5)


@pytest.mark.parametrize(
    ("name", "rules"), [("Clean", []), ("Marked", ["heavy"]), ("Leaks", ["growing"]), ("Spikes", ["heavy"])]
)
@pytest.mark.skipif(sys.platform != "linux", reason="resident memory is exact on Linux")
def test_profile_reports_exactly_the_planted_faults(tmp_path, name, rules):
    found = findings_of(profiled(tmp_path / "run", name))
    assert [one.rule for one in found] == rules


@pytest.mark.parametrize(
    ("name", "functions"),
    [
        ("Nests", {"step", "loss", "network"}),
        ("Fits", {"one_step_on_data", "multi_step_on_iterator"}),
    ],
)
def test_nested_functions_are_named_and_times_stay_within_the_epoch(tmp_path, name, functions):
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


def test_operations_have_their_own_pass_and_timeline(tmp_path):
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


def test_lines_are_drawn_with_the_times_of_the_table(tmp_path):
    record = profiled(tmp_path / "run", "Nests", "nested.py", probes=("phases",), epochs=8)
    (work,) = record.works
    tracks = drawn.check_lines(tmp_path / "run" / "lines.json", work.lines["epoch"])
    (product, *_) = [one for own in tracks.values() for one in own if "MatMul" in one.name]
    assert "nested.py:" in product.around[-1]
    ran = {f"epoch {epoch.index}" for own in record.watched if own.probe == "counting" for epoch in own.epochs}
    assert {one.name for one in tracks["epochs"]} <= ran


def test_timeline_is_beside_the_record_even_if_the_trainer_changes_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    profiled(Path("run"), "Wanders", probes=("operations",))
    assert json.loads((tmp_path / "run" / "timeline.json").read_text())["traceEvents"]


def test_says_what_is_unavailable_without_tensorflow(tmp_path):
    record = profiled(tmp_path / "run", "Clean", probes=("operations",))
    assert record.unavailable("Clean")["operations"] == NOTHING_OBSERVED
    arm = summarize(record).arms[0]
    assert arm.unavailable["peak of tensors"] == "no framework was loaded that reports it"
    assert arm.measured("flops").unavailable == "no framework was loaded whose operations can be counted"
    nothing = "no framework that traces or compiles was loaded"
    assert (arm.unavailable["traces"], arm.unavailable["compilations"]) == (nothing, nothing)


@pytest.mark.skipif(sys.platform != "linux", reason="resident memory is exact on Linux")
def test_exact_memory_peaks_are_repeatable(tmp_path):
    plan = planned("profile", f"{SUPPORT / 'faults.py'}:Spikes", epochs=12, exact_memory=True)
    record = measure(replace(plan, probes=("memory",)), tmp_path / "run", lambda event, record: None)
    peaks = [evidence.memory(epoch).peak_rss for epoch in watched(record, "Spikes", "memory")[2:]]
    assert max(peaks) - min(peaks) < 0.01 * max(peaks)


@pytest.mark.skipif(sys.platform != "linux", reason="oneDNN is on by default on Linux")
def test_says_if_tensorflow_does_not_count_tensors(tmp_path, monkeypatch):
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")
    record = profiled(tmp_path / "run", "Nests", "nested.py", probes=("memory",), epochs=6)
    assert record.unavailable("Nests") == {
        "peak of tensors": "TensorFlow's allocator does not count them, for example because oneDNN is off"
    }
    assert all(evidence.memory(epoch).peak_tensors is None for epoch in watched(record, "Nests", "memory"))
    assert all(evidence.memory(epoch).peak_rss for epoch in watched(record, "Nests", "memory"))


def test_says_why_memory_cannot_be_watched(tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "FORGET", tmp_path / "nowhere" / "clear_refs")
    monkeypatch.setattr(memory, "STATUS", tmp_path / "nowhere" / "status")
    probes = passes.get_pass("memory").make_probes()
    for probe in reversed(probes):
        probe.begin(fresh=True)
    seen = {probe.name: probe.end(1.0) for probe in probes}
    assert [use.peak_rss_bytes for use in seen["phases"]] == [None]
    assert (seen["memory"].peak_rss, seen["memory"].rss) == (None, None)
    assert {what: why for probe in probes for what, why in probe.unavailable.items()} == {
        "peak memory by phase": "the peak of resident memory cannot be reset here: No such file or directory"
    }

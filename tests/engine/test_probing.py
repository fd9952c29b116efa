"""What a profile finds of planted faults, and does not find where there is none."""

import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from harness import plan as plans
from harness.analysis.phases import growths, phases, watched
from harness.analysis.tracings import by_cause, by_function, of_one_block
from harness.engine import watching
from harness.measure import measure
from harness.record import read

SUPPORT = Path(__file__).parents[1] / "support"
MB = 1_000_000


def profiled(out, name, file="faults.py", probes=("phases", "memory"), epochs=40):
    plan = plans.make("profile", [f"{SUPPORT / file}:{name}"], epochs=epochs, blocks=1)
    assert plan.probes == ("phases", "memory")
    record = measure(replace(plan, probes=probes), out, lambda event, record: None)
    assert not record.failure(name)
    again = read(out)
    assert (again.slices, again.watched) == (record.slices, record.watched)
    return record


def test_phases_are_found_with_their_shares(tmp_path):
    record = profiled(tmp_path / "run", "Marked", probes=("phases",))
    found = {phase.path: phase for phase in phases(record, "Marked")}
    assert found.keys() == {"weights", "weights > solve", "step", ""}
    assert found["weights"].total_seconds / found["step"].total_seconds == pytest.approx(1.0, rel=0.2)
    assert found["weights"].share == pytest.approx(0.2, abs=0.05)
    assert found["weights > solve"].share == pytest.approx(0.2, abs=0.05)
    assert found["step"].share == pytest.approx(0.4, abs=0.05)
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
    assert all(not epoch.phases and epoch.memory is None for piece in record.slices for epoch in piece.epochs)
    assert len({ready.pid for ready in record.ready}) == len(record.ready) == 3
    assert [epoch.index for epoch in watched(record, "Clean", "phases")] == list(range(40))
    assert [end.status for end in record.ends] == ["ok"] * 3


@pytest.mark.parametrize(
    ("name", "sort", "text"),
    [
        ("FloatRate", "value", "argument rate: Python value 0.1 -> 0.05"),
        ("Grows", "shape", "argument x: shape (8, 3) -> (9, 3)"),
        ("NewFunction", "new function", "a new tf.function, or another instance's, over code that was traced before"),
        ("NewOptimizer", "object", "argument optimizer: another Optimizer"),
    ],
)
def test_a_retrace_is_found_with_its_cause(tmp_path, name, sort, text):
    record = profiled(tmp_path / "run", name, "retraced.py", probes=(), epochs=8)
    found = by_cause(trace for epoch in of_one_block(record, name) for trace in epoch.traces)
    told = {one.cause.sort: one for one in found}
    assert told.keys() == {"first", sort}
    assert told[sort].cause.text == text
    assert (told["first"].times, told[sort].times) == (1, 7)
    assert told[sort].function == ("NewOptimizer._optimize" if name == "NewOptimizer" else "Clean._step")


def test_a_compilation_that_no_trace_announces_is_found(tmp_path):
    record = profiled(tmp_path / "run", "Recompiles", "retraced.py", probes=(), epochs=8)
    epochs = of_one_block(record, "Recompiles")
    (one,) = by_function(compiled for epoch in epochs for compiled in epoch.compiles)
    assert (one.function, one.times, one.silent) == ("Clean._step", 8, 7)
    assert sum(len(epoch.traces) for epoch in epochs) == 1
    assert all(len(epoch.compiles) == 1 for epoch in epochs)


def test_a_clean_trainer_is_traced_once_and_compiled_never(tmp_path):
    record = profiled(tmp_path / "run", "Clean", "retraced.py", epochs=8)
    epochs = of_one_block(record, "Clean")
    (one,) = by_cause(trace for epoch in epochs for trace in epoch.traces)
    assert (one.cause.sort, one.times) == ("first", 1)
    assert not any(epoch.compiles for epoch in epochs)
    assert record.ends[0].unavailable == {}


def test_where_memory_cannot_be_watched_it_says_why(tmp_path, monkeypatch):
    monkeypatch.setattr(watching, "FORGET", tmp_path / "nowhere" / "clear_refs")
    monkeypatch.setattr(watching, "STATUS", tmp_path / "nowhere" / "status")
    watch = watching.Watch("memory")
    watch.begin()
    (use,), memory = watch.end()
    assert use.peak_rss_bytes is None
    assert (memory.peak_rss, memory.rss) == (None, None)
    assert watch.unavailable == {
        "peak memory by phase": "the peak of resident memory cannot be reset here: No such file or directory"
    }

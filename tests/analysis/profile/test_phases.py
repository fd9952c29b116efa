import pytest
from epochs import epoch_of
from simulated import DATA, FULL, record

from harness.analysis.profile.phases import phases
from harness.record.schema import Slice
from harness.worker.wire.evidence import Compilation, PhaseUse, Trace

MB = 1_000_000


def epoch(index, kind, uses=(), first=False, **seen):
    return epoch_of(index, kind, 0.1, 0.1, {}, first=first, phases=[PhaseUse(*use) for use in uses], **seen)


TRACED = {"traces": [Trace("step", "x.py:3", 1.0)]}
COMPILED = {"compilations": [Compilation("step", "x.py:3", 1.0, recompiled=True)]}


def run_of(**passes):
    run = record({"a": {DATA: 1.0, FULL: 1.0}}, blocks=1)
    for probe, epochs in passes.items():
        run.add(Slice(block=0, group=1, round=0, position=0, arm="a", epochs=epochs, probe=probe))
    return run


def test_phases_by_kind_exclude_first_epochs_and_shares_add_up():
    slow = [("", 1, 5.0, 9.0), ("step", 1, 4.0, 4.0)]
    some = [("", 1, 1.0, 4.0), ("step", 1, 3.0, 3.0)]
    others = [("", 1, 1.0, 8.0), ("step", 1, 5.0, 5.0), ("refine", 2, 2.0, 2.0)]
    run = run_of(phases=[epoch(0, DATA, slow, first=True), epoch(1, DATA, some), epoch(2, DATA, others)])
    step, rest, refine = phases(run, "a")
    assert (step.kind, step.path, step.calls) == (DATA, "step", 1.0)
    assert (step.own_seconds, step.total_seconds, step.share) == (4.0, 4.0, pytest.approx(8 / 12))
    assert (rest.path, rest.own_seconds, rest.total_seconds) == ("", 1.0, 6.0)
    assert (refine.calls, refine.own_seconds) == (1.0, 1.0)
    assert step.share + rest.share + refine.share == pytest.approx(1.0)


@pytest.mark.parametrize("seen", [TRACED, COMPILED])
def test_tracing_or_compiling_epochs_do_not_affect_phases(seen):
    usual = [("", 1, 0.1, 0.3), ("step", 1, 0.2, 0.2)]
    run = run_of(phases=[epoch(1, DATA, [("", 1, 0.1, 9.1), ("step", 1, 9.0, 9.0)], **seen), epoch(2, DATA, usual)])
    step, rest = phases(run, "a")
    assert (step.own_seconds, step.share, step.traced) == (0.2, pytest.approx(2 / 3), False)
    assert (rest.own_seconds, rest.total_seconds) == (0.1, 0.3)


def test_slow_outlier_epochs_do_not_affect_phases():
    walls = [0.2, 0.3, 9.0, 0.3, 0.25]
    run = run_of(phases=[epoch(i, DATA, [("", 1, 0.1, 0.1 + w), ("step", 1, w, w)]) for i, w in enumerate(walls)])
    step, _ = phases(run, "a")
    assert (step.own_seconds, step.share) == (0.3, pytest.approx(0.75))


def test_marks_phases_if_every_epoch_traced():
    uses = [("", 1, 1.0, 1.0)]
    run = run_of(phases=[epoch(0, DATA, uses, first=True), epoch(1, DATA, uses, **TRACED), epoch(41, FULL, uses)])
    assert {phase.kind: phase.traced for phase in phases(run, "a")} == {DATA: True, FULL: False}


def test_an_occasional_phase_is_weighted_by_frequency():
    some = [("", 1, 0.1, 0.5), ("refine", 1, 0.4, 0.4)]
    run = run_of(phases=[epoch(i, DATA, [("", 1, 0.1, 0.1)] if i % 4 else some) for i in range(8)])
    found = {phase.path: phase.own_seconds for phase in phases(run, "a")}
    assert found == {"": 0.1, "refine": pytest.approx(0.1)}


def test_peaks_come_from_the_memory_pass():
    times = [epoch(0, DATA, [("", 1, 1.0, 1.0)]), epoch(41, FULL, [("", 1, 1.0, 1.0)])]
    memory = [epoch(index, DATA, [("", 1, 9.0, 9.0, peak)]) for index, peak in ((1, 7 * MB), (2, 9 * MB), (3, 8 * MB))]
    found = {phase.kind: phase.peak_rss_bytes for phase in phases(run_of(phases=times, memory=memory), "a")}
    assert found == {DATA: 9 * MB, FULL: None}


def test_no_phases_for_an_unwatched_arm():
    assert phases(run_of(), "a") == []

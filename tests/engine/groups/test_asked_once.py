"""One-time requests to an arm in the first blocks: the terms of its loss, and the operations of its epochs."""

from types import SimpleNamespace

import pytest
from paths import SUPPORT
from planned import planned

from harness.engine.groups.group import Group
from harness.engine.processes import arm
from harness.engine.session import measure
from harness.record import evidence
from harness.record.store import read
from harness.report.summarize import summarize


def run(out, *names, command="compare", file="arms.py", **options):
    plan = planned(command, [f"{SUPPORT / file}:{name}" for name in names], **options)
    record = measure(plan, out, lambda event, record: None)
    again = read(out)
    assert (again.works, again.objectives) == (record.works, record.objectives)
    return record


@pytest.fixture(scope="module")
def dense(tmp_path_factory):
    names = "Dense", "Eager", "DiesWhenCounted", "FailsWhenCounted"
    return run(tmp_path_factory.mktemp("dense") / "run", *names, file="tensors.py", epochs=4, blocks=2)


LAYER = 2 * 64 * 32 * 32


def test_each_arm_counts_its_kinds_once_per_run(dense):
    works = {work.arm: work for work in dense.works}
    assert len(dense.works) == len(works) == 4
    assert {work.block for work in dense.works} == {0}
    late = 5 * LAYER  # two layers forward, and back the gradients of both kernels and of the second layer's input
    assert works["Dense"].flops == {"early": 2 * LAYER, "late": late}
    assert works["Dense"].unavailable is None
    assert works["Dense"].gemm_flops_per_second > 1e8
    assert summarize(dense).arms[0].flops == {"early": 2 * LAYER, "late": late}
    assert summarize(dense).arms[0].gemm_share > 0


def test_the_source_around_the_lines_is_recorded(dense):
    work = next(work for work in dense.works if work.arm == "Dense")
    wheres = [use.where for uses in work.lines.values() for use in uses if use.where]
    assert wheres
    for path, _, number in (where.rpartition(":") for where in wheres):
        own = (SUPPORT / path.rpartition("/")[2]).read_text().splitlines()
        assert work.sources[path][int(number)] == own[int(number) - 1]
        assert work.sources[path][int(number) - 1] == own[int(number) - 2]


def test_a_gradient_outside_of_every_function_is_counted(dense):
    (flops,) = [work.flops for work in dense.works if work.arm == "Eager"]
    # Forward, and the gradients of the kernel and of the input: TensorFlow takes those of all inputs of a function.
    assert flops == {"early": 3 * LAYER, "late": 3 * LAYER}


def test_uncountable_work_has_a_reason_and_fails_no_arm(dense):
    unavailable = {work.arm: work.unavailable for work in dense.works if not work.flops}
    assert unavailable == {
        "DiesWhenCounted": "asked for a count, its process ended with exit code 5 and sent no answer",
        "FailsWhenCounted": "asked for a count, SystemExit: enough",
    }
    assert {(end.status, end.block) for end in dense.ends} == {("ok", 0), ("ok", 1)}
    assert len(dense.ends) == 8
    assert all(end.peak_rss_bytes for end in dense.ends)


def test_a_hanging_count_times_out_soon(tmp_path, monkeypatch):
    monkeypatch.setattr(arm, "COUNTING_SECONDS", 0.5)
    record = run(tmp_path / "run", "HangsWhenCounted", command="profile", file="tensors.py", epochs=3, blocks=1)
    assert [work.unavailable for work in record.works] == [
        "asked for a count, it gave no answer for 0.5 s and was stopped"
    ]
    assert {end.status for end in record.ends} == {"ok"}


def test_calls_are_watched_only_in_the_first_warm_up(dense):
    watched = {
        (piece.block, bool(piece.round)): {epoch.losses["watched"] for epoch in piece.epochs}
        for piece in dense.slices
        if piece.arm == "Dense"
    }
    assert watched == {(0, False): {1.0}, (0, True): {0.0}, (1, False): {0.0}, (1, True): {0.0}}


def test_counting_and_objectives_are_not_in_memory_or_traces(dense):
    functions = [trace.function for piece in dense.slices for epoch in piece.epochs for trace in evidence.traces(epoch)]
    assert set(functions) == {"Dense._step"}
    in_one = [
        trace.function
        for piece in dense.slices
        if (piece.arm, piece.block) == ("Dense", 0)
        for epoch in piece.epochs
        for trace in evidence.traces(epoch)
    ]
    assert in_one == ["Dense._step"] * 2
    # Three matrices of 4096 x 4096 are 200 MB.
    assert all((end.peak_tensor_bytes or 0) < 50_000_000 for end in dense.ends)


def test_arms_report_objective_terms_in_two_blocks_before_any_epoch(dense):
    assert {(line.arm, line.block): line.terms for line in dense.objectives} == {
        (planned.label, block): {"total": 64 * 32.0} for planned in dense.plan.arms for block in (0, 1)
    }
    assert len(dense.objectives) == 8


def test_losses_are_compared_by_terms_or_else_by_epochs(tmp_path):
    names = "Stating", "Steady", "StatingTheSame", "StatingAnother", "Drifting"
    record = run(tmp_path / "run", *names, epochs=12, blocks=1)
    assert {line.arm for line in record.objectives} == {"Stating", "StatingTheSame", "StatingAnother"}
    verdicts = {arm.name: arm.losses for arm in summarize(record).arms}
    assert verdicts == {
        "Stating": None,
        "Steady": "same bit for bit",
        "StatingTheSame": "same bit for bit",
        "StatingAnother": "perhaps a different objective (physics 0.37x), judged from one process of each",
        "Drifting": "drifts from epoch 1 by 3e-06, judged from one process of each",
    }
    assert {arm.losses_epochs for arm in summarize(record).arms[1:]} == {12}


def test_arms_without_a_framework_have_a_reason_and_no_rate(tmp_path):
    record = run(tmp_path / "run", "Steady", command="profile", epochs=4, blocks=1)
    (work,) = record.works
    assert (work.flops, work.gemm_flops_per_second) == ({}, None)
    assert work.unavailable == "no framework was loaded whose operations can be counted"
    assert record.objectives == []


@pytest.mark.parametrize(("budget", "measures"), [("60s", False), ("5min", True), (None, True)])
def test_a_short_budget_has_no_time_for_rates(budget, measures):
    asked = []

    class Arm:
        def count_work(self, rate):
            asked.append(rate)

    plan = planned("compare", [f"{SUPPORT / 'arms.py'}:Steady", f"{SUPPORT / 'arms.py'}:Drifting"], budget=budget)
    Group._ask_for_work(SimpleNamespace(plan=plan), Arm())
    assert asked == [measures]


@pytest.mark.parametrize("together", [2, 1])
def test_regrouping_for_memory_does_not_repeat_one_time_requests(tmp_path, monkeypatch, together):
    monkeypatch.setattr(Group, "short_of_memory", lambda self, extra: len(self.live) > together)
    record = run(tmp_path / "run", "Stating", "StatingTheSame", "StatingAnother", epochs=6, blocks=3)
    assert len(record.starts) > 3
    assert sorted(work.arm for work in record.works) == ["Stating", "StatingAnother", "StatingTheSame"]
    requested = sorted((line.arm, line.block) for line in record.objectives)
    assert requested == [(arm, block) for arm in ("Stating", "StatingAnother", "StatingTheSame") for block in (0, 1)]
    assert {end.status for end in record.ends} == {"ok", "regrouped"}


def test_converge_requests_neither_work_nor_objectives(tmp_path):
    record = run(tmp_path / "run", "Learner", command="converge", evaluations=2, blocks=1)
    assert record.ends[0].status == "ok"
    assert record.works == record.objectives == []

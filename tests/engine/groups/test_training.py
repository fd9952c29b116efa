"""Whole trainings with evaluations in between, checked in the records of real runs."""

import json
from itertools import groupby

from msgspec.structs import replace
from paths import ARMS
from planned import planned

from harness.analysis.training.convergence import convergence
from harness.cli import app
from harness.engine.groups.group import Group
from harness.engine.session import measure
from harness.record.schema import Evaluation, Slice
from harness.record.store import read

TROUBLES = {
    "Steady": "while it was being built: it has no method evaluate()",
    "RaisesInEvaluate": "in evaluate() after 4 epochs: ValueError: there is no exact solution",
    "DiesInEvaluate": "in evaluate() after 0 epochs: its process ended with exit code 3",
    "EvaluatesToNothing": "in evaluate() after 0 epochs: it returned no metrics",
    "EvaluatesToText": "in evaluate() after 0 epochs: its metric 'error' was a str, not a number",
}


def training(*names, **options):
    return planned("converge", [f"{ARMS}:{name}" for name in names], **{"evaluations": 4, "blocks": 1} | options)


def run(out, *names, references=(), **options):
    """The record of a run, and what happened in it, in order."""
    lines = []
    plan = replace(training(*names, **options), references=references)
    record = measure(plan, out, lambda event, record: lines.append(event))
    assert read(out).evaluations == record.evaluations
    return record, lines


def epochs_of(record, arm, block=0):
    return [e.index for s in record.slices if (s.arm, s.block) == (arm, block) for e in s.epochs]


def evaluated(record, arm, block=0):
    return [(line.epochs, line.metrics) for line in record.evaluations if (line.arm, line.block) == (arm, block)]


def test_each_seed_trains_and_evaluates_every_arm_in_a_fresh_process(tmp_path):
    record, _ = run(tmp_path / "run", "Learner", "StaysBad", blocks=2, seed=7)
    assert len({ready.pid for ready in record.ready}) == 4
    assert {ready.environment["PYTHONHASHSEED"] for ready in record.ready} == {"7", "8"}
    for block, seed in ((0, 7.0), (1, 8.0)):
        assert epochs_of(record, "Learner", block) == epochs_of(record, "StaysBad", block) == [*range(12)]
        assert evaluated(record, "Learner", block) == [
            (epochs, {"error": 1 / (1 + epochs), "seed": seed}) for epochs in (0, 3, 6, 9, 12)
        ]
        assert [epochs for epochs, _ in evaluated(record, "StaysBad", block)] == [0, 3, 6, 9, 12]
    assert not record.partial
    assert [end.status for end in record.ends] == ["ok"] * 4


def test_parts_take_turns_in_random_order_and_are_evaluated_at_once(tmp_path):
    _, lines = run(tmp_path / "run", "Learner", "StaysBad", evaluations=12, epochs=12)
    turns = [(type(line), line.arm) for line in lines if isinstance(line, Slice | Evaluation)]
    after_the_first = turns[2:]
    assert after_the_first[::2] == [(Slice, arm) for _, arm in after_the_first[1::2]]
    assert {kind for kind, _ in after_the_first[1::2]} == {Evaluation}
    order = [arm for _, arm in after_the_first[::2]]
    assert all(sorted(order[at : at + 2]) == ["Learner", "StaysBad"] for at in range(0, 24, 2))
    assert len({tuple(order[at : at + 2]) for at in range(0, 24, 2)}) == 2


def test_requested_length_is_passed_to_arms_or_limits_them(tmp_path):
    record, _ = run(tmp_path / "run", "Learner", "ShortLearner", "EndlessLearner", epochs=20, evaluations=2)
    lengths = {ready.arm: ready.description.segments[-1].stop for ready in record.ready}
    assert lengths == {"Learner": 20, "ShortLearner": 5, "EndlessLearner": 20}
    assert [epochs for epochs, _ in evaluated(record, "ShortLearner")] == [0, 2, 5]
    assert [epochs for epochs, _ in evaluated(record, "EndlessLearner")] == [0, 10, 20]
    record, _ = run(tmp_path / "shorter", "ShortLearner", epochs=2)
    assert epochs_of(record, "ShortLearner") == [0, 1]


def test_an_arm_without_a_length_fails_with_advice(tmp_path):
    record, _ = run(tmp_path / "run", "EndlessLearner", "Learner")
    failure = record.failure("EndlessLearner")
    assert (failure.moment, failure.reason) == (
        "while it was being built",
        "it has no `epochs`, the length of its training: give --epochs",
    )
    assert len(epochs_of(record, "Learner")) == 12


def test_reports_every_failure_and_the_other_arms_go_on(tmp_path, capfd):
    out = tmp_path / "summary.json"
    names = [f"{ARMS}:{name}" for name in (*TROUBLES, "Learner")]
    options = ["--out", str(tmp_path / "run"), "--json", str(out), "--seeds", "2", "--evaluations", "6"]
    assert app.run(["converge", *names, *options]) == 4
    arms = {arm["name"]: arm for arm in json.loads(out.read_text())["arms"]}
    for name, reason in TROUBLES.items():
        assert arms[name]["status"] == "failed"
        assert arms[name]["reason"].startswith(reason)
    assert [one["status"] for one in arms["Learner"]["convergence"]["trainings"]] == ["ok", "ok"]
    # what it had come to before it failed is kept
    assert [one["epochs"] for one in arms["RaisesInEvaluate"]["convergence"]["curve"]] == [0, 2]
    assert "there is no exact solution" in capfd.readouterr().out


def test_nonfinite_metric_is_stored_as_none_without_failure(tmp_path):
    record, _ = run(tmp_path / "run", "UnstableLearner")
    assert [metrics["error"] for _, metrics in evaluated(record, "UnstableLearner")] == [1.0, None, None, None, None]
    assert record.ends[0].status == "ok"


def test_an_arm_without_the_target_metric_fails(tmp_path):
    record, _ = run(tmp_path / "run", "Learner", "Solver", target="seed=3", references=("Solver",))
    assert record.failure("Learner") is None
    failure = record.failure("Solver")
    assert failure.moment == "in evaluate() after 1 epoch"
    assert failure.reason == "it returned no 'seed', the metric of the target, but only error"


def test_an_arm_that_fails_in_one_seed_skips_later_seeds(tmp_path):
    record, _ = run(tmp_path / "run", "Learner", "FailsAtSeedOne", blocks=3)
    found = convergence(record)["FailsAtSeedOne"]
    assert [(one.status, one.epochs) for one in found.trainings] == [("ok", 12), ("failed", 7)]
    assert len(convergence(record)["Learner"].trainings) == 3


def test_a_reference_runs_and_evaluates_its_own_steps_regardless_of_length(tmp_path):
    record, _ = run(tmp_path / "run", "Learner", "Solver", epochs=2, evaluations=1, references=("Solver",))
    assert evaluated(record, "Solver") == [(step, {"error": 10.0 ** -(1 + step)}) for step in (1, 2, 3)]
    assert [epochs for epochs, _ in evaluated(record, "Learner")] == [0, 2]
    found = convergence(record)["Solver"]
    # each step sleeps twice as long as the one before, and answers for itself alone
    assert [step.seconds >= 0.001 * 2**place for place, step in enumerate(found.curve)] == [True] * 3
    walls = [e.wall for s in record.slices if s.arm == "Solver" for e in s.epochs]
    assert [step.seconds for step in found.curve] == walls


def test_splits_slices_that_would_take_too_long(tmp_path, monkeypatch):
    """An epoch takes at least 2 ms, so a slice of 0.1 s is one of 50 epochs at most."""
    monkeypatch.setattr("harness.schedule.training_parts.LONGEST_SLICE", 1e9)
    record, _ = run(tmp_path / "run", "Learner", epochs=120, evaluations=1, timeout=1e5)
    assert [len(piece.epochs) for piece in record.slices] == [1, 119]
    monkeypatch.setattr("harness.schedule.training_parts.LONGEST_SLICE", 0.1)
    record, _ = run(tmp_path / "split", "Learner", epochs=120, evaluations=1)
    sizes = [len(piece.epochs) for piece in record.slices]
    assert sizes[0] == 1
    assert len(sizes) >= 4
    assert max(sizes) <= 50
    assert epochs_of(record, "Learner") == [*range(120)]


def test_arms_that_do_not_fit_in_memory_train_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(Group, "short_of_memory", lambda self, extra: len(self.live) > 1)
    record, lines = run(tmp_path / "run", "Learner", "StaysBad", "ShortLearner", blocks=2)
    assert [(start.block, start.group, len(start.order), start.one_by_one) for start in record.starts] == [
        (0, 0, 3, False),
        *((0, group, 1, True) for group in (1, 2, 3)),
        *((1, group, 1, True) for group in (0, 1, 2)),
    ]
    regrouped = [(end.block, end.group) for end in record.ends if end.status == "regrouped"]
    assert regrouped == [(0, 0)] * 3
    trained = [line.arm for line in lines if isinstance(line, Slice) and (line.block, line.group) != (0, 0)]
    one_by_one = [arm for arm, _ in groupby(trained)]
    assert sorted(one_by_one[:3]) == sorted(one_by_one[3:]) == ["Learner", "ShortLearner", "StaysBad"]
    for own in convergence(record).values():
        assert [one.status for one in own.trainings] == ["ok", "ok"]


def test_notices_memory_shortage_during_training(tmp_path, monkeypatch):
    free = iter([10**12] * 13)
    monkeypatch.setattr("harness.engine.machine.memory.free_memory_bytes", lambda: next(free, 10**6))
    record, _ = run(tmp_path / "run", "Learner", "StaysBad", evaluations=12)
    assert {end.status for end in record.ends if end.group == 0} == {"regrouped"}
    begun = [piece for piece in record.slices if piece.group == 0]
    assert 2 < len(begun) < 24
    assert {end.arm: end.status for end in record.ends if end.group} == {"Learner": "ok", "StaysBad": "ok"}


def test_slices_shorten_when_epochs_become_slower(tmp_path):
    record, _ = run(tmp_path / "run", "LateCost", evaluations=1)
    slices = [[epoch.index for epoch in piece.epochs] for piece in record.slices]
    assert slices[:2] == [[0], list(range(1, 40))]
    assert slices[2] == [40]
    assert [index for piece in slices for index in piece] == list(range(50))

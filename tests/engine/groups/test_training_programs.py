"""Whole trainings of programs, which are evaluated by the losses that they report."""

import json

import pytest
from compared import written
from planned import planned

from harness.analysis.training.convergence import convergence
from harness.cli import app
from harness.engine.session import measure

TRAIN = """
    import sys
    import harness
    rate = float(sys.argv[1])
    loss = 1.0
    for epoch in harness.epochs(range(20), kind="adam"):
        loss *= 1 - rate
        harness.report(loss=loss)
        if epoch % 5 == 0:
            harness.report(error=loss / 2)
    for _ in harness.epochs(range(int(sys.argv[2])), kind="polish"):
        loss /= 4
        harness.report(loss=loss)
"""
ENDLESS = """
    import harness
    import random
    def count():
        while True:
            yield
    loss = 1.0 + random.random()
    for _ in harness.epochs(count()):
        loss *= 0.9
        harness.report(loss=loss)
        if loss < 0.1:
            break
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, source in (("train.py", TRAIN), ("endless.py", ENDLESS)):
        written(tmp_path, name, source)
    return tmp_path


def trained(folder, *lines, **options):
    plan = planned("converge", list(lines), **{"evaluations": 4, "blocks": 1} | options)
    return measure(plan, folder / "run", lambda event, record: None)


def curve(record, arm, block=0):
    return [(line.epochs, line.metrics) for line in record.evaluations if (line.arm, line.block) == (arm, block)]


def epochs_of(record, arm):
    return [epoch for piece in record.slices if piece.arm == arm for epoch in piece.epochs]


def test_latest_losses_stand_for_an_evaluation(folder):
    record = trained(folder, "train.py 0.5 0", "train.py 0.1 0")
    for arm, rate in (("0.5", 0.5), ("0.1", 0.1)):
        assert [epoch.index for epoch in epochs_of(record, arm)] == [*range(20)]
        found = curve(record, arm)
        assert [epochs for epochs, _ in found] == [5, 10, 15, 20]
        for epochs, metrics in found:
            assert metrics["loss"] == pytest.approx((1 - rate) ** epochs)
            assert metrics["error"] == pytest.approx((1 - rate) ** (epochs - 4) / 2)  # its latest: it reports it rarely
    assert [end.status for end in record.ends] == ["ok", "ok"]


def test_a_program_trains_on_in_another_loop(folder):
    record = trained(folder, "train.py 0.5 7", "train.py 0.5 0")
    assert [epochs for epochs, _ in curve(record, "7")] == [5, 10, 15, 20, 25, 27]
    assert {epoch.index: epoch.kind for epoch in epochs_of(record, "7")} == {
        index: "adam" if index < 20 else "polish" for index in range(27)
    }
    assert [epochs for epochs, _ in curve(record, "0")] == [5, 10, 15, 20]
    found = convergence(record)
    assert [(one.status, one.epochs) for one in found["7"].trainings] == [("ok", 27)]
    assert found["0"].equal_epochs.limit == 20


def test_trains_a_loop_without_a_length_until_it_ends(folder):
    record = trained(folder, "endless.py", blocks=3, evaluations=10)
    for block in range(3):
        found = curve(record, "endless.py", block)
        assert found[-1][1]["loss"] < 0.1 <= found[-2][1]["loss"]
        assert [epochs for epochs, _ in found][:10] == [*range(1, 11)]
    assert not convergence(record)["endless.py"].ignores_seed


def test_trains_for_no_more_epochs_than_asked_for(folder):
    record = trained(folder, "train.py 0.5 7", "endless.py", epochs=8, evaluations=2)
    assert [epochs for epochs, _ in curve(record, "train.py 0.5 7")] == [8]
    assert curve(record, "endless.py")[-1][0] == 8
    assert [end.status for end in record.ends] == ["ok", "ok"]


def test_a_function_that_trains_is_a_program_too(folder):
    source = """
        import harness
        def train(seed, decay=0.5):
            loss = 1.0
            for _ in harness.epochs(range(6)):
                loss *= decay
                harness.report(loss=loss)
    """
    written(folder, "functions.py", source)
    record = trained(folder, "functions.py:train", evaluations=3)
    assert curve(record, "train") == [(2, {"loss": 0.25}), (4, {"loss": 0.0625}), (6, {"loss": 0.5**6})]


def test_a_program_that_reports_nothing_to_compare_fails_with_advice_and_keeps_its_epochs(folder, capfd):
    written(folder, "silent.py", "import harness\nfor _ in harness.epochs(range(6)): pass\n")
    out = folder / "summary.json"
    lines = ["silent.py", "train.py 0.5 0"]
    assert app.run(["converge", *lines, "--seeds", "1", "--target", "error=1e-3", "--json", str(out)]) == 4
    silent, other = json.loads(out.read_text())["arms"]
    assert silent["status"] == "failed"
    assert silent["reason"] == (
        "after 6 epochs: no loss of it was seen: report what to compare with `harness.report(loss=...)` in each epoch"
    )
    assert silent["convergence"]["trainings"][0]["epochs"] == 6
    assert other["convergence"]["to_target"]["reached"] == 1
    shown = " ".join(capfd.readouterr().out.split())
    assert "The metrics of train.py 0.5 0 are the latest losses that were seen" in shown


def test_a_program_without_the_target_metric_fails_at_its_end(folder):
    record = trained(folder, "train.py 0.5 0", "endless.py", target="error=0.01")
    assert record.failure("train.py 0.5 0") is None
    failure = record.failure("endless.py")
    assert failure.moment.startswith("after ")
    assert failure.reason == "it reported no 'error', the metric of the target, but only loss"


def test_results_that_do_not_depend_on_the_seed_are_told(folder, capfd):
    assert (
        app.run(["converge", "train.py 0.5 0", "endless.py", "--seeds", "2", "--label", "fixed", "--label", "own"]) == 0
    )
    shown = " ".join(capfd.readouterr().out.split())
    assert "The seed changes nothing in fixed: seeds 0 and 1 give the same results bit for bit in every" in shown
    assert "nothing in own" not in shown


def test_where_an_epoch_ends_can_be_named(folder):
    written(folder, "plain.py", "loss = 1.0\nfor step in range(12):\n    loss /= 2\n")
    record = trained(folder, "plain.py", epoch_at=["plain.py:2"], evaluations=3)
    assert curve(record, "plain.py") == [(epochs, {"loss": 0.5**epochs}) for epochs in (4, 8, 12)]


def test_a_program_whose_epochs_cannot_be_seen_fails_with_advice(folder):
    written(folder, "plain.py", "for step in range(12): pass\n")
    failure = trained(folder, "plain.py").failure("plain.py")
    assert failure.moment == "before its first epoch"
    assert failure.reason.startswith("it ended without an epoch that harness could see: write")

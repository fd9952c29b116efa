"""An arm may fail in any way: the failure is reported with moment and cause, and the other arms continue."""

import json
import signal
import sys

import pytest
from paths import ARMS
from running import begun, gone

from harness.cli import app
from harness.record import store
from harness.record.schema import LookReason

TROUBLES = {
    "RaisesWhenBuilt": "while it was being built: RuntimeError: no such grid",
    "RaisesAtThree": "in epoch 3: ValueError: the residual is empty",
    "KillsItself": "in epoch 3: its process was killed by SIGKILL (9)",
    "Exits": "in epoch 3: its process ended with exit code 0",
    "CallsSysExit": "in epoch 3: SystemExit: enough",
    "ReturnsNone": "in epoch 3: it returned None, not a mapping",
    "ReturnsText": "in epoch 3: its loss 'loss' was a str, not a number",
    "ReturnsNan": "in epoch 3: its loss 'loss' was nan",
    "WantsInput": "in epoch 3: EOFError",
    "ForksAndDies": "in epoch 3: its process ended with exit code 7",
    "RedirectsItsOutput": "in epoch 3: ValueError: said to nobody",
    "SeeksNowhere": "while it was being built: it has `seek` but no `epochs`",
    "RaisesInObjective": "in objective(): ValueError: there is no batch",
    "DiesInObjective": "in objective(): its process ended with exit code 3",
    "StatesText": "in objective(): its term 'data' was a str, not a number",
    "StatesAList": "in state() before epoch 0: its state() was a list, not a mapping",
    "StatesNoNumber": "while it was being built: its size 'batch_points' was a str, not a number",
    "StatesNoSize": "in state() before epoch 0: its size 'batch_points' was inf",
    "not_a_trainer": "while it was being built: build returned an object, which has no method epoch",
}


def arm(name):
    return f"{ARMS}:{name}"


def compare(out, *names, options=()):
    """Exit code, summary by arm, and record of a comparison."""
    summary = out / "summary.json"
    code = app.run(["compare", *map(arm, names), "--out", str(out / "run"), "--json", str(summary), *options])
    arms = {entry["name"]: entry for entry in json.loads(summary.read_text())["arms"]}
    return code, arms, store.read(out / "run")


def ratio(arm):
    return arm["metrics"]["total_time"]["ratio"]


def test_reports_every_failure_and_the_other_arms_complete(tmp_path, capfd):
    code, arms, run = compare(tmp_path, "Steady", *TROUBLES, "Other", options=["--blocks", "2", "--epochs", "12"])
    assert code == 4
    for name, reason in TROUBLES.items():
        assert arms[name]["status"] == "failed"
        assert arms[name]["reason"].startswith(reason)
    for name in ("Steady", "Other"):
        assert arms[name]["status"] == "ok"
        assert sorted(e.index for s in run.slices if s.arm == name and s.block == 1 for e in s.epochs) == [*range(12)]
    assert ratio(arms["Other"])["low"] is not None
    assert not run.partial
    printed = capfd.readouterr()
    assert "no such grid" in printed.out
    assert "Traceback" not in printed.out + printed.err
    assert "RaisesAtThree" in printed.err


def test_a_failed_arm_keeps_its_measurements_and_skips_later_blocks(tmp_path):
    _, arms, run = compare(tmp_path, "Steady", "KillsItself", "RaisesAtThree", options=["--blocks", "2"])
    for name in ("KillsItself", "RaisesAtThree"):
        measured = [(piece.block, epoch.index) for piece in run.slices if piece.arm == name for epoch in piece.epochs]
        assert measured == [(0, 0), (0, 1), (0, 2)]
        assert arms[name]["metrics"]["first_epoch_time"]["value"] > 0
        assert len([end for end in run.ends if end.arm == name]) == 1
    assert any("the residual is empty" in line for line in run.failure("RaisesAtThree").last_lines)
    assert "the residual is empty" in (tmp_path / "run" / "report.md").read_text()


def test_no_further_block_after_the_only_other_arm_failed(tmp_path):
    code, arms, run = compare(tmp_path, "Steady", "RaisesAtThree", options=["--epochs", "12"])
    assert code == 4
    assert arms["Steady"]["status"] == "ok"
    assert [end.block for end in run.blocks_done] == [0]
    assert (run.looks[-1].reason, run.looks[-1].names) == (LookReason.OTHERS_FAILED, ["RaisesAtThree"])


def test_printing_is_not_a_failure(tmp_path):
    code, arms, _ = compare(tmp_path, "Steady", "PrintsRubbish", options=["--blocks", "1", "--epochs", "5"])
    assert code == 0
    assert arms["PrintsRubbish"]["status"] == "ok"
    assert ratio(arms["PrintsRubbish"])["estimate"] > 0
    logs = b"".join(log.read_bytes() for log in (tmp_path / "run" / "logs").iterdir())
    assert logs.count(b"nonsense") == 5
    assert b"\xfe\xff\x00\xff\n" in logs


def test_a_hanging_arm_times_out(tmp_path):
    code, arms, _ = compare(tmp_path, "Steady", "Hangs", options=["--timeout", "8", "--blocks", "1"])
    assert code == 4
    assert arms["Hangs"]["reason"].startswith("in epoch 3: it gave no answer for 8 s")
    assert arms["Steady"]["status"] == "ok"


def test_an_arm_that_closes_its_pipe_times_out(tmp_path):
    code, arms, _ = compare(tmp_path, "Steady", "ClosesEverything", options=["--timeout", "8", "--blocks", "1"])
    assert code == 4
    assert arms["ClosesEverything"]["reason"].startswith("in epoch 3: it closed harness's pipe")
    assert arms["Steady"]["status"] == "ok"


def test_an_immediate_failure_does_not_change_sampling_of_the_others(tmp_path):
    """It cannot seek, so its block runs in lockstep to the end; the next block need not."""
    _, arms, run = compare(tmp_path, "Sought", "AsSought", "FailsAtOnce", options=["--blocks", "2", "--epochs", "100"])
    in_order = [e.index for s in run.slices if s.arm == "Sought" and s.block == 0 for e in s.epochs]
    assert in_order == [*range(100)]
    sampled = [e.index for s in run.slices if s.arm == "Sought" and s.block == 1 and not s.round for e in s.epochs]
    assert sampled[:4] == [0, 1, 19, 20]
    # 48 late epochs sleep 3 ms and the 52 others 1 ms: a schedule cannot cost less
    assert arms["Sought"]["metrics"]["total_time"]["value"] >= 0.196
    assert ratio(arms["AsSought"])["low"] is not None


def test_everything_but_ratios_without_a_baseline(tmp_path, capfd):
    code, arms, _ = compare(tmp_path, "Exits", "Steady", options=["--blocks", "1"])
    assert code == 4
    assert ratio(arms["Steady"]) is None
    assert arms["Steady"]["metrics"]["epoch_time"]["value"] >= 0.002
    assert "nothing to be compared with" in " ".join(capfd.readouterr().out.split())


def test_nonfinite_losses_can_be_allowed(tmp_path):
    code, _, run = compare(
        tmp_path, "Steady", "ReturnsNan", options=["--allow-nonfinite", "--blocks", "1", "--epochs", "5"]
    )
    assert code == 0
    losses = {epoch.index: epoch.losses for s in run.slices if s.arm == "ReturnsNan" for epoch in s.epochs}
    assert losses[3] == {"loss": None}
    assert losses[2] == {"loss": pytest.approx(1 / 3)}


def slow_run(out):
    command = [sys.executable, "-m", "harness", "compare", arm("Slow"), arm("Steady"), "--epochs", "2000"]
    return begun([*command, "--out", str(out)], out)


def test_children_exit_with_their_parent_and_the_record_stays_readable(tmp_path):
    with slow_run(tmp_path / "run") as (running, children):
        running.kill()
        running.communicate()
    assert len(children) == 2
    assert gone(children)
    assert store.read(tmp_path / "run").partial
    assert app.run(["report", str(tmp_path / "run")]) == 0


def test_one_interrupt_ends_the_run_with_a_report(tmp_path):
    with slow_run(tmp_path / "run") as (running, children):
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=60)
    assert running.returncode == 130
    assert gone(children)
    assert "partial" in out
    assert "Traceback" not in out + err
    assert store.read(tmp_path / "run").footer.status == "interrupted"
    assert (tmp_path / "run" / "report.md").exists()

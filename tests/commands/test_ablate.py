"""`harness ablate`, on arms with a simulated clock."""

import json
import os
import signal
from math import log

import pytest
from paths import CHANGED

from harness import api
from harness.cli import app
from harness.engine.session import measure
from harness.plan.ablation import ablate
from harness.plan.request import Request
from harness.record.schema import BlockEnd
from harness.record.store import read


def of(name):
    return f"{CHANGED}:{name}"


def between(start, goal, **options):
    return ablate(Request(start=start, goal=goal, **options))


def run(tmp_path, *options, code=0):
    out = tmp_path / "run"
    assert app.run(["ablate", *options, "--out", str(out), "--json", str(tmp_path / "summary.json")]) == code
    return out, json.loads((tmp_path / "summary.json").read_text())


def test_two_redundant_changes_share_the_effect(tmp_path, capfd):
    out, summary = run(tmp_path, "--to", of("overlapping"), "--epochs", "12", "--blocks", "3")
    found = summary["ablation"]
    assert (found["start"], found["goal"], found["crossed"], found["cells"]) == ("unchanged", "overlapping", True, 8)
    quick, lean, idle = found["changes"]
    half = log(1 / 2)
    assert found["total"]["log_ratio"]["estimate"] == pytest.approx(half, abs=1e-3)
    assert [one["log_ratio"]["estimate"] for one in (quick, lean, idle)] == pytest.approx(
        [half / 2] * 2 + [0], abs=1e-3
    )
    assert [one["part"] for one in (quick, lean, idle)] == pytest.approx([0.5, 0.5, 0.0], abs=1e-3)
    assert [one["verdict"] for one in (quick, lean, idle)] == ["faster", "faster", "same"]
    assert [one["seconds"]["estimate"] for one in (quick, lean)] == pytest.approx([-0.00025] * 2, rel=1e-2)
    assert [one["alone"]["estimate"] for one in (quick, lean)] == pytest.approx([0.5, 0.5], rel=1e-2)
    assert [one["last"]["estimate"] for one in (quick, lean)] == pytest.approx([1, 1], rel=1e-2)
    assert quick["losses"]["relation"] == "same"
    (together,) = found["interactions"]
    assert together["changes"] == ["quick", "lean"]
    assert together["log_ratio"]["estimate"] == pytest.approx(-half, abs=1e-3)
    for figure in ("log_ratio", "seconds"):
        parts = sum(change[figure]["estimate"] for change in found["changes"])
        assert parts == pytest.approx(found["total"][figure]["estimate"], rel=1e-9)
    report = (out / "report.md").read_text()
    (out / "report.md").unlink()
    capfd.readouterr()
    assert app.run(["report", str(out)]) == 0
    assert (out / "report.md").read_text() == report
    assert api.read(out).headline in " ".join(capfd.readouterr().out.split())


def test_five_changes_run_two_orders_per_block(tmp_path):
    out, summary = run(tmp_path, "--to", of("five"), "--epochs", "6", "--blocks", "1")
    record = read(out)
    assert {piece.arm for piece in record.slices} == set(record.plan.labels(0))
    found = summary["ablation"]
    assert (found["crossed"], found["cells"], found["interactions"]) == (False, 10, None)
    assert [one["log_ratio"]["estimate"] for one in found["changes"]] == pytest.approx([log(1 / 2)] * 5, abs=0.02)
    assert [one["verdict"] for one in found["changes"]] == [None] * 5
    assert sum(one["alone"] is not None for one in found["changes"]) == 2
    assert len(summary["arms"]) == 10


def test_names_a_failed_cell_and_gives_no_shares(tmp_path, capfd):
    _, summary = run(tmp_path, "--to", of("Fragile"), "--epochs", "6", "--blocks", "2", code=4)
    found = summary["ablation"]
    assert (found["failed"], found["blocks"]) == (["+broken"], 0)
    assert [one["log_ratio"] for one in found["changes"]] == [None, None]
    quick, broken = found["changes"]
    assert quick["alone"]["estimate"] == pytest.approx(1, rel=1e-2)
    assert broken["last"]["estimate"] == pytest.approx(1, rel=1e-2)
    assert (quick["last"], broken["alone"]) == (None, None)
    assert "ValueError: broken needs quick" in capfd.readouterr().out


def test_completes_an_interrupted_ablation_by_its_own_plan(tmp_path, capsys):
    out = tmp_path / "run"

    def watch(event, record):
        if isinstance(event, BlockEnd):
            os.kill(os.getpid(), signal.SIGINT)

    measure(between(of("before"), of("after"), epochs=6, blocks=3), out, watch)
    assert app.run(["ablate", "--resume", str(out), "--to", "fast"]) == 2
    assert "leave --to out" in capsys.readouterr().err
    assert app.run(["ablate", "--resume", str(out)]) == 0
    assert len(read(out).blocks_done) == 3
    assert "| steps | 10 -\\> 5 |" in (out / "report.md").read_text()


def test_checks_claims_against_a_run_and_its_record(tmp_path, capfd):
    claims = tmp_path / "claims.toml"
    claims.write_text("""
[[claim]]
words = "half the work in both"
metric = "cost"
arm = "overlapping"
is = "less"
factor = 1.9

[[claim]]
words = "ten times as quick"
metric = "epoch_seconds"
arm = "+quick"
baseline = "+idle"
is = "less"
factor = 10
""")
    options = ["--to", of("overlapping"), "--epochs", "12", "--blocks", "3", "--claims", str(claims)]
    out, summary = run(tmp_path, *options)
    assert [one["verdict"] for one in summary["claims"]] == ["confirmed", "refuted"]
    assert summary["claims"][1]["ratio"]["estimate"] == pytest.approx(0.5, rel=1e-2)
    assert summary["claims"][0]["claim"]["is"] == "less"
    report = (out / "report.md").read_text()
    assert "| ten times as quick |" in report
    capfd.readouterr()
    assert app.run(["report", str(out), "--claims", str(claims)]) == 0
    assert (out / "report.md").read_text() == report
    assert app.run(["report", str(out)]) == 0
    assert "claims" not in (out / "report.md").read_text()

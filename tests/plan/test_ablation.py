"""Plans of the changes between two variants; and the command, run on arms with a simulated clock."""

import json
import os
import signal
from math import log

import pytest
from paths import CHANGED

from harness.catalog.registry import registered
from harness.cli import app
from harness.engine.session import measure
from harness.errors import BadInput
from harness.plan.ablation import ablate
from harness.plan.request import Request
from harness.record.schema import BlockEnd
from harness.record.store import read


def of(name):
    return f"{CHANGED}:{name}"


def between(start, goal, **options):
    return ablate(Request(start=start, goal=goal, **options))


def test_changes_between_recipes_are_their_differing_fields():
    plan = between("original", "surgical", scale="smoke")
    assert [f"{change.name}: {change.text}" for change in plan.ablation.changes] == [
        "statistic: median -> mean",
        "evaluation: whole -> chunked",
        "refinement: unbounded -> capped",
        "weights: every_epoch -> cached",
    ]
    assert (plan.command, plan.baseline, plan.fewest, plan.blocks) == ("ablate", "original", 3, 6)
    assert len(plan.arms) == 16
    assert {arm.variant for arm in plan.arms} == {"original"}
    settings = {arm.label: arm.settings for arm in plan.arms}
    assert settings["original"] == {}
    assert settings["moments"] == {"statistic": "mean"}
    assert settings["+evaluation +weights"] == {"evaluation": "chunked", "weights": "cached"}
    assert settings["surgical -weights"] == {"statistic": "mean", "evaluation": "chunked", "refinement": "capped"}
    assert set(settings["surgical"]) == {"statistic", "evaluation", "refinement", "weights"}


def test_every_pair_of_different_recipes_has_a_plan():
    trained = [name for name in registered().variants if name != "fixed-pivot"]
    for start in trained:
        for goal in trained:
            if start != goal:
                plan = between(start, goal)
                assert plan.ablation.cells[start] == ()
                assert plan.ablation.cells[goal] == plan.ablation.names
                assert len({arm.label for arm in plan.arms}) == len(plan.arms) == len(plan.ablation.cells)


def test_many_changes_use_orders_and_more_blocks():
    plan = between("original", "fast", scale="smoke")
    assert len(plan.ablation.orders) == plan.blocks == 8
    assert plan.fewest == 6
    assert all(len(plan.labels(block)) == 14 for block in range(8))
    assert between("original", "fast", scale="smoke", blocks=2).ablation.orders == plan.ablation.orders[:2]
    assert between("original", "fast", scale="smoke", seed=1).ablation.orders != plan.ablation.orders


@pytest.mark.parametrize(("scale", "epochs"), [("smoke", 300), ("laptop", 24), ("paper", 12)])
def test_a_cell_runs_at_most_the_epochs_of_a_compared_arm(scale, epochs):
    assert between("original", "surgical", scale=scale).epochs == epochs
    assert between("original", "surgical", scale=scale, epochs=77).epochs == 77


def test_a_users_variant_goes_from_no_changes_to_all():
    plan = between(None, of("overlapping"))
    assert {arm.label: arm.settings["changes"] for arm in plan.arms} == {
        "unchanged": [],
        "+quick": ["quick"],
        "+lean": ["lean"],
        "+idle": ["idle"],
        "overlapping -idle": ["quick", "lean"],
        "overlapping -lean": ["quick", "idle"],
        "overlapping -quick": ["lean", "idle"],
        "overlapping": ["quick", "lean", "idle"],
    }


def test_a_variant_may_have_the_name_of_the_unchanged_cell(tmp_path):
    (tmp_path / "own.py").write_text("unchanged = Variant('unchanged', 'text', build, changes={'quick': 'it is'})\n")
    assert [arm.label for arm in between(None, f"{tmp_path / 'own.py'}:unchanged").arms] == [
        "without changes",
        "unchanged",
    ]


def test_two_user_variants_differ_in_their_settings():
    plan = between(of("before"), of("after"))
    assert {arm.label: arm.settings for arm in plan.arms} == {
        "before": {},
        "+steps": {"steps": 5},
        "+fast": {"fast": True},
        "after": {"steps": 5, "fast": True},
    }
    assert [change.text for change in plan.ablation.changes] == ["10 -> 5", "False -> True"]


@pytest.mark.parametrize(
    ("start", "goal", "message"),
    [
        ("original", None, "--to must name a variant"),
        ("original", "surgicle", "did you mean 'surgical'"),
        ("original", "original", "there is no change to ablate"),
        ("original", "fixed-pivot", "only one of them has the setting"),
        (None, "fast", "declares no changes of its own: give the variant"),
        ("original", of("overlapping"), "declares its own changes: leave out --from"),
        ("original", of("after"), "only one of them has the setting"),
        (of("before"), of("elsewhere"), "they are built by different functions"),
        (of("before"), of("lacking"), "only one of them has the setting 'fast'"),
        (of("before"), of("exotic"), "computes its settings"),
        (None, of("many"), "computes its changes"),
        (of("silent"), of("Timed"), "declare no settings"),
        (of("before"), of("befor"), "did you mean 'before'"),
    ],
)
def test_ablation_errors_are_one_sentence(start, goal, message):
    with pytest.raises(BadInput, match=message):
        between(start, goal)


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
    assert quick["losses"] == "same bit for bit"
    (together,) = found["interactions"]
    assert together["changes"] == ["quick", "lean"]
    assert together["log_ratio"]["estimate"] == pytest.approx(-half, abs=1e-3)
    for figure in ("log_ratio", "seconds"):
        parts = sum(change[figure]["estimate"] for change in found["changes"])
        assert parts == pytest.approx(found["total"][figure]["estimate"], rel=1e-9)
    report = (out / "report.md").read_text()
    assert "overlapping costs 0.500x" in report
    assert "quick and lean hinder each other" in report
    (out / "report.md").unlink()
    capfd.readouterr()
    assert app.run(["report", str(out)]) == 0
    assert (out / "report.md").read_text() == report
    assert "Effect of each change" in capfd.readouterr().out


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
    out, summary = run(tmp_path, "--to", of("Fragile"), "--epochs", "6", "--blocks", "2", code=4)
    found = summary["ablation"]
    assert (found["failed"], found["blocks"]) == (["+broken"], 0)
    assert [one["log_ratio"] for one in found["changes"]] == [None, None]
    quick, broken = found["changes"]
    assert quick["alone"]["estimate"] == pytest.approx(1, rel=1e-2)
    assert broken["last"]["estimate"] == pytest.approx(1, rel=1e-2)
    assert (quick["last"], broken["alone"]) == (None, None)
    text = (out / "report.md").read_text()
    assert "There are no shares of the changes: +broken failed, so no block is complete." in text.replace("\\", "")
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
    assert "Of 2 claims, 1 confirmed, 1 refuted." in report
    assert "| ten times as quick |" in report
    capfd.readouterr()
    assert app.run(["report", str(out), "--claims", str(claims)]) == 0
    assert (out / "report.md").read_text() == report
    assert app.run(["report", str(out)]) == 0
    assert "claims" not in (out / "report.md").read_text()

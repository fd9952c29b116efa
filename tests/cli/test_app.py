"""The commands as a user runs them: exit codes, one sentence for bad input, and the files they write."""

import json
import subprocess
import sys
from math import inf

import pytest
import simulated
from paths import ARMS

from harness import api
from harness.cli import app
from harness.record.schema import LookReason
from harness.record.store import Writer, read

REPORTS = ["report.md", "report.html", "report.csv"]
KINDS = [simulated.DATA, simulated.REFINE, simulated.FULL]
STEADY, OTHER = f"{ARMS}:Steady", f"{ARMS}:Other"


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("compare momets", "did you mean 'moments'"),
        ("compare original --case nosuch", "choose from case1, case2"),
        ("compare original --scale huge", "choose from smoke, laptop, paper"),
        ("compare original --blocks 0", "--blocks must be at least 1, not 0"),
        ("compare original --epochs -3", "--epochs must be at least 1, not -3"),
        ("compare original --seed x", "--seed"),
        ("compare original --threads 4000", "--threads 4000 is more than"),
        ("compare original --baseline nosuch", "There is no variant 'nosuch'"),
        ("compare original original", "named 2 times"),
        ("compare nosuch.py:Mine", "There is no file 'nosuch.py'"),
        (f"compare {ARMS}:Stedy", "did you mean 'Steady'"),
        ("compare no.such.module:Mine", "There is no module 'no.such.module'"),
        ("converge momets", "did you mean 'moments'"),
        ("converge original --case nosuch", "choose from case1, case2"),
        ("converge original --scale huge", "choose from smoke, laptop, paper"),
        ("converge original --seeds 0", "--seeds must be at least 1, not 0"),
        ("converge original --evaluations 0", "--evaluations must be at least 1, not 0"),
        ("converge original --epochs 0", "--epochs must be at least 1, not 0"),
        ("converge original --blocks 3", "--blocks"),
        ("converge original --target misplaced_mas=0.1", "'misplaced_mas' for 'original': choose from misplaced_mass"),
        ("converge original --target misplaced_mass", "--target must be METRIC=VALUE"),
        ("converge original --target misplaced_mass=low", "not 'misplaced_mass=low'"),
        ("converge original --target misplaced_mass=-1", "a finite value of at least 0"),
        ("converge original --target misplaced_mass=nan", "a finite value of at least 0"),
        ("converge original --target =0.1", "--target must be METRIC=VALUE"),
        ("profile", "--variant"),
        ("profile --variant nosuch", "There is no variant 'nosuch'"),
        ("profile --variant original --watch memry", "There is no pass 'memry': did you mean 'memory'?"),
        ("profile --variant original --watch nosuch.py:Mine", "There is no file 'nosuch.py'"),
        (f"profile --variant original --watch {ARMS}:Stedy", "did you mean 'Steady'"),
        ("selfcheck --variant momets", "did you mean 'moments'"),
        ("selfcheck original", "original"),
        ("selfcheck --case nosuch", "choose from case1, case2"),
        ("selfcheck --scale huge", "choose from smoke, laptop, paper"),
        ("selfcheck --blocks 0", "--blocks must be at least 1, not 0"),
        ("selfcheck --budget soon", "--budget must be a duration such as 90s or 2min"),
        ("selfcheck --tolerance 0", "--tolerance must be a share above 0"),
        (f"selfcheck --variant {ARMS}:Stedy", "did you mean 'Steady'"),
        (f"compare {ARMS}:Steady --json nosuch/x.json", "--json nosuch/x.json cannot be written"),
        ("report nosuch", "no readable record at nosuch"),
        ("report nosuch --format htlm", "There is no format 'htlm': did you mean 'html'?"),
        ("report nosuch --format pdf", "choose from md, html, csv, json"),
        ("ablate", "--to must name a variant"),
        ("ablate --from original --to surgicle", "did you mean 'surgical'"),
        ("ablate --from original --to surgical --scale huge", "choose from smoke, laptop, paper"),
        ("ablate --from original --to surgical --blocks 0", "--blocks must be at least 1, not 0"),
        ("ablate --from original --to surgical --claims nosuch.toml", "no readable claims at nosuch.toml"),
        ("compare original --claims nosuch.toml", "no readable claims at nosuch.toml"),
        ("report nosuch --claims nosuch.toml", "no readable claims at nosuch.toml"),
        ("nosuch", "nosuch"),
        ("compare --nosuch", "--nosuch"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_2(command, message, capfd, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert app.run(command.split()) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert message in err
    assert err.startswith("harness: ")
    assert err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_prints_help_without_a_command(capfd):
    assert app.run([]) == 0
    assert "compare" in capfd.readouterr().out


def test_list_shows_available_variants(capfd):
    assert app.run(["list"]) == 0
    listed = capfd.readouterr().out
    assert "capped-rar" in listed
    assert "case1, case2" in listed


def test_compare_writes_record_and_report_and_report_recreates_it(tmp_path, capfd):
    out = tmp_path / "run"
    assert app.run(["compare", STEADY, OTHER, "--epochs", "8", "--blocks", "2", "--out", str(out)]) == 0
    assert {path.name for path in out.iterdir()} == {"run.jsonl", *REPORTS, "charts", "logs"}
    report = (out / "report.md").read_text()
    assert "| Other |" in report
    (out / "report.md").unlink()
    capfd.readouterr()
    assert app.run(["report", str(out / "run.jsonl"), "--format", "md", "--json", "-"]) == 0
    printed = capfd.readouterr()
    assert (out / "report.md").read_text() == report
    assert [arm["name"] for arm in json.loads(printed.out)["arms"]] == ["Steady", "Other"]
    assert "Other" in printed.err


def test_report_writes_the_requested_formats(tmp_path, capfd):
    made = simulated.record({"a": dict.fromkeys(KINDS, 0.16), "b": dict.fromkeys(KINDS, 0.1)})
    with Writer(tmp_path / "run") as writer:
        for line in [made.header, *made.ready, *made.slices, *made.ends, *made.blocks_done, made.footer]:
            writer.write(line)
    assert app.run(["report", str(tmp_path / "run"), "--format", "json, csv"]) == 0
    assert {path.name for path in (tmp_path / "run").iterdir()} == {"run.jsonl", "report.json", "report.csv"}
    assert json.loads((tmp_path / "run" / "report.json").read_text())["arms"][1]["verdict"] == "faster"
    assert api.read(tmp_path / "run").headline in capfd.readouterr().out


def test_converge_writes_record_and_report_and_report_recreates_it(tmp_path, capfd):
    out, names = tmp_path / "run", [f"{ARMS}:Learner", f"{ARMS}:StaysBad"]
    options = ["--epochs", "8", "--seeds", "2", "--evaluations", "4", "--target", "error=0.2"]
    assert app.run(["converge", *names, *options, "--out", str(out)]) == 0
    assert {path.name for path in out.iterdir()} == {"run.jsonl", *REPORTS, "charts", "logs"}
    report = (out / "report.md").read_text()
    assert "| StaysBad | never | never | 0 of 2 seeds |" in report
    (out / "report.md").unlink()
    capfd.readouterr()
    assert app.run(["report", str(out), "--json", "-"]) == 0
    assert (out / "report.md").read_text() == report
    learner, bad = json.loads(capfd.readouterr().out)["arms"]
    assert learner["convergence"]["to_target"]["epochs"]["estimate"] == 4
    assert bad["convergence"]["to_target"]["epochs"]["estimate"] is None
    assert learner["metrics"]["quality.error"]["value"] == pytest.approx(1 / 9)
    assert learner["metrics"]["total_time"]["ratio"] is None


def test_an_unreached_target_is_a_result(tmp_path):
    options = ["--seeds", "1", "--evaluations", "2", "--target", "error=0", "--out", str(tmp_path / "run")]
    assert app.run(["converge", f"{ARMS}:Learner", *options]) == 0
    assert api.read(tmp_path / "run")["Learner"].convergence.to_target.epochs.estimate == inf


def selfcheck(name, out, *options):
    command = ["selfcheck", "--variant", f"{ARMS}:{name}", "--epochs", "6", "--budget", "24h"]  # from when pytest began
    return app.run([*command, "--out", str(out), "--json", str(out.parent / "summary.json"), *options])


def test_selfcheck_reports_fitness_and_explains_machine_facts(tmp_path, capfd):
    """With a simulated clock in the arms, so that every machine passes."""
    out = tmp_path / "run"
    assert selfcheck("Clockwork", out) == 0
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert [arm["name"] for arm in summary["arms"]] == ["Clockwork", "Clockwork again", "Clockwork +6%"]
    assert [arm["verdict"] for arm in summary["arms"]] == [None, "same", "slower"]
    assert read(out).looks[-1].reason == LookReason.CLEAR
    assert (summary["selfcheck"]["answer"], summary["selfcheck"]["planted"]) == ("fit", 0.06)
    assert summary["selfcheck"]["smallest_visible_ratio"] == pytest.approx(1.03, abs=1e-6)
    assert summary["fitness"]
    assert all(set(finding) == {"what", "value", "level", "means", "do"} for finding in summary["fitness"])
    printed, report = capfd.readouterr().out, (out / "report.md").read_text()
    for text in (printed, report):
        assert " ".join(api.read(out).headline.split()) in " ".join(text.split())
        assert "virtual machine" in text
    (out / "report.md").unlink()
    assert app.run(["report", str(out)]) == 0
    assert (out / "report.md").read_text() == report


def test_undecided_selfcheck_exits_with_3_and_its_report_with_0(tmp_path, capfd):
    assert selfcheck("Clockwork", tmp_path / "run", "--blocks", "2") == 3
    assert capfd.readouterr().err.splitlines()[-1] == f"harness: {api.read(tmp_path / 'run').headline}"
    assert json.loads((tmp_path / "summary.json").read_text())["selfcheck"]["answer"] == "unsure"
    assert app.run(["report", str(tmp_path / "run")]) == 0


def test_selfcheck_exits_with_4_if_the_variant_fails(tmp_path):
    assert selfcheck("RaisesAtThree", tmp_path / "run") == 4
    assert json.loads((tmp_path / "summary.json").read_text())["selfcheck"] is None


@pytest.mark.parametrize(
    "command",
    [
        ["profile", "--variant", STEADY, "--epochs", "3"],
        ["compare", STEADY, OTHER, "--epochs", "3", "--blocks", "1"],
        ["converge", f"{ARMS}:Learner", "--epochs", "3", "--seeds", "1"],
    ],
)
def test_warns_of_another_run_at_once_and_in_the_report(command, tmp_path, capfd, monkeypatch):
    monkeypatch.setattr("harness.engine.machine.conditions.other_runs", lambda: [1234])
    warning = "Another harness run was measuring on this machine when this one began (process 1234)"
    assert app.run([*command, "--out", str(tmp_path / "run")]) == 0
    assert capfd.readouterr().err.startswith(f"harness: {warning}")
    assert f"**{warning}" in (tmp_path / "run" / "report.md").read_text()


def test_profile_writes_its_timeline_and_renders_again_from_its_record(tmp_path):
    run, timeline = tmp_path / "run", tmp_path / "timeline.json"
    options = ["--epochs", "10", "--memory", "exact", "--trace", str(timeline), "--out", str(run)]
    assert app.run(["profile", "--variant", f"{ARMS.parent / 'nested.py'}:Nests", *options]) == 0
    assert timeline.read_bytes() == (run / "timeline.json").read_bytes()
    assert json.loads(timeline.read_text())["traceEvents"]
    assert read(run).plan.exact_memory
    report = (run / "report.md").read_text()
    assert all(f"## {title}" in report for title in ("Epochs", "Traces", "Phases", "Operations", "Memory"))
    (run / "report.md").unlink()
    assert app.run(["report", str(run), "--format", "md"]) == 0
    assert (run / "report.md").read_text() == report


def test_default_directory_is_new_under_reports(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert app.run(["profile", "--variant", STEADY, "--epochs", "3"]) == 0
    (run,) = (tmp_path / "reports").iterdir()
    assert "profile" in run.name
    assert read(run).plan.command == "profile"


def test_does_not_overwrite_a_directory_with_a_run(tmp_path, capfd):
    options = ["--epochs", "2", "--out", str(tmp_path / "run")]
    assert app.run(["profile", "--variant", STEADY, *options]) == 0
    before = (tmp_path / "run" / "run.jsonl").read_bytes()
    assert app.run(["profile", "--variant", OTHER, *options]) == 2
    assert "already holds a run" in capfd.readouterr().err
    assert (tmp_path / "run" / "run.jsonl").read_bytes() == before


def test_baseline_need_not_be_the_first(tmp_path):
    summary = tmp_path / "summary.json"
    names = [STEADY, OTHER, "--baseline", OTHER, "--epochs", "4", "--blocks", "1"]
    assert app.run(["compare", *names, "--out", str(tmp_path / "run"), "--json", str(summary)]) == 0
    found = json.loads(summary.read_text())
    assert found["baseline"] == "Other"
    assert [arm["metrics"]["total_time"]["ratio"] is None for arm in found["arms"]] == [False, True]


def test_finds_a_module_of_the_working_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "loop.py").write_text(ARMS.read_text())
    assert app.run(["profile", "--variant", "mine.loop:Steady", "--epochs", "3", "--out", "run"]) == 0
    assert len(read(tmp_path / "run").slices) > 0


def test_a_users_file_does_not_shadow_built_in_variants(tmp_path, monkeypatch):
    """A user's folder called `variants` must not be confused with the package."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "variants").mkdir()
    (tmp_path / "variants" / "__init__.py").write_text("raise ImportError('not this one')")
    command = [sys.executable, "-P", "-m", "harness", "compare", "moments", "--scale", "smoke", "--blocks", "1"]
    done = subprocess.run([*command, "--epochs", "3", "--out", "run"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_an_internal_error_is_reported_as_such(monkeypatch, capfd):
    def broken(*arguments, **options):
        raise ZeroDivisionError("ours")

    monkeypatch.setattr("harness.plan.planning.draft", broken)
    assert app.run(["compare", "original"]) == 70
    assert "a bug in harness" in capfd.readouterr().err


def test_python_m_harness_is_the_same_command():
    done = subprocess.run([sys.executable, "-m", "harness", "nosuch"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("harness: ")

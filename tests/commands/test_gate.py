"""`harness gate` as CI runs it: real repositories, real processes, exit codes, and the files it writes."""

import json
import subprocess

import pytest
from paths import ROOT
from repositories import SOURCE, contents, git, repository, write

from harness.cli import app
from harness.plan.gate_rules import TIMES

SHORT = ["--epochs", "60", "--blocks", "3"]
UNTIMED = [option for metric in TIMES for option in ("--tolerance", f"{metric}=off")]
COUNTED = ["--epochs", "20", "--blocks", "1", *UNTIMED]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)
    made = repository(tmp_path / "repository")
    monkeypatch.chdir(made)
    return made


@pytest.fixture
def gate(tmp_path, folder):
    """Run a gate of `loop.py:Loop`: its exit code, and its summary, if there is one."""

    def run(*options, name="loop.py:Loop", short=SHORT):
        file = tmp_path / "summary.json"
        file.unlink(missing_ok=True)
        place = ["--out", str(tmp_path / f"run{len(list(tmp_path.iterdir()))}"), "--json", str(file)]
        code = app.run(["gate", *([name] if name else []), *short, *options, *place])
        return code, json.loads(file.read_text()) if file.exists() else None

    return run


def edit(folder, old, new):
    source = (folder / "loop.py").read_text()
    assert old in source
    (folder / "loop.py").write_text(source.replace(old, new))


def answers(summary):
    return {(check["metric"], check["part"]): check["answer"] for check in summary["gate"]["checks"]}


def test_a_comment_change_passes_and_the_repository_is_unchanged(folder, gate):
    edit(folder, "import sys", "import sys  # a comment")
    before = contents(folder)
    code, summary = gate("--base", "HEAD")
    assert code == 0
    assert contents(folder) == before
    assert summary["gate"]["answer"] == "passed"
    assert [arm["name"] for arm in summary["arms"]] == ["Loop at HEAD", "Loop at HEAD again", "Loop"]
    found = answers(summary)
    assert found["epoch_time", "epoch"] == found["total_time", None] == found["losses", None] == "ok"
    assert found["quality", "error"] == "ok"
    for uncounted in ("traces", "compilations", "flops", "peak_tensors"):  # it loads nothing that traces
        assert found[uncounted, None] == "not measured"
    assert "with changes that are not committed" in summary["gate"]["head"]


@pytest.mark.parametrize(
    ("old", "new", "options", "code", "metric"),
    [
        ("1_000_000", "1_050_000", [], 1, "epoch_time"),
        ("1_000_000", "1_050_000", ["--tolerance", "0.1"], 0, None),
        ("1_000_000", "1_000_000 + 10_000_000 * (index % 10 == 0)", [], 1, "total_time"),
        ('{"error": self.error}', '{"error": 2 * self.error}', [], 1, "quality"),
        ('{"error": self.error}', '{"error": 2 * self.error}', ["--tolerance", "quality=off"], 0, None),
        ("*= 0.99", "*= 0.989", [], 1, "losses"),
        ("*= 0.99", "*= 0.989", ["--tolerance", "losses=any"], 0, None),
        ("*= 0.99", "*= 0.9900001", ["--tolerance", "losses=rounding"], 0, None),
        (
            "self.now, self.error =",
            "self.kept = b'1' * 20_000_000\n        self.now, self.error =",
            [],
            1,
            "peak_memory",
        ),
    ],
    ids=[
        "slower",
        "slower, allowed",
        "slower in every tenth epoch",
        "worse",
        "worse, not gated",
        "other",
        "other, allowed",
        "rounding",
        "memory",
    ],
)
def test_a_regression_fails_unless_allowed(folder, gate, old, new, options, code, metric):
    edit(folder, old, new)
    got, summary = gate("--base", "HEAD", *options, short=SHORT if "1_000_000" in old else COUNTED)
    assert got == code
    assert {check["metric"] for check in summary["gate"]["checks"] if check["answer"] == "regressed"} >= (
        {metric} if metric else set()
    )
    assert (summary["gate"]["answer"] == "regressed") == bool(metric)


def test_an_improvement_passes_and_is_reported(folder, gate):
    edit(folder, "1_000_000", "700_000")
    code, summary = gate("--base", "HEAD")
    assert code == 0
    assert answers(summary)["epoch_time", "epoch"] == "improved"
    (check,) = [check for check in summary["gate"]["checks"] if check["metric"] == "epoch_time"]
    assert [check["base"], check["head"]] == pytest.approx([0.001, 0.0007])


@pytest.mark.parametrize("options", [[], ["--head", "HEAD"]])
def test_a_head_with_a_syntax_error_fails(folder, gate, capfd, options):
    edit(folder, "class Loop:", "class Loop")
    git(folder, "commit", "-qam", "broken")
    assert gate("--base", "HEAD~1", *options)[0] == 4
    assert "loop.py:Loop failed while it was imported: " in capfd.readouterr().err
    assert gate("--base", "HEAD", "--head", "HEAD~1")[0] == 5
    assert "loop.py, line 7 is not Python" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("old", "new", "options", "message"),
    [
        ("import sys", "import sys, no_such_module", [], "no_such_module"),
        ("self.now += 1", "assert index < 5, 'empty'\n        self.now += 1", [], "in epoch 5: AssertionError: empty"),
        (
            "self.now += 1",
            "import time; time.sleep(60 if index == 5 else 0)\n        self.now += 1",
            ["--timeout", "2"],
            "in epoch 5: it gave no answer for 2 s",
        ),
    ],
    ids=["does not import", "crashes", "hangs"],
)
def test_a_failing_head_is_not_a_regression(folder, gate, capfd, old, new, options, message):
    edit(folder, old, new)
    code, summary = gate("--base", "HEAD", *options, short=COUNTED)
    assert code == 4
    assert summary["gate"]["answer"] == "failed"
    assert message in " ".join(capfd.readouterr().out.split())


def test_both_sides_may_be_revisions(folder, gate):
    edit(folder, "1_000_000", "1_100_000")
    git(folder, "commit", "-qam", "slower")
    write(folder, {"loop.py": "this is no Python"})
    code, summary = gate("--base", "HEAD~1", "--head", "HEAD")
    assert code == 1
    assert summary["gate"]["head"].startswith("HEAD (")


def test_each_variant_is_gated_by_its_own_tolerance(folder, gate):
    write(
        folder,
        {
            "loop.py": SOURCE + "\n\nclass Other(Loop):\n    pass\n",
            "pyproject.toml": '[tool.harness.gate.variants."loop.py:Loop"]\nepoch_time = 0.2\ntotal_time = 0.2\n'
            '[tool.harness.gate.variants."loop.py:Other"]\n',
        },
    )
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "two")
    edit(folder, "1_000_000", "1_100_000")
    code, summary = gate("--base", "HEAD", name=None)
    assert code == 1
    assert [arm["name"] for arm in summary["arms"]][2::3] == ["Loop", "Other"]
    by_variant = {(check["variant"], check["metric"]): check["answer"] for check in summary["gate"]["checks"]}
    assert by_variant["Loop", "epoch_time"] == "ok"
    assert by_variant["Other", "epoch_time"] == "regressed"


def test_unmeasured_is_unsure(folder, gate, capfd):
    code, summary = gate("--base", "HEAD", short=["--epochs", "2", "--blocks", "3"])
    assert (code, answers(summary)["epoch_time", None]) == (3, "unsure")
    code, summary = gate("--base", "HEAD", "--budget", "0.1s", short=[])
    assert code == 3
    assert set(answers(summary).values()) == {"unsure"}


def test_resumes_an_interrupted_gate(folder, gate, tmp_path, capfd):
    assert gate("--base", "HEAD")[0] == 0
    (run,) = tmp_path.glob("run*")
    record = run / "run.jsonl"
    lines = record.read_bytes().splitlines(keepends=True)
    second = [number for number, line in enumerate(lines) if b'"block end"' in line][1]
    record.write_bytes(b"".join(lines[:second]))
    assert app.run(["gate", "--resume", str(run), "--json", str(tmp_path / "again.json")]) == 0
    assert json.loads((tmp_path / "again.json").read_text())["gate"]["answer"] == "passed"


def test_does_not_resume_a_gate_after_the_head_changed(folder, gate, tmp_path, capfd):
    assert gate("--base", "HEAD", short=COUNTED)[0] == 0
    (run,) = tmp_path.glob("run*")
    lines = (run / "run.jsonl").read_bytes().splitlines(keepends=True)
    (run / "run.jsonl").write_bytes(b"".join(lines[:4]))
    edit(folder, "*= 0.99", "*= 0.989")
    capfd.readouterr()
    assert app.run(["gate", "--resume", str(run)]) == 2
    assert "the code has changed since it began" in capfd.readouterr().err


def test_output_of_a_gate_is_not_a_change_of_the_repository(folder):
    assert app.run(["gate", "loop.py:Loop", "--base", "HEAD", *COUNTED]) == 0
    assert list((folder / "reports").glob("*/report.md"))
    assert git(folder, "status", "--porcelain") == ""


def test_unsure_exits_with_3_unless_allowed_to_pass(folder, gate):
    two = ["--epochs", "60", "--blocks", "2"]
    code, summary = gate("--base", "HEAD", short=two)
    assert code == 3
    unsure = [check for check in summary["gate"]["checks"] if check["answer"] == "unsure"]
    assert {check["why"]["reason"] for check in unsure} == {"too few blocks"}
    code, summary = gate("--base", "HEAD", "--unsure", "warn", short=two)
    assert (code, summary["gate"]["answer"]) == (0, "unsure")


def test_reports_a_gate_again_from_its_record(folder, gate, tmp_path, capfd):
    code, _ = gate("--base", "HEAD")
    assert code == 0
    (run,) = tmp_path.glob("run*")
    report, brief = (run / "report.md").read_text(), (run / "gate.md").read_text()
    assert "### Gate Loop" in brief
    assert "<summary>Loop</summary>" in brief
    assert app.run(["report", str(run)]) == 0
    assert (run / "report.md").read_text() == report
    assert (run / "gate.md").read_text() == brief


def test_a_stored_baseline_requires_the_same_machine(folder, gate, tmp_path, capfd, monkeypatch):
    monkeypatch.setattr("harness.analysis.gate.stored.disturbed", lambda facts: False)
    runs = []
    for _ in range(2):
        assert gate("--base", "HEAD")[0] == 0
        runs.append(max(tmp_path.glob("run*"), key=lambda path: path.stat().st_mtime))
    stored = [option for run in runs for option in ("--baseline", str(run))]
    code, summary = gate(*stored, name=None)
    assert (code, summary["gate"]["answer"]) == (0, "passed")
    assert answers(summary)["epoch_time", "epoch"] == "ok"
    edit(folder, "1_000_000", "1_100_000")
    assert gate(*stored, name=None)[0] == 1
    code, summary = gate(*stored[:2], name=None)
    assert code == 0
    assert answers(summary)["epoch_time", "epoch"] == "not measured"
    edit(folder, "*= 0.99", "*= 0.989")
    assert answers(gate(*stored, name=None)[1])["losses", None] == "regressed"
    assert answers(gate(*stored[:2], name=None)[1])["losses", None] == "unsure"
    edit(folder, "*= 0.989", "*= 0.99")
    capfd.readouterr()
    assert gate(*stored, "--seed", "1", name=None)[0] == 5
    assert "its seed was 0, now it is 1 (--allow seed)" in capfd.readouterr().err
    assert gate(*stored, "--seed", "1", "--allow", "seed", name=None)[0] == 1
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    assert gate(*stored, name=None)[0] == 5
    assert "its KERAS_BACKEND was not recorded, here it is jax (--allow environment)" in capfd.readouterr().err
    monkeypatch.delenv("KERAS_BACKEND")
    monkeypatch.setattr("harness.engine.machine.machine._read_processor", lambda: "another")
    assert gate(*stored, name=None)[0] == 5
    assert "here it is another" in capfd.readouterr().err


def test_writes_github_annotations_and_summary(folder, gate, tmp_path, capfd, monkeypatch):
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "step.md"))
    edit(folder, "1_000_000", "1_100_000")
    assert gate("--base", "HEAD")[0] == 1
    annotations = [line for line in capfd.readouterr().err.splitlines() if line.startswith("::")]
    assert annotations[0].startswith(
        "::error title=harness gate::Loop: epoch time got worse: 1.00 ms to 1.10 ms, +10 %25"
    )
    assert "### Gate Loop" in (tmp_path / "step.md").read_text()


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--base", "nosuch"], 2, "There is no revision 'nosuch'"),
        (["--base", "--all"], 2, "There is no revision '--all'"),
        ([], 2, "--base REV, or --baseline RUN"),
        (["--base", "HEAD", "--baseline", "x"], 2, "not both"),
        (["--base", "HEAD", "--tolerance", "epoch_tme=0.1"], 2, "did you mean 'epoch_time'"),
        (["--base", "HEAD", "--tolerance", "epoch_time=-1"], 2, "must be a share above 0"),
        (["--base", "HEAD", "--unsure", "maybe"], 2, "one of fail, warn, pass"),
        (["--base", "HEAD", "--allow", "machin"], 2, "did you mean 'machine'"),
        (["--baseline", "nosuch"], 2, "no readable record at nosuch"),
        (["--baseline", "x", "--head", "HEAD"], 2, "--head needs --base"),
        (["--base", "HEAD", "--variant", "loop.py:Lop"], 2, "did you mean 'Loop'"),
    ],
)
def test_bad_input_is_one_sentence(gate, capfd, options, code, message):
    assert gate(*options)[0] == code
    err = capfd.readouterr().err
    assert message in err
    assert err.startswith("harness: ")
    assert err.count("\n") == 1


def test_a_base_that_lacks_the_variant_is_not_comparable(folder, gate, capfd):
    edit(folder, "class Loop", "class Newer(object):\n    pass\n\n\nclass Loop")
    write(folder, {"other.py": SOURCE})
    assert gate("--base", "HEAD", name="loop.py:Newer")[0] == 5
    assert "defines no 'Newer'" in capfd.readouterr().err
    assert gate("--base", "HEAD", name="other.py:Loop")[0] == 5
    assert "There is no file 'other.py'" in capfd.readouterr().err
    write(folder, {".gitattributes": "kept.py export-ignore\n", "kept.py": SOURCE})
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "kept")
    assert gate("--base", "HEAD", name="kept.py:Loop")[0] == 5
    assert "export-ignore" in capfd.readouterr().err
    assert gate("--base", "HEAD", name="json:loads")[0] == 2
    assert "The module json is not in this repository" in capfd.readouterr().err
    assert gate("--base", "HEAD", name="original")[0] == 2
    assert "registered by variants.recipes, which is not in this repository" in capfd.readouterr().err


def test_action_reads_variants_from_several_lines():
    action = (ROOT / "action.yml").read_text()
    script = "\n".join(line.strip() for line in action.splitlines() if line.strip().startswith("read -r"))
    script += '\nprintf "%s\\n" "${variants[@]}" "${options[@]}"'
    given = {"VARIANTS": "a.py:One\n  b.py:Two three\n", "OPTIONS": "--budget 3min\n--unsure warn"}
    done = subprocess.run(["bash", "-euc", script], env=given, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["a.py:One", "b.py:Two", "three", "--budget", "3min", "--unsure", "warn"]


SCRIPT = """
import harness
from harness.worker.probes import clock

now, error = 0, 1.0
clock.perf_counter_ns = lambda: now
for epoch in harness.epochs(range(200)):
    now += 1_000_000
    error *= 0.99
    harness.report(loss=error)
"""


@pytest.mark.parametrize(
    ("old", "new", "code", "metric"),
    [
        ("import harness", "import harness  # a comment", 0, None),
        ("1_000_000", "1_050_000", 1, "total_time"),
        ("*= 0.99", "*= 0.98", 1, "losses"),
    ],
)
def test_a_command_is_compared_with_itself_at_a_revision(folder, gate, old, new, code, metric):
    write(folder, {"scripts/train.py": SCRIPT})
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "a script")
    write(folder, {"scripts/train.py": SCRIPT.replace(old, new)})
    found, summary = gate("--base", "HEAD", name="scripts/train.py --unused 3")
    assert found == code
    assert [arm["name"] for arm in summary["arms"]][-1] == "scripts/train.py --unused 3"
    assert metric is None or metric in {
        check["metric"] for check in summary["gate"]["checks"] if check["answer"] == "regressed"
    }


def test_a_command_that_the_base_does_not_have_is_not_comparable(folder, gate, capfd):
    write(folder, {"train.py": SCRIPT})
    assert gate("--base", "HEAD", name="train.py") == (5, None)
    assert "there is no file 'train.py'" in capfd.readouterr().err

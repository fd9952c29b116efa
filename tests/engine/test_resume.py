"""An interrupted run continues by its own plan; a run with a budget ends when it is used up."""

import json
import os
import signal
from pathlib import Path

import pytest
from paths import ARMS
from planned import planned

from harness.cli import app
from harness.engine.session import measure
from harness.record.schema import BlockEnd, Look, LookReason, Slice
from harness.record.store import FILE_NAME, Writer, read

NAMES = [f"{ARMS}:Steady", f"{ARMS}:Other"]


def compare(out, *options):
    return app.run(["compare", *NAMES, "--epochs", "12", "--out", str(out), *options])


@pytest.fixture
def cut_off(tmp_path):
    """A run interrupted in its second block, and its torn last line."""
    out = tmp_path / "run"

    def watch(event, record):
        if isinstance(event, Slice) and event.block == 1 and event.round:
            os.kill(os.getpid(), signal.SIGINT)

    measure(planned("compare", NAMES, epochs=12, blocks=3), out, watch)
    with (out / FILE_NAME).open("ab") as file:
        file.write(b'{"line": "slice", "block": 1, "gro')
    return out


def test_completes_an_interrupted_run_by_its_own_plan(cut_off, capsys):
    before = (cut_off / FILE_NAME).read_bytes()
    assert read(cut_off).partial
    assert app.run(["compare", "--resume", str(cut_off)]) == 0
    run = read(cut_off)
    assert not run.partial
    assert [end.block for end in run.blocks_done] == [0, 1, 2]
    assert {piece.block for piece in run.abandoned} == {1}
    assert (cut_off / FILE_NAME).read_bytes().startswith(before[: before.rindex(b"\n") + 1])
    for block in range(3):
        for arm in ("Steady", "Other"):
            own = [e.index for s in run.slices if (s.block, s.arm) == (block, arm) for e in s.epochs]
            assert sorted(own) == [*range(12)]
    assert "partial" not in capsys.readouterr().out


def test_completes_a_run_that_lost_its_last_lines(cut_off):
    whole = (cut_off / FILE_NAME).read_bytes().splitlines(keepends=True)
    (cut_off / FILE_NAME).write_bytes(b"".join(whole[:4]))
    assert app.run(["compare", "--resume", str(cut_off / FILE_NAME)]) == 0
    assert len(read(cut_off).blocks_done) == 3


def test_does_not_retry_failures_of_finished_blocks(tmp_path):
    out = tmp_path / "run"
    plan = planned("compare", [f"{ARMS}:Steady", f"{ARMS}:RaisesAtThree"], epochs=12, blocks=2)

    def watch(event, record):
        if isinstance(event, BlockEnd):
            os.kill(os.getpid(), signal.SIGINT)

    measure(plan, out, watch)
    assert app.run(["compare", "--resume", str(out)]) == 4
    assert [end.status for end in read(out).ends if end.arm == "RaisesAtThree"] == ["failed"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"versions": {"python": "2.7"}}, "it ran with "),
        ({"machine": {"processor": "abacus"}}, "its processor was abacus, here it is "),
    ],
)
def test_does_not_resume_on_another_machine_or_other_versions(cut_off, capsys, change, message):
    header, *rest = (json.loads(line) for line in (cut_off / FILE_NAME).read_bytes().split(b"\n")[:-1])
    (cut_off / FILE_NAME).write_text("\n".join(json.dumps(line) for line in [header | change, *rest]) + "\n")
    assert app.run(["compare", "--resume", str(cut_off)]) == 2
    assert f"{cut_off} cannot be resumed: {message}" in capsys.readouterr().err


def test_resume_errors_are_one_sentence(tmp_path, cut_off, capsys):
    out = tmp_path / "complete"
    assert compare(out, "--blocks", "1") == 0
    for arguments, message in (
        (["compare", "--resume", str(out)], f"{out} is a complete run: there is nothing to resume."),
        (["converge", "--resume", str(cut_off)], f"{cut_off} is a run of `harness compare`: resume it with that"),
        (["compare", "--resume", str(cut_off), "--epochs", "3"], "takes its plan from the run: leave --epochs out."),
        (["compare", "original", "--resume", str(cut_off)], "takes its plan from the run: leave the names out."),
        (["compare", "--resume", str(tmp_path / "nowhere")], "There is no readable record at"),
    ):
        capsys.readouterr()
        assert app.run(arguments) == 2
        assert message in capsys.readouterr().err


def test_budget_interrupts_a_block_and_keeps_its_measurements(tmp_path):
    plan = planned("compare", NAMES, epochs=12, budget="60s")
    times = iter(range(0, 1000, 7))
    run = measure(plan, tmp_path / "run", lambda event, record: None, elapsed=lambda: next(times))
    assert run.footer.status == "out of time"
    assert run.partial
    assert run.blocks_done == []


def test_budget_ending_with_the_last_block_interrupts_nothing(tmp_path):
    plan = planned("compare", NAMES, epochs=12, budget="60s", blocks=1)
    ended = []
    watch = lambda event, record: ended.append(event) if isinstance(event, BlockEnd) else None  # noqa: E731
    run = measure(plan, tmp_path / "run", watch, elapsed=lambda: 100.0 if ended else 0.0)
    assert run.footer.status == "complete"


def test_budget_ending_between_blocks_interrupts_nothing(tmp_path):
    plan = planned("compare", NAMES, epochs=12, budget="60s", blocks=5)
    ended = []
    watch = lambda event, record: ended.append(event) if isinstance(event, BlockEnd) else None  # noqa: E731
    stop = lambda record: Look(record.blocks_done[-1].block, False, LookReason.CLEAR)  # noqa: E731
    run = measure(plan, tmp_path / "run", watch, stop, elapsed=lambda: 100.0 if ended else 0.0)
    assert run.footer.status == "complete"
    assert len(run.blocks_done) == 1
    assert run.looks[-1].reason == LookReason.CLEAR


def test_cannot_resume_an_active_run(cut_off, capsys):
    with Writer.reopen(cut_off):
        before = (cut_off / FILE_NAME).read_bytes()
        assert app.run(["compare", "--resume", str(cut_off)]) == 2
        assert "it is still running" in capsys.readouterr().err
        assert (cut_off / FILE_NAME).read_bytes() == before
    assert app.run(["compare", "--resume", str(cut_off)]) == 0


def test_does_not_resume_with_changed_code_outside_a_repository(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.chdir(tmp_path)
    Path("mine.py").write_text(ARMS.read_text())

    def watch(event, record):
        if isinstance(event, Slice) and event.round:
            os.kill(os.getpid(), signal.SIGINT)

    names = ["mine.py:Steady", "mine.py:Other"]
    measure(planned("compare", names, epochs=12, blocks=1), Path("run"), watch)
    Path("mine.py").write_text(ARMS.read_text() + "\n")
    assert app.run(["compare", "--resume", "run"]) == 2
    assert "the code has changed since it began" in capsys.readouterr().err
    Path("mine.py").write_text(ARMS.read_text())
    assert app.run(["compare", "--resume", "run"]) == 0


def test_stopping_reason_is_in_the_record(tmp_path):
    out = tmp_path / "run"
    assert compare(out, "--blocks", "1") == 0
    assert read(out).looks[-1].reason == LookReason.ALL_BLOCKS
    assert compare(tmp_path / "other", "--budget", "1s") == 0
    assert read(tmp_path / "other").footer.status == "out of time"

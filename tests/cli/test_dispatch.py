"""The output directory of a run, and which runs can be resumed."""

import subprocess
from datetime import datetime

import pytest
from paths import ARMS
from planned import planned

from harness.cli import app
from harness.cli.dispatch import publish
from harness.engine import session
from harness.engine.session import measure
from harness.record.schema import BlockEnd
from harness.record.store import FILE_NAME, read

STEADY = f"{ARMS}:Steady"
SHORT = ["--epochs", "2", "--blocks", "1", "--threads", "1"]


@pytest.fixture
def cut_off(tmp_path):
    """A run of two blocks, of which the second is missing."""
    out = tmp_path / "run"

    def watch(event, record):
        if isinstance(event, BlockEnd):
            raise KeyboardInterrupt

    measure(planned("compare", STEADY, epochs=2, blocks=2, threads=1), out, watch)
    return out


def test_runs_that_begin_in_the_same_second_have_a_directory_each(tmp_path, monkeypatch):
    class Clock(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime(2026, 1, 2, 3, 4, 5, tzinfo=tz)

    monkeypatch.setattr(session, "datetime", Clock)
    monkeypatch.chdir(tmp_path)
    for _ in range(3):
        assert app.run(["compare", STEADY, *SHORT]) == 0
    first = tmp_path / "reports" / "20260102-030405-compare"
    found = sorted((tmp_path / "reports").iterdir())
    assert found == [first, first.with_name(f"{first.name}-2"), first.with_name(f"{first.name}-3")]
    assert {len(read(place).blocks_done) for place in found} == {1}
    assert {read(place).header.run for place in found} == {place.name for place in found}


def test_git_ignores_the_output_of_a_command(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    subprocess.run(["git", "init", "-q"], check=True)
    assert app.run(["compare", STEADY, *SHORT]) == 0
    assert list(tmp_path.glob("reports/*/report.md"))
    status = subprocess.run(["git", "status", "--porcelain"], check=True, capture_output=True, text=True)
    assert status.stdout == ""


def test_a_copied_record_is_not_resumed_or_changed(cut_off, capsys):
    copy = cut_off / "copy.jsonl"
    copy.write_bytes((cut_off / FILE_NAME).read_bytes())
    before = copy.read_bytes()
    assert app.run(["compare", "--resume", str(copy)]) == 2
    errors = capsys.readouterr().err
    assert errors == f"harness: {copy} cannot be resumed: give the run's own directory, or its run.jsonl.\n"
    assert copy.read_bytes() == before == (cut_off / FILE_NAME).read_bytes()
    assert app.run(["compare", "--resume", str(cut_off / FILE_NAME)]) == 0
    assert len(read(cut_off).blocks_done) == 2


def test_does_not_resume_what_is_not_a_record(tmp_path, capsys):
    assert app.run(["compare", "--resume", str(tmp_path / "nowhere.jsonl")]) == 2
    assert "There is no readable record at" in capsys.readouterr().err


def test_files_for_viewers_are_named_after_the_reports(cut_off, capsys):
    publish(read(cut_off), cut_off, None, formats=["csv"])
    assert "Perfetto" not in capsys.readouterr().out
    (cut_off / "lines.json").write_text("{}")
    publish(read(cut_off), cut_off, None, formats=["csv"])
    assert capsys.readouterr().out.rstrip().endswith("For Perfetto or speedscope: lines.json")

"""Measuring from Python: the same as the command line, with typed results."""

from importlib import metadata, resources

import pandas as pd
import pytest
from paths import ARMS

import harness
from harness.errors import BadInput, BadRecord
from harness.record.schema import BlockEnd

STEADY, OTHER = f"{ARMS}:Steady", f"{ARMS}:Other"


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    return harness.compare(STEADY, OTHER, epochs=8, blocks=2, threads=1, out=tmp_path_factory.mktemp("api") / "run")


@pytest.fixture(scope="module")
def profiled(tmp_path_factory):
    return harness.profile(f"{ARMS}:Sought", epochs=12, threads=1, out=tmp_path_factory.mktemp("api") / "run")


def test_arms_by_name_and_in_order(compared):
    assert [arm.name for arm in compared] == ["Steady", "Other"]
    arm = compared["Other"]
    assert (arm.name, arm.status) == ("Other", "ok")
    assert arm.ratio.low < arm.ratio.estimate < arm.ratio.high
    assert arm.value("epoch_time") >= 0.002
    assert compared["Steady"].ratio is None


def test_the_table_has_a_row_for_each_arm(compared):
    assert isinstance(compared.table, pd.DataFrame)
    assert list(compared.table.index) == ["Steady", "Other"]
    assert compared.table.loc["Other", "total_time ratio"] == compared["Other"].ratio.estimate
    assert compared.table.loc["Other", "epoch_time (s)"] == compared["Other"].value("epoch_time")


def test_epochs_table_has_a_row_for_each_timed_epoch(compared):
    assert len(compared.epochs) == sum(len(piece.epochs) for piece in compared.record.slices) == 2 * 2 * 8
    assert set(compared.epochs["arm"]) == {"Steady", "Other"}
    assert (compared.epochs["wall"] >= 0.002).all()


def test_the_verdict_is_the_headline_of_the_report(compared):
    (path, *_) = compared.write("md")
    assert compared.headline
    assert compared.headline == compared.contents.headline
    assert compared.headline.split(":")[0] in path.read_text(encoding="utf-8")


def test_requested_reports_are_written_beside_the_record(tmp_path):
    result = harness.compare(STEADY, epochs=3, blocks=1, threads=1, out=tmp_path / "run")
    assert {path.name for path in (tmp_path / "run").iterdir()} == {"run.jsonl", "logs"}
    assert result.directory == tmp_path / "run"
    written = result.write("csv,json")
    assert written == [tmp_path / "run" / "report.csv", tmp_path / "run" / "report.json"]
    assert all(path.is_file() for path in written)
    with pytest.raises(BadInput, match="There is no format 'htlm': did you mean 'html'"):
        result.write("htlm")


def test_a_notebook_shows_the_verdict_and_the_table(compared):
    shown = compared._repr_html_()
    assert compared.headline in shown
    assert "<table" in shown


def test_a_reloaded_run_gives_the_same_results(compared):
    for place in (compared.directory, str(compared.directory / "run.jsonl")):
        again = harness.read(place)
        assert again.summary.to_json() == compared.summary.to_json()
        assert again.headline == compared.headline
        assert again.directory == compared.directory
        pd.testing.assert_frame_equal(again.table, compared.table)


def test_a_profile_has_findings_and_evidence_of_each_pass(profiled):
    (arm,) = profiled
    assert arm.name == "Sought"
    assert arm.profile.phases
    assert profiled.record.plan.probes == ("phases", "memory", "operations")
    assert {piece.probe for piece in profiled.record.watched} == {"phases", "memory", "operations", "another seed"}
    assert harness.read(profiled.directory).summary.to_json() == profiled.summary.to_json()


def test_a_profile_without_passes_shows_timings(tmp_path):
    result = harness.profile(STEADY, epochs=4, threads=1, watch=(), out=tmp_path / "run")
    assert result["Steady"].profile is not None
    assert [path.name for path in result.write("md")][:1] == ["report.md"]
    assert "## Epochs" in (tmp_path / "run" / "report.md").read_text()


def test_each_event_is_passed_on_with_the_record_so_far(tmp_path):
    events = []

    def note(event, record):
        if isinstance(event, BlockEnd):
            events.append((event.block, len(record.blocks_done)))

    harness.compare(STEADY, epochs=2, blocks=2, threads=1, out=tmp_path / "run", on_event=note)
    assert events == [(0, 1), (1, 2)]


def test_a_failed_arm_is_in_the_result(tmp_path):
    result = harness.compare(STEADY, f"{ARMS}:RaisesAtThree", epochs=6, blocks=1, threads=1, out=tmp_path / "run")
    assert result["RaisesAtThree"].status == "failed"
    assert result["RaisesAtThree"].reason == "in epoch 3: ValueError: the residual is empty"
    assert result["Steady"].status == "ok"


def test_default_folder_of_a_run():
    result = harness.compare(STEADY, epochs=2, blocks=1, threads=1)
    try:
        assert (result.directory / "run.jsonl").is_file()
    finally:
        for file in sorted(result.directory.rglob("*"), reverse=True):
            file.rmdir() if file.is_dir() else file.unlink()
        result.directory.rmdir()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: harness.compare("momets"), "There is no variant 'momets': did you mean 'moments'?"),
        (lambda: harness.compare(f"{ARMS}:Stedy"), "did you mean 'Steady'"),
        (lambda: harness.compare(STEADY, epocs=3), "compare() has no option 'epocs': did you mean 'epochs'?"),
        (lambda: harness.compare(STEADY, evaluations=3), "has no option 'evaluations': choose from baseline, "),
        (lambda: harness.compare(STEADY, blocks=0), "--blocks must be at least 1, not 0."),
        (lambda: harness.compare(STEADY, budget="soon"), "--budget must be a duration such as 90s or 2min"),
        (lambda: harness.profile("nosuch"), "There is no variant 'nosuch'"),
        (lambda: harness.profile(STEADY, blocks=3), "profile() has no option 'blocks': "),
    ],
)
def test_errors_are_one_sentence(call, message):
    with pytest.raises(BadInput) as error:
        call()
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_unknown_arm_error_is_one_sentence(compared):
    with pytest.raises(KeyError, match=r"there is no arm 'Stedy': did you mean 'Steady'\?"):
        compared["Stedy"]


def test_rejects_a_directory_without_a_run(tmp_path):
    with pytest.raises(BadRecord, match="no readable record at"):
        harness.read(tmp_path)


def test_does_not_overwrite_a_directory_with_a_run(compared):
    before = (compared.directory / "run.jsonl").read_bytes()
    with pytest.raises(BadInput, match="already holds a run"):
        harness.compare(STEADY, epochs=2, blocks=1, threads=1, out=compared.directory)
    assert (compared.directory / "run.jsonl").read_bytes() == before


def test_the_version_is_the_installed_one():
    assert harness.__version__ == metadata.version("pinn-harness")


def test_type_checkers_may_read_the_package():
    assert (resources.files("harness") / "py.typed").is_file()

"""A command, a probe, a metric and a format, defined here alone, are run and reported without touching the package."""

import json
from dataclasses import replace
from typing import Annotated

import pytest
import typer
from paths import ARMS, SUPPORT

import harness
from harness.analysis.metrics import registry as metrics
from harness.analysis.metrics.base import Measured, Metric, Unit
from harness.cli import app
from harness.cli.options import OPTIONS, Choice
from harness.commands.base import OUTPUT, Command, Planned
from harness.commands.registry import COMMANDS, register
from harness.engine.groups.taking_turns import TakingTurns
from harness.errors import Unsure
from harness.plan import planning
from harness.plan.planning import Traits
from harness.record.store import read
from harness.report.formats.base import FORMATS
from harness.report.layouts.base import Layout
from harness.report.table import Cell, Table

STEADY, OTHER, DRIFTING = (f"{ARMS}:{name}" for name in ("Steady", "Other", "Drifting"))
PROBES = SUPPORT / "counting_probe.py"


# A command


def headline(summary):
    return f"{len(summary.arms)} arms had a block to themselves."


def tables(summary, record):
    epochs = {arm.name: sum(len(p.epochs) for p in record.slices if p.arm == arm.name) for arm in summary.arms}
    yield Table("Tally", ["arm", "epochs"], [[arm, Cell(str(number), number)] for arm, number in epochs.items()])
    yield None  # as where there is nothing to show


LAYOUT = Layout(
    headline=headline,
    tables=tables,
    notes=lambda summary: ["Nobody took turns."],
    method=lambda summary: "Each arm ran alone.",
    figures=lambda summary, record, directory: (),
)


class Tally(Command):
    """Run each arm alone, and count its epochs."""

    name = "tally"
    options = ("names", ("epochs", "each"), "threads", *OUTPUT)

    def plan(self, request):
        traits = Traits(command=self.name, default_names=False, usual_epochs=False, fewest_blocks=None, most_blocks=1)
        return Planned(planning.draft(replace(request, fresh=True), traits))

    def run_block(self, plan):
        def alone(block, arms, failed):
            for arm in arms:
                yield from TakingTurns(block.group(arm)).run_together()

        return alone

    def layout(self):
        return LAYOUT

    def conclude(self, summary, directory):
        if len(summary.arms) == 1:
            raise Unsure(f"One arm is no tally; see {directory}.")


@pytest.fixture
def tally(monkeypatch):
    """Registered for one test, with an option of its own."""
    kind = Annotated[int | None, typer.Option("--each", help="Epochs of each arm.")]
    monkeypatch.setitem(OPTIONS, "each", Choice(kind))
    register(Tally())
    yield
    del COMMANDS[Tally.name]


def test_a_custom_command_runs_and_reports_with_its_own_layout(tally, tmp_path, capfd):
    out, summary = tmp_path / "run", tmp_path / "summary.json"
    options = ["--each", "4", "--threads", "1", "--out", str(out), "--json", str(summary)]
    assert app.run(["tally", STEADY, OTHER, *options]) == 0
    record = read(out)
    assert (record.plan.command, record.plan.epochs, record.plan.blocks) == ("tally", 4, 1)
    assert [start.order for start in record.starts] == [["Steady"], ["Other"]]
    assert json.loads(summary.read_text())["command"] == "tally"
    report, printed = (out / "report.md").read_text(), capfd.readouterr().out
    for text in (report, printed):
        assert "2 arms had a block to themselves." in text
        assert "Tally" in text
        assert "Nobody took turns." in text
    assert "| Steady | 4 |\n| Other | 4 |" in report
    assert "Each arm ran alone." in report
    (out / "report.md").unlink()
    assert app.run(["report", str(out)]) == 0
    assert (out / "report.md").read_text() == report
    assert harness.read(out).headline == "2 arms had a block to themselves."


def test_a_custom_command_has_the_usual_exit_code_help_and_errors(tally, tmp_path, capfd):
    assert app.run(["tally", STEADY, "--each", "2", "--out", str(tmp_path / "run")]) == Unsure.exit_code
    assert capfd.readouterr().err.splitlines()[-1] == f"harness: One arm is no tally; see {tmp_path / 'run'}."
    assert app.run(["--help"]) == 0
    assert "Run each arm alone, and count its epochs." in capfd.readouterr().out
    assert app.run(["tally", "--help"]) == 0
    output = capfd.readouterr().out
    assert "--each" in output
    assert "--blocks" not in output
    assert app.run(["tally", STEADY, "--each", "0"]) == 2
    assert capfd.readouterr().err == "harness: --epochs must be at least 1, not 0.\n"


def test_a_run_of_an_unknown_command_is_shown_as_a_comparison(tmp_path, monkeypatch, capfd):
    monkeypatch.setitem(COMMANDS, Tally.name, Tally())
    monkeypatch.setitem(OPTIONS, "each", OPTIONS["epochs"])
    assert app.run(["tally", STEADY, OTHER, "--epochs", "4", "--out", str(tmp_path / "run")]) == 0
    monkeypatch.undo()
    capfd.readouterr()
    assert app.run(["tally"]) == 2
    assert "tally" in capfd.readouterr().err
    assert app.run(["report", str(tmp_path / "run")]) == 0
    assert "to themselves" not in (tmp_path / "run" / "report.md").read_text()
    assert "Steady" in capfd.readouterr().out


# A probe


def profile(out, *watch, variant=DRIFTING, code=0):
    options = [option for name in watch for option in ("--watch", name)]
    assert app.run(["profile", "--variant", variant, "--epochs", "5", *options, "--out", str(out)]) == code
    return read(out)


def test_custom_probe_evidence_is_in_record_and_report(tmp_path):
    record = profile(tmp_path / "run", "phases", f"{PROBES}:Calls")
    assert record.plan.probes == ("phases", f"{PROBES}:Calls")
    (piece,) = [piece for piece in record.watched if piece.probe == f"{PROBES}:Calls"]
    assert [epoch.index for epoch in piece.epochs] == [0, 1, 2, 3, 4]
    assert [epoch.evidence["calls"] for epoch in piece.epochs] == [2] * 5  # its own and its parent's
    assert not any("calls" in epoch.evidence for piece in record.slices for epoch in piece.epochs)
    report = (tmp_path / "run" / "report.md").read_text()
    assert "## Other evidence" in report
    assert "| calls | epoch | 2.00 | 5 |" in report
    (tmp_path / "run" / "report.md").unlink()
    assert app.run(["report", str(tmp_path / "run")]) == 0
    assert (tmp_path / "run" / "report.md").read_text() == report


def test_a_probe_without_evidence_gives_a_reason(tmp_path):
    record = profile(tmp_path / "run", f"{PROBES}:Silent")
    assert record.unavailable("Drifting")["silence"] == "nobody listens"
    assert not any("silence" in epoch.evidence for piece in record.watched for epoch in piece.epochs)
    assert "silence, because nobody listens." in (tmp_path / "run" / "report.md").read_text()


def test_reports_why_a_probe_could_not_be_created(tmp_path, capfd):
    record = profile(tmp_path / "run", f"{PROBES}:Breaks", code=4)
    assert record.failure("Drifting").reason == "ValueError: there is no such counter"
    assert [epoch.index for piece in record.slices for epoch in piece.epochs] == [0, 1, 2, 3, 4]
    assert "Traceback" not in capfd.readouterr().err


def test_finds_a_probe_after_the_trainer_changed_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.py").write_text(PROBES.read_text())
    record = profile(tmp_path / "run", "own.py:Calls", variant=f"{SUPPORT / 'faults.py'}:Wanders")
    assert [epoch.evidence["calls"] for piece in record.watched for epoch in piece.epochs] == [1] * 5


# A metric


def measure_loss(arm):
    """The loss of epoch 1 of one block, in billionths."""
    return Measured(next(round(1e9 * epoch.losses["loss"]) for epoch in arm.one_block if epoch.index == 1), Unit.COUNT)


LOSS = Metric(
    name="loss_of_epoch_1",
    title="loss of epoch 1",
    unit=Unit.COUNT,
    deterministic=True,
    measure=measure_loss,
    gated=True,
    tolerance=0,
)


@pytest.fixture
def loss_of_epoch_1():
    """Registered for one test."""
    metrics.register(LOSS)
    yield
    del metrics.METRICS[LOSS.name]


CLAIM = """
[[claim]]
words = "Drifting has the larger loss"
metric = "loss_of_epoch_1"
arm = "Drifting"
baseline = "Steady"
is = "more"
"""


@pytest.mark.usefixtures("loss_of_epoch_1")
def test_a_registered_metric_is_measured_and_reported_everywhere(tmp_path, capfd):
    out, claims = tmp_path / "run", tmp_path / "claims.toml"
    claims.write_text(CLAIM)
    options = ["--epochs", "4", "--blocks", "1", "--claims", str(claims), "--out", str(out)]
    assert app.run(["compare", STEADY, DRIFTING, *options]) == 0
    expected = {"Steady": 500_000_000, "Drifting": 500_001_500}
    report, printed = (out / "report.md").read_text(), capfd.readouterr().out
    assert "loss of epoch 1" in printed
    assert "## Other metrics" in report
    for arm, value in expected.items():
        assert f"| {arm} | {value:,} |" in report
    assert "confirmed" in report
    assert harness.read(out).table["loss_of_epoch_1 (count)"].to_dict() == expected


def test_a_metric_that_is_not_registered_is_unknown(tmp_path, capfd):
    claims = tmp_path / "claims.toml"
    claims.write_text(CLAIM)
    assert app.run(["compare", STEADY, DRIFTING, "--claims", str(claims), "--out", str(tmp_path / "run")]) == 2
    assert "there is no metric 'loss_of_epoch_1'" in capfd.readouterr().err


# A format


class Plain:
    """The headline, and a file for each arm."""

    def files(self, contents):
        yield "plain.txt", f"{contents.heading}\n{contents.headline}\n"
        for arm in contents.summary.arms:
            yield f"arms/{arm.name}.txt", f"{arm.status}\n"


def test_writes_a_requested_custom_format(tmp_path, monkeypatch, capfd):
    out = tmp_path / "run"
    assert app.run(["compare", STEADY, OTHER, "--epochs", "4", "--blocks", "1", "--out", str(out)]) == 0
    assert app.run(["report", str(out), "--format", "mine"]) == 2
    assert "There is no format 'mine'" in capfd.readouterr().err
    monkeypatch.setitem(FORMATS, "mine", Plain())
    assert app.run(["report", str(out), "--format", "mine,json"]) == 0
    heading, headline = (out / "plain.txt").read_text().splitlines()
    assert "Steady" in heading
    assert headline == harness.read(out).headline
    assert (out / "arms" / "Other.txt").read_text() == "ok\n"
    assert "plain.txt, report.json" in capfd.readouterr().out
    assert harness.read(out).write("mine")[0] == out / "plain.txt"

"""What `-v` shows, through the standard `logging`."""

import io
import logging

import pytest
from paths import ARMS
from rich.console import Console

from harness.cli import app, logs


@pytest.fixture(autouse=True)
def as_before():
    yield
    logs.show(0, Console(file=io.StringIO()))


def lines(capfd, *options):
    assert app.run(["compare", f"{ARMS}:Steady", "--epochs", "2", "--blocks", "1", "--threads", "1", *options]) == 0
    return [line for line in capfd.readouterr().err.splitlines() if " harness." in line]


def test_verbose_logs_processes_and_decisions(tmp_path, capfd):
    shown = lines(capfd, "--out", str(tmp_path / "run"), "-v")
    assert any("INFO harness.engine.processes.arm: Steady: process" in line for line in shown)
    assert any("block 0: stops: all planned blocks are done" in line for line in shown)
    assert not any("DEBUG" in line for line in shown)


def test_very_verbose_logs_every_request_and_reply(tmp_path, capfd):
    shown = lines(capfd, "--out", str(tmp_path / "run"), "-vv")
    assert any("DEBUG harness.engine.processes.arm: Steady <- Run(indices=[0]" in line for line in shown)
    assert any("DEBUG harness.engine.processes.arm: Steady -> Ran(" in line for line in shown)


def test_logs_nothing_by_default(tmp_path, capfd):
    lines(capfd, "--out", str(tmp_path / "first"), "-vv")
    assert lines(capfd, "--out", str(tmp_path / "run")) == []


def test_a_program_using_harness_keeps_its_own_logging(tmp_path, caplog):
    import harness

    with caplog.at_level(logging.INFO, logger="harness"):
        harness.compare(f"{ARMS}:Steady", epochs=2, blocks=1, threads=1, out=tmp_path / "run")
    assert {record.name for record in caplog.records} == {
        "harness.engine.processes.arm",
        "harness.engine.runner",
        "harness.engine.session",
    }

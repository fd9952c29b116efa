"""`harness new` writes trainings that run, and whose epochs are seen."""

import subprocess
import sys

import pytest
from compared import compared, end_of, epochs_of

from harness.cli import starting
from harness.cli.app import run


@pytest.fixture
def new(tmp_path, monkeypatch):
    """Writes the starter of a framework to train.py."""
    monkeypatch.chdir(tmp_path)

    def write(framework):
        monkeypatch.setattr(starting, "FRAMEWORKS", (framework,))
        assert run(["new"]) == 0
        return tmp_path

    return write


@pytest.mark.parametrize(
    "framework",
    [*(pytest.param(name, marks=pytest.mark.frameworks) for name in ("torch", "jax")), "tensorflow", "numpy"],
)
def test_a_starter_solves_its_equation_and_is_measured(new, framework):
    pytest.importorskip(framework)
    folder = new(framework)
    said = subprocess.run([sys.executable, "train.py"], cwd=folder, check=True, capture_output=True, text=True).stdout
    assert float(said.rpartition("error ")[2]) < 0.5
    record = compared(folder, "train.py --epochs 20", timeout=120.0)
    (label,) = {line.arm for line in record.ready}
    assert len(epochs_of(record, label)) == 20
    assert end_of(record, label).trained
    losses = [epoch.losses["loss"] for epoch in epochs_of(record, label)]
    assert losses[-1] < losses[0]


def test_takes_the_framework_that_is_installed(new, monkeypatch, capsys):
    folder = new("no_such_framework")
    assert "import numpy as np" in (folder / "train.py").read_text()
    assert "harness compare 'train.py --terms 32' 'train.py --terms 128'" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("train.py", "train.py exists already: give another name."),
        ("train.txt", "train.txt must be a Python file, such as train.py."),
        ("nosuch/train.py", "nosuch/train.py cannot be written: No such file or directory."),
    ],
)
def test_what_cannot_be_written_is_one_sentence(new, capsys, name, message):
    new("numpy")
    assert run(["new", name]) == 2
    assert capsys.readouterr().err == f"harness: {message}\n"

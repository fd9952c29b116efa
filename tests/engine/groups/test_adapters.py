"""The loops of libraries are seen in programs that mark no epochs."""

import shutil

import pytest
from compared import compared, written
from paths import SUPPORT
from planned import planned

from harness.engine.session import measure
from harness.report.sections import threads
from harness.report.summarize import summarize

PROGRAMS = SUPPORT / "programs"


@pytest.fixture
def ran(tmp_path, monkeypatch):
    """Runs a command in a folder with the program: its epochs, what marks them, its end, and its output."""
    monkeypatch.chdir(tmp_path)

    def run(command, program):
        shutil.copy(PROGRAMS / program, tmp_path)
        plan = planned("compare", command, blocks=1, threads=1, timeout=120.0)
        record = measure(plan, tmp_path / "run", lambda event, record: None)
        epochs = [epoch for piece in record.slices for epoch in piece.epochs]
        output = "".join(log.read_text() for log in (tmp_path / "run" / "logs").glob("*.log"))
        return epochs, record.ready[0].description, record.ends[0], output

    return run


def test_keras_fit(ran):
    epochs, description, end, output = ran("KERAS_BACKEND=tensorflow keras_fit.py", "keras_fit.py")
    assert (end.status, end.trained) == ("ok", True)
    assert [epoch.kind for epoch in epochs] == [*["epoch"] * 8, *["loop 2"] * 4]
    assert (description.expected, description.marked_by) == (8, "Keras fit at keras_fit.py:11")
    losses = [float(loss) for loss in output.rpartition("losses:")[2].split()]
    assert [epoch.losses["loss"] for epoch in epochs] == losses
    assert "val_loss" in epochs[0].losses


@pytest.mark.frameworks
def test_keras_fit_on_jax(ran):
    pytest.importorskip("jax")
    epochs, _, end, _ = ran("KERAS_BACKEND=jax keras_fit.py", "keras_fit.py")
    assert (len(epochs), end.trained) == (12, True)


@pytest.mark.frameworks
def test_deepxde_trains_with_two_optimizers(ran):
    pytest.importorskip("deepxde")
    epochs, description, end, _ = ran("DDE_BACKEND=pytorch deepxde_train.py", "deepxde_train.py")
    kinds = [epoch.kind for epoch in epochs]
    assert kinds[:12] == ["adam"] * 12
    assert set(kinds[12:]) == {"l-bfgs"}
    assert description.marked_by.startswith("DeepXDE train at deepxde_train.py:")
    assert end.trained


@pytest.mark.frameworks
def test_lightning_fit(ran):
    pytest.importorskip("lightning")
    epochs, description, end, _ = ran("lightning_fit.py", "lightning_fit.py")
    assert (len(epochs), end.trained) == (9, True)
    assert epochs[-1].losses["train_loss"] < epochs[0].losses["train_loss"]
    assert description.marked_by.startswith("Lightning fit at lightning_fit.py:")


@pytest.mark.frameworks
def test_progress_bars_once_a_framework_is_loaded(ran):
    pytest.importorskip("tqdm")
    pytest.importorskip("torch")
    epochs, description, end, _ = ran("bars.py", "bars.py")
    kinds = [*["epoch"] * 7, *["loop 2"] * 4, *["loop 3"] * 3]
    assert [epoch.kind for epoch in epochs] == kinds, "the bar of the last loop shows it by its first update"
    assert end.trained
    assert description.marked_by.endswith(".backward() at bars.py:14")


@pytest.mark.frameworks
def test_physicsnemo_launch_logger(ran):
    pytest.importorskip("physicsnemo")
    epochs, description, end, _ = ran("launch_logger.py", "launch_logger.py")
    assert [epoch.kind for epoch in epochs] == [*["train"] * 5, "valid"] * 2
    assert epochs[5].losses.keys() == {"error"}
    assert epochs[-2].losses["loss"] < epochs[0].losses["loss"]
    assert description.marked_by.startswith("PhysicsNeMo's LaunchLogger at launch_logger.py:")
    assert end.trained


@pytest.mark.frameworks
def test_jinns_solve_is_one_epoch(ran):
    pytest.importorskip("jinns")
    epochs, description, end, output = ran("jinns_solve.py", "jinns_solve.py")
    assert [epoch.kind for epoch in epochs] == ["solve"] * 2
    assert epochs[-1].losses == {"loss": float(output.rpartition("losses:")[2].split()[0])}
    assert description.marked_by.startswith("jinns solve at jinns_solve.py:")
    assert end.trained


def test_scipy_minimize_once_a_framework_is_loaded(ran):
    epochs, description, end, output = ran("minimizes.py", "minimizes.py")
    first, third, seen, _ = output.rpartition("iterations:")[2].split()
    assert [epoch.kind for epoch in epochs] == [*["l-bfgs-b"] * int(first), *["trust-constr"] * int(third)]
    assert int(seen) == 2 * int(first), "the program's own callbacks are called as before"
    assert description.marked_by == "SciPy minimize at minimizes.py:22"
    assert end.trained


@pytest.mark.frameworks
def test_says_how_many_threads_pytorch_used(tmp_path, monkeypatch):
    pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)
    for number in (1, 2):
        loop = "for epoch in harness.epochs(range(3)): pass"
        written(tmp_path, f"with{number}.py", f"import torch, harness\ntorch.set_num_threads({number})\n{loop}\n")
    record = compared(tmp_path, "with1.py", "with2.py", threads=1)
    assert {end.arm: end.threads for end in record.ends} == {"with1.py": {"PyTorch": 1}, "with2.py": {"PyTorch": 2}}
    assert list(threads.others(summarize(record))) == [
        "PyTorch used 2 threads in with2.py, and not the 1 that harness set: with2.py:2 sets them."
    ]


@pytest.mark.frameworks
def test_one_call_of_pytorchs_lbfgs(ran):
    pytest.importorskip("torch")
    epochs, description, _, output = ran("lbfgs_alone.py", "lbfgs_alone.py")
    losses = [float(loss) for loss in output.rpartition("losses:")[2].split()]
    assert {epoch.kind for epoch in epochs} == {"lbfgs"}
    assert [epoch.losses["loss"] for epoch in epochs] == losses
    assert description.marked_by == "PyTorch LBFGS at lbfgs_alone.py:20"

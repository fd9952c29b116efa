"""Real trainings in PyTorch and JAX: their reports, and that random numbers are the same in every process."""

import json

import drawn
import pytest
from paths import SUPPORT
from planned import planned

from harness.cli import app
from harness.engine.session import measure
from harness.record import evidence
from harness.record.store import read
from harness.report.summarize import summarize

pytest.importorskip("torch")
pytest.importorskip("jax")
pytestmark = pytest.mark.frameworks
OTHERS = SUPPORT / "others.py"


@pytest.fixture
def run(tmp_path):
    def of(*names, **options):
        settings = {"epochs": 4, "blocks": 2, "threads": 1} | options
        plan = planned("compare", [f"{OTHERS}:{name}" for name in names], **settings)
        return measure(plan, tmp_path / "run", lambda event, record: None)

    return of


def by_name(record):
    return {arm.name: arm for arm in summarize(record).arms}


def losses(record, block):
    return [e.losses for s in record.slices if s.block == block and s.arm == record.baseline for e in s.epochs]


def test_pytorch_is_seeded_in_every_process_and_traces_nothing_by_itself(run):
    record = run("Torch", "TorchToo")
    assert losses(record, 0) == losses(record, 1)
    arms = by_name(record)
    assert arms["TorchToo"].losses_relation == "same"
    assert (arms["Torch"].value("traces"), arms["Torch"].value("compilations")) == (0, 0)
    assert arms["Torch"].unavailable == {}
    assert arms["Torch"].value("peak_tensors") == arms["Torch"].tensors_followed.bytes > 4 * 64 * 4, "its points"
    assert arms["Torch"].tensors_followed.where.startswith("others.py:")
    assert record.ready[0].seeded["torch"] == "0"


def test_jax_uses_explicit_keys_and_traces_once(run):
    record = run("Jax", "JaxToo")
    arms = by_name(record)
    assert arms["JaxToo"].losses_relation == "same"
    assert (arms["Jax"].value("traces"), arms["Jax"].value("retraces")) == (1, 0)
    assert arms["Jax"].value("compilations") >= 1
    assert arms["Jax"].tensors_followed or "not seen" in arms["Jax"].unavailable["peak of tensors"]
    assert record.ready[0].seeded["jax"] == "not seeded, because its keys are explicit"


def test_with_several_frameworks_the_computing_one_counts(run):
    arms = by_name(run("TensorFlowWithJaxInstalled", "JaxBesideTensorFlow", blocks=1))
    assert (
        arms["TensorFlowWithJaxInstalled"].value("traces"),
        arms["TensorFlowWithJaxInstalled"].value("compilations"),
    ) == (1, 0)
    beside = arms["JaxBesideTensorFlow"]
    assert beside.value("traces") == 1


def test_an_arm_that_failed_has_the_traces_that_were_seen(run):
    record = run("Jax", "RaisesInJax", "DiesInJax", blocks=1)
    assert [arm.status for arm in summarize(record).arms] == ["ok", "failed", "failed"]
    for name in ("RaisesInJax", "DiesInJax"):
        first = next(piece.epochs[0] for piece in record.slices if piece.arm == name)
        assert [trace.cause.kind for trace in evidence.traces(first)] == ["first"]


def test_arithmetic_that_differs_is_told_first(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(SUPPORT / "programs" / "pinns")
    names = ("in_jax.py", "JAX_ENABLE_X64=1 in_jax.py", "in_torch.py")
    options = ["--label", "half", "--label", "full", "--label", "torch", "--blocks", "1", "--threads", "1"]
    assert app.run(["compare", *names, *options, "--out", str(tmp_path / "run")]) == 0
    arms = by_name(read(tmp_path / "run"))
    assert arms["half"].arithmetic == {"JAX 64-bit numbers": "off", "JAX precision of matrix products": "default"}
    assert arms["full"].arithmetic["JAX 64-bit numbers"] == "on"
    assert arms["torch"].arithmetic["PyTorch default type"] == "float32"
    shown = " ".join(capfd.readouterr().out.split())
    assert "The arms compute in different arithmetic. JAX 64-bit numbers: off in half and on in full." in shown


def test_the_same_pinn_in_three_frameworks_is_compared_in_one_command(tmp_path, monkeypatch):
    monkeypatch.chdir(SUPPORT / "programs" / "pinns")
    names = ("in_tensorflow.py", "in_jax.py", "in_torch.py")
    plan = planned("compare", *names, blocks=2, threads=1)
    record = measure(plan, tmp_path / "run", lambda event, record: None)
    arms = by_name(record)
    assert [arm.status for arm in arms.values()] == ["ok"] * 3
    losses = {
        name: [
            epoch.losses["loss"]
            for piece in record.slices
            if piece.arm == name and not piece.block
            for epoch in piece.epochs
        ]
        for name in names
    }
    for name in names:
        assert len(losses[name]) == 60
        assert losses[name] == pytest.approx(losses["in_tensorflow.py"], rel=1e-3)
        assert losses[name][-1] < 0.5 * losses[name][0]
    assert {name: arm.value("traces") for name, arm in arms.items()} == {
        "in_tensorflow.py": 1,
        "in_jax.py": 1,
        "in_torch.py": 0,
    }
    assert all(arm.ratio for name, arm in arms.items() if name != "in_tensorflow.py")
    # Each framework computes gradients in its own way, and JAX's compiler leaves out what it can.
    flops = {name: arm.value("flops") for name, arm in arms.items()}
    assert flops == pytest.approx(dict.fromkeys(names, flops["in_tensorflow.py"]), rel=0.25)
    assert all(arm.gemm_flops_per_second for arm in arms.values())


def test_a_profile_shows_operations_parts_and_a_timeline(tmp_path):
    record = {}
    for name in ("TorchInParts", "JaxInParts"):
        plan = planned("profile", [f"{OTHERS}:{name}"], epochs=8, threads=1)
        record[name] = measure(plan, tmp_path / name, lambda event, record: None)
        arm = summarize(record[name]).arms[0]
        profile = arm.profile.operations["epoch"]
        assert {"physics", "data"} <= profile.parts.keys()
        assert sum(one.share for one in profile.parts.values()) == pytest.approx(1.0)
        assert {"physics", "data"} <= arm.profile.parts["epoch"].keys()
        assert arm.value("flops") == sum(arm.profile.parts["epoch"].values())
        assert not {"operations", "arithmetic"} & arm.unavailable.keys()
        uses = record[name].works[0].lines["epoch"]
        assert sum(use.flops for use in uses) == arm.value("flops")
        known = {use.where.rpartition("/")[2].partition(":")[0]: use for use in uses if use.where}
        assert known.keys() == {"others.py"}
        texts = [use.text for use in uses if use.where and use.flops]
        assert all("self.net(" in text or "points @ weights[0]" in text for text in texts), texts
        assert record[name].works[0].untimed is None
        busy = record[name].works[0].timed["epoch"].busy
        assert sum(use.seconds for use in uses) == pytest.approx(busy)
        # The compiler of JAX makes some products of others, without saying from which line.
        assert sum(use.flops for use in uses if use.where) > 0.75 * arm.value("flops")
        tracks = drawn.check_lines(tmp_path / name / "lines.json", uses)
        if name == "TorchInParts":
            assert "between operations, sampled" not in tracks, "it is slower meanwhile"
        assert {one.name.partition(" ")[0] for one in tracks["epochs"]} == {"epoch"}
        events = json.loads((tmp_path / name / "timeline.json").read_text())["traceEvents"]
        tracks = {event["args"]["name"] for event in events if event["name"] == "process_name"}
        assert tracks == {"training", f"{'PyTorch' if name[0] == 'T' else 'JAX'}'s operations"}
    variables = record["TorchInParts"].works[0].variables
    assert 2 * variables.trained <= variables.others < 3 * variables.trained


def test_a_training_that_is_over_is_counted_in_another_process(tmp_path, monkeypatch):
    monkeypatch.chdir(SUPPORT / "programs" / "pinns")
    record = measure(planned("compare", "in_torch.py", "in_jax.py", blocks=1, threads=1), tmp_path / "run", ignore)
    pieces = [piece for piece in record.watched if piece.probe == "counting"]
    assert [piece.epochs[0].index for piece in pieces] == [0, 0]
    assert all(2 <= len(piece.epochs) <= 4 for piece in pieces)
    assert all(work.flops["epoch"] > 0 for work in record.works)
    assert sum(len(piece.epochs) for piece in record.slices if piece.arm == record.baseline) == 60


def test_counting_does_not_compile_again(run):
    record = run("TorchCompiled", "Torch", blocks=1)
    pieces = [piece for piece in record.watched if piece.probe == "counting"]
    (compiled,) = (piece for piece in pieces if piece.arm == "TorchCompiled")
    assert all(2 <= len(piece.epochs) <= 5 for piece in pieces)
    assert not any(evidence.traces(epoch) for epoch in compiled.epochs)
    works = {work.arm: work for work in record.works}
    assert works["TorchCompiled"].flops["epoch"] > 0
    assert all(work.untimed is None and work.timed.keys() == {"epoch"} for work in works.values())
    assert not works["Torch"].between  # seeing operations one by one takes longer than what is between them


def ignore(event, record):
    pass


def test_a_process_that_dies_while_it_is_counted_has_not_failed(tmp_path, monkeypatch):
    """A short program that ends in the process in which its operations are counted, and in no other."""
    (tmp_path / "train.py").write_text(DIES_WHEN_COUNTED)
    monkeypatch.chdir(tmp_path)
    record = measure(planned("compare", "train.py", "train.py --again", blocks=2, threads=1), tmp_path / "run", ignore)
    arms = by_name(record)
    assert [arm.status for arm in arms.values()] == ["ok"] * 2
    assert all("exit code 3" in arm.measured("flops").unavailable for arm in arms.values())
    assert {piece.block for piece in record.slices} == {0, 1}


DIES_WHEN_COUNTED = """
import os
import torch
from torch.utils._python_dispatch import _get_current_dispatch_mode

weight = torch.ones(8, 8, requires_grad=True)
for epoch in range(20):
    loss = (weight @ torch.ones(8, 8)).sum()
    loss.backward()
    if _get_current_dispatch_mode() is not None:
        os._exit(3)
    with torch.no_grad():
        weight -= 1e-3 * weight.grad
        weight.grad = None
"""

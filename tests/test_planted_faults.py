"""Trainers in other frameworks with planted faults, whose cause and line must be right, and clean ones."""

import re

import pytest
from paths import SUPPORT
from planned import planned

from harness.analysis.profile.rules import Evidence, findings
from harness.engine.session import measure
from harness.record import evidence
from harness.report.summarize import summarize
from harness.report.wording.findings import describe_finding

pytestmark = pytest.mark.frameworks
PLANTED = SUPPORT / "planted"


def run(out, file, *names, **options):
    plan = planned("compare", [f"{PLANTED / file}:{name}" for name in names], **{"blocks": 1, "threads": 1} | options)
    return measure(plan, out, lambda event, record: None)


def line_of(file, text):
    lines = (PLANTED / file).read_text().splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


def traces_of(record, arm):
    """The traces of an arm's later epochs: number of the epoch, place, kind of the cause and its text."""
    return [
        (epoch.index, trace.where.rpartition("/")[2], trace.cause.kind, trace.cause.text)
        for piece in record.slices
        if piece.arm == arm
        for epoch in piece.epochs
        if not epoch.first
        for trace in evidence.traces(epoch)
    ]


def told(record, arm):
    """What a profile would say of these epochs."""
    return {found.rule: describe_finding(found) for found in findings(Evidence.of(record, arm))}


JAX = {
    "Growing": ("def loss", range(1, 12), "shape", "argument points: shape (8, 4) -> (9, 4)"),
    "Weak": (
        "lambda weights, points, rate",
        [1],
        "weak type",
        "argument rate: an array -> a Python number (weak type)",
    ),
    "Static": ("@staticmethod", range(1, 12), "value", "argument 2: Python value 0.0 -> 0.25"),
    "Closure": ("@jax.jit", range(1, 12), "new function", "a new function object for code that was traced before"),
    "Dtype": ("def loss", [1], "dtype", "argument points: dtype f32 -> i32"),
    "Structure": ("lambda terms", range(1, 12), "structure", "argument 0: list of length 1 -> list of length 2"),
}
TORCH = {
    "Growing": ("def loss(self, points, rate", [1], "shape", "argument points: size 8 -> 9"),
    "Scalar": ("def loss(self, points, rate", [1], "value", "this no longer held: rate == 0.0"),
    "Dtype": ("def loss(self, points):", [1], "dtype", "argument points: dtype Float -> Double"),
    "Limit": ("def loss(self, points, tag)", range(1, 8), "value", "this no longer held: tag == 'tag0'"),
}


BROKEN = ("Broken", "Logging", "Uncaptured", "Disabled")


@pytest.fixture(scope="module")
def in_jax(tmp_path_factory):
    pytest.importorskip("jax")
    return run(tmp_path_factory.mktemp("jax") / "run", "in_jax.py", "Clean", "Eager", *JAX, epochs=12)


@pytest.fixture(scope="module")
def in_torch(tmp_path_factory):
    pytest.importorskip("torch")
    return run(tmp_path_factory.mktemp("torch") / "run", "in_torch.py", "Clean", "Eager", *BROKEN, *TORCH, epochs=12)


def profiled(out, file, name):
    """What a profile says, by rule."""
    run_of = planned("profile", [f"{PLANTED / file}:{name}"], threads=1, epochs=12)
    return told(measure(run_of, out, lambda event, record: None), name)


@pytest.mark.parametrize("name", JAX)
def test_jax_traces_again_for_its_cause_at_its_line(in_jax, name):
    text, epochs, kind, first = JAX[name]
    found = traces_of(in_jax, name)
    assert [index for index, *_ in found] == [*epochs]
    assert {where for _, where, *_ in found} == {f"in_jax.py:{line_of('in_jax.py', text)}"}
    assert (found[0][2], found[0][3]) == (kind, first)
    arm = next(arm for arm in summarize(in_jax).arms if arm.name == name)
    assert arm.value("traces") == 1 + len(epochs)
    assert arm.value("compilations") >= 1 + len(epochs)


@pytest.mark.parametrize("name", TORCH)
def test_dynamo_traces_again_for_its_cause_at_its_line(in_torch, name):
    text, epochs, kind, first = TORCH[name]
    found = traces_of(in_torch, name)
    assert [index for index, *_ in found] == [*epochs]
    assert {where for _, where, *_ in found} == {f"in_torch.py:{line_of('in_torch.py', text)}"}
    assert (found[0][2], found[0][3]) == (kind, first)


def test_a_retrace_in_jax_has_its_cause_place_and_advice(in_jax):
    said = told(in_jax, "Growing")["retraced"]
    assert f"in_jax.py:{line_of('in_jax.py', 'def loss')}) was traced 11 times more in 12 epochs" in said
    assert said.endswith("Keep the shape fixed: pad it.")


def test_clean_trainers_have_no_findings(in_jax, in_torch):
    for record in (in_jax, in_torch):
        for name in ("Clean", "Eager"):
            assert traces_of(record, name) == []
            # Which line takes the time is no fault, and here one line may well take most of it.
            assert told(record, name).keys() <= {"line"}
    assert {arm.name: arm.value("traces") for arm in summarize(in_torch).arms}["Eager"] == 0


def test_graph_breaks_are_named_by_line(in_torch):
    line = line_of("in_torch.py", 'print("loss", found.item())')
    assert re.search(
        rf"loss is compiled in pieces: its graph breaks at \S*in_torch.py:{line},", told(in_torch, "Broken")["broken"]
    )


def test_a_function_of_which_nothing_is_captured_is_named_with_line_and_cause(in_torch):
    said = told(in_torch, "Uncaptured")
    assert "broken" not in said
    line = line_of("in_torch.py", "torch.autograd.grad(self.net(points).sum()")
    assert re.match(rf"Nothing of loss \(\S+\) is compiled, because of \S*in_torch.py:{line}: ", said["uncaptured"])
    assert "autograd.grad" in said["uncaptured"]
    said = told(in_torch, "Disabled")["uncaptured"]
    assert "torch.compiler.disable" in said
    assert f"in_torch.py:{line_of('in_torch.py', 'return self.apart(points)') - 1})" in said


def test_what_only_reports_may_stay_uncompiled(in_torch):
    assert told(in_torch, "Logging").keys() - {"line"} == {"broken"}


@pytest.mark.parametrize(
    ("name", "rises"), [("Chained", True), ("Detached", False), ("MoreSteps", False), ("History", False)]
)
def test_a_graph_that_grows_is_found_by_its_operations(tmp_path, name, rises):
    pytest.importorskip("torch")
    said = profiled(tmp_path / "run", "in_torch.py", name)
    assert ("more operations" in said) == rises
    if rises:
        assert re.match(
            r"Each epoch runs \d+ operations more than the one before \(\d+ in epoch 1, ", said["more operations"]
        )


@pytest.mark.parametrize(("name", "apart"), [("OneByOne", True), ("Joined", False), ("FewEager", False)])
def test_operations_of_jax_that_python_starts_one_by_one_are_found(tmp_path, name, apart):
    pytest.importorskip("jax")
    said = profiled(tmp_path / "run", "in_jax.py", name)
    assert said.keys() - {"line"} == ({"op by op"} if apart else set())
    if apart:
        assert re.match(r"\d+ operations of an epoch, .* outside of every jax.jit\.", said["op by op"])


CLEAN_OPTIMIZERS = ("OneAdam", "Replaced", "ThenLbfgs", "TwoNetworks")


def test_two_optimizers_for_the_same_parameters_are_found_with_the_line_of_the_second(tmp_path):
    pytest.importorskip("torch")
    record = run(tmp_path / "run", "in_torch.py", "TwoAdams", *CLEAN_OPTIMIZERS, epochs=6)
    said = told(record, "TwoAdams")["spare optimizers"]
    line = line_of("in_torch.py", "torch.optim.Adam(self.net.parameters(), lr=1e-4)")
    assert said.startswith("2 Adam optimizers keep slots for the same parameters: 4.")
    assert f"in_torch.py:{line} `self.optimizer = " in said
    for name in CLEAN_OPTIMIZERS:
        assert "spare optimizers" not in told(record, name)


def test_what_is_given_up_is_named_with_the_limit_and_the_epoch(in_torch):
    said = told(in_torch, "Limit")["given up"]
    assert "was compiled too often (recompile_limit = 8): from epoch 8 on" in said


def test_lazy_epochs_are_timed_by_turns_and_eager_ones_are_not(tmp_path):
    pytest.importorskip("jax")
    record = run(tmp_path / "run", "in_jax.py", "Donated", "Lazy", epochs=200)
    summary = summarize(record)
    eager, lazy = summary.arms
    assert eager.pending_share is None
    assert lazy.pending_share > 0.01
    assert lazy.losses_relation == "same"


def test_a_program_that_reads_no_loss_runs_ahead_and_its_losses_are_there(tmp_path, monkeypatch):
    pytest.importorskip("jax")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").write_text(
        "import jax, jax.numpy as jnp\n"
        "step = jax.jit(jax.value_and_grad(lambda w, x: (jnp.tanh(x @ w @ w) ** 2).mean()))\n"
        "w, x = jnp.ones((256, 256)) / 256, jnp.ones((512, 256))\n"
        "for epoch in range(150):\n"
        "    loss, slope = step(w, x)\n"
        "    w = w - 0.01 * slope\n"
    )
    plan = planned("compare", "train.py", blocks=1, threads=1, epochs=150)
    record = measure(plan, tmp_path / "run", lambda event, record: None)
    assert summarize(record).arms[0].pending_share > 0.01
    losses = [epoch.losses["loss"] for piece in record.slices for epoch in piece.epochs]
    assert len(losses) == 150
    assert losses[-1] < losses[0]


def test_what_comes_from_a_warm_cache_is_told(tmp_path, monkeypatch):
    pytest.importorskip("jax")
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
    monkeypatch.setenv("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "-1")
    cold, warm = (run(tmp_path / name, "in_jax.py", "Donated", epochs=2) for name in ("cold", "warm"))
    assert summarize(cold).arms[0].from_cache == 0
    assert summarize(warm).arms[0].from_cache >= 1
    assert summarize(warm).arms[0].value("compilations") == summarize(cold).arms[0].value("compilations")


def test_a_loss_that_is_read_late_is_checked_with_its_epoch(tmp_path, monkeypatch):
    pytest.importorskip("jax")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").write_text(
        "import jax, jax.numpy as jnp\n"
        "step = jax.jit(jax.value_and_grad(lambda w: jnp.log(w).sum()))\n"
        "w = jnp.ones(3)\n"
        "for epoch in range(30):\n"
        "    loss, slope = step(w)\n"
        "    w = w - 0.2 * slope\n"
    )
    plan = planned("compare", "train.py", blocks=1, threads=1, epochs=30)
    failure = measure(plan, tmp_path / "run", lambda event, record: None).failure("train.py")
    assert re.fullmatch(
        r"its loss 'loss' was nan in epoch \d+ \(--allow-nonfinite lets the run continue\)", failure.reason
    )

"""The trainings in `examples`, unchanged, by the commands in their table."""

import re
import shutil

import pytest
from paths import ROOT
from planned import planned

from harness.engine.session import measure
from harness.record import store

EXAMPLES = ROOT / "examples"
ROWS = re.findall(r"^\| [^|]+ \| `([^`]+)` \| (\d+) \|", (EXAMPLES / "README.md").read_text(), re.MULTILINE)
LOOP = "the loop that calls "
SMALL = "--width 8"

needs = pytest.mark.frameworks
EXPECTED = [
    ("tensorflow_loop.py --epochs 30", {"epoch": 30}, f"{LOOP}train_step()", {"loss"}, ()),
    ("KERAS_BACKEND=tensorflow keras_fit.py --epochs 8", {"epoch": 8}, "Keras fit", {"loss"}, ()),
    pytest.param(
        *("KERAS_BACKEND=jax keras_fit.py --epochs 8", {"epoch": 8}, "Keras fit", {"loss"}, ("jax",)), marks=needs
    ),
    ("tfp_lbfgs.py --iterations 5", {"lbfgs": None}, "TensorFlow Probability lbfgs_minimize", {"loss"}, ()),
    ("tf1_session.py --epochs 60", {"epoch": 60}, f"{LOOP}self.sess.run()", {"loss_value"}, ()),
    pytest.param(
        "torch_adam_lbfgs.py --adam 30 --lbfgs 4",
        {"epoch": 30, "loop 2": 4},
        f"{LOOP}loss.backward()",
        {"loss"},
        ("torch",),
        marks=needs,
    ),
    pytest.param(
        "DDE_BACKEND=pytorch deepxde_poisson.py --iterations 30",
        {"adam": 30, "l-bfgs": None},
        "DeepXDE train",
        set(),
        ("deepxde", "torch"),
        marks=needs,
    ),
    pytest.param(
        "DDE_BACKEND=tensorflow deepxde_poisson.py --iterations 30",
        {"adam": 30, "lbfgs": None},
        "DeepXDE train",
        set(),
        ("deepxde",),
        marks=needs,
    ),
    pytest.param("jax_optax.py --epochs 30", {"epoch": 30}, f"{LOOP}update()", {"loss"}, ("jax", "optax"), marks=needs),
    pytest.param("pina_poisson.py --epochs 10", {"epoch": 10}, "Lightning fit", {"train_loss"}, ("pina",), marks=needs),
]


def test_every_row_of_the_table_is_tested():
    tested = [getattr(one, "values", one)[0] for one in EXPECTED]
    assert [command for command, _ in ROWS] == [re.sub(r" --.*", "", command) for command in tested]


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.name)
def test_they_know_nothing_of_harness(path):
    assert "harness" not in path.read_text()
    assert all(changed == "0" for command, changed in ROWS if path.name in command)


@pytest.mark.parametrize(("command", "kinds", "mark", "losses", "modules"), EXPECTED)
def test_an_example_is_measured_as_it_is(tmp_path, monkeypatch, command, kinds, mark, losses, modules):
    for module in modules:
        pytest.importorskip(module)
    monkeypatch.chdir(tmp_path)
    name = next(word for word in command.split() if word.endswith(".py"))
    shutil.copy(EXAMPLES / name, tmp_path)
    plan = planned("compare", f"{command} {SMALL}", blocks=1, threads=1, timeout=120.0)
    measure(plan, tmp_path / "run", lambda event, record: None)
    record = store.read(tmp_path / "run")
    epochs = [epoch for piece in record.slices for epoch in piece.epochs]
    assert record.ends[0].status == "ok"
    if None not in kinds.values():  # the run may stop before a training of unknown length does
        assert record.ends[0].trained
    assert list(dict.fromkeys(epoch.kind for epoch in epochs)) == list(kinds)
    for kind, number in kinds.items():
        count = sum(epoch.kind == kind for epoch in epochs)
        assert count == (number or max(count, 1))
    assert record.ready[0].description.marked_by.startswith(f"{mark} at ")
    assert losses <= epochs[0].losses.keys()
    for loss in losses:
        assert epochs[-1].losses.get(loss) or name == "tf1_session.py", "which computes it now and then"

"""Training loops whose parts lie in several files of a program."""

from textwrap import dedent

import pytest

from harness.worker.programs import own_files
from harness.worker.programs.guessing import Guesser


@pytest.fixture
def found(tmp_path, monkeypatch):
    """Finds the loops of a program of these files, of which the first is the script, by file and line."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)

    def find(sources):
        for name, source in sources.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(dedent(source))
        script = tmp_path / next(iter(sources))
        guesser, _ = Guesser().read(script.read_bytes(), str(script))
        each = []
        for name in sources:
            guesser, file = guesser.read((tmp_path / name).read_bytes(), str(tmp_path / name))
            each += [(name, one.loop.lineno, one.call) for one in guesser.find(file)]
        return each

    return find


STEP = """
    import tensorflow as tf

    class Trainer:
        @tf.function
        def step(self):
            with tf.GradientTape() as tape:
                loss = residual()
            self.optimizer.apply_gradients(zip(tape.gradient(loss, self.w), self.w))
            return loss
"""
GRADIENTS = """
    import tensorflow as tf

    def residual(net, x):
        with tf.GradientTape() as tape:
            u = net(x)
        return tape.gradient(u, x)
"""
DESCENT = """
    class Descent:
        def move(self, grads):
            for w, g in zip(self.w, grads):
                w.assign(w.numpy() - 0.1 * g)
"""
LOOP = """
    class Fitter:
        def fit_all(self):
            for it in range(1000):
                self.once()

        def once(self):
            raise NotImplementedError
"""


@pytest.mark.parametrize(
    "script",
    [
        "from mlp import Trainer\nt = Trainer()\nfor epoch in range(4):\n    loss = t.step()",
        "import mlp\nt = mlp.Trainer()\nfor k in range(4):\n    loss = t.step()",
        "from mlp import *\ndef main(t: Trainer):\n  for k in range(4):\n    loss = t.step()",
        "from mlp import Trainer\ndef main(trainer):\n  for k in range(4):\n    loss = trainer.step()",
        "import tensorflow as tf, mlp\nfast = tf.function(mlp.Trainer().step)\nfor k in range(4):\n    loss = fast()",
        "class Other:\n    pass\nfrom mlp import Trainer as T\nfor k in range(4):\n    T().step()",
    ],
    ids=["imported", "module", "star", "unknown", "compiled", "renamed"],
)
def test_follows_methods_into_other_files(found, script):
    (one,) = found({"prog.py": script, "mlp.py": STEP})
    assert one[0] == "prog.py"


def test_gradients_and_step_may_lie_in_two_files(found):
    script = """
        from wave import residual
        from wave.descent import Descent

        move = Descent()
        for x in range(3):
            move.move(residual(net, x))
        errors = [residual(net, x) for x in range(9)]
        for x in range(9):
            errors.append(residual(net, x))
    """
    package = {"wave/__init__.py": "from .loss import *", "wave/loss.py": GRADIENTS, "wave/descent.py": DESCENT}
    assert found({"main.py": script, **package}) == [("main.py", 6, "tape.gradient()")]


@pytest.mark.parametrize(
    "script",
    [
        "from loss import residual\nfor x in points:\n    total = total + residual(net, x)",
        "from mlp import Trainer\nfor name in names:\n    print(name, Trainer.__doc__)",
        "from mlp import Trainer\nloss = Trainer().step()\nfor name in names:\n    print(name, loss)",
        "import torch, mlp\nscheduler = torch.optim.StepLR(1)\nfor name in names:\n    scheduler.step()",
        "from mlp import Trainer\nmetric = Metric()\nfor x in points:\n    metric.update(x)",
    ],
    ids=["evaluates", "names", "prints", "scheduler", "container"],
)
def test_leaves_other_loops_alone(found, script):
    assert found({"prog.py": script, "mlp.py": STEP, "loss.py": GRADIENTS}) == []


def test_a_method_of_an_unknown_object_is_followed_if_all_of_its_name_train(found):
    script = "import mlp, other\ndef main(one):\n    for k in range(4):\n        one.step()"
    stepper = "class Clock:\n    def step(self):\n        self.time = now()"
    assert found({"prog.py": script, "mlp.py": STEP, "other.py": stepper}) == []
    abstract = 'class Base:\n    def step(self):\n        """Takes a step."""\n        raise NotImplementedError'
    assert found({"prog.py": script, "mlp.py": STEP, "other.py": abstract}) == [("prog.py", 3, "one.step()")]


def test_a_loop_of_a_base_class_runs_methods_of_a_class_in_another_file(found):
    script = """
        from base import Fitter

        class Mine(Fitter):
            def once(self):
                loss = closure()
                loss.backward()

        Mine().fit_all()
    """
    assert found({"prog.py": script, "base.py": LOOP}) == [("base.py", 4, "self.once()")]


BATCHES = """
    def one_epoch(loader):
        for batch in loader:
            loss = criterion(batch)
            loss.backward()

    def train():
        for i in range(1000):
            loss = criterion()
            loss.backward()
"""


def test_the_loop_over_epochs_is_taken_in_whichever_file_it_is(found):
    epochs = "from t import one_epoch\nfor k in range(9):\n    one_epoch(data)"
    assert found({"prog.py": epochs, "t.py": BATCHES})[0] == ("prog.py", 2, "one_epoch()")
    assert ("t.py", 3, "loss.backward()") not in found({"prog.py": epochs, "t.py": BATCHES})
    trainings = "from t import train\nfor i in range(3):\n    train()"
    assert ("t.py", 8, "loss.backward()") in found({"prog.py": trainings, "t.py": BATCHES})
    assert [one for one in found({"prog.py": trainings, "t.py": BATCHES}) if one[0] == "prog.py"] == []


@pytest.mark.parametrize(
    "head",
    [
        "import harness\nfor epoch in harness.epochs(range(3)):",
        "from harness import epochs as e\nfor k, _ in enumerate(e(range(3))):",
        "from marks import epochs\nfor epoch in epochs(3):",
    ],
)
def test_loops_that_the_program_marks_are_not_found_again(found, head):
    marks = "import sys\ndef epochs(n):\n    return sys.modules['_harness_watcher'].watch(n)"
    script = f"{head}\n    for epoch in range(3):\n        loss.backward()"
    assert found({"prog.py": script, "marks.py": marks}) == []


def test_folders_that_the_program_adds_to_the_path_are_searched(found):
    script = """
        import os, sys
        sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "src"))
        from mlp import Trainer

        t = Trainer()
        for k in range(4):
            t.step()
    """
    assert found({"cases/prog.py": script, "src/mlp.py": STEP}) == [("cases/prog.py", 7, "t.step()")]


def test_reads_a_bounded_number_of_files(found):
    guesser = Guesser(own_files.OwnFiles(most=3))
    sources = {f"m{number}.py": f"import m{number + 1}\n" for number in range(9)}
    found(sources)
    guesser, file = guesser.read(b"import m0\n", "start.py")
    assert guesser.find(file) == []
    late, file = guesser.read(b"for epoch in range(3):\n    loss.backward()\n", "late.py")
    assert [one.call for one in late.find(file)] == ["loss.backward()"]


def test_circles_and_broken_files_are_read_over(found, tmp_path):
    sources = {
        "prog.py": "import one\nfor epoch in range(3):\n    one.step()",
        "one.py": "from two import step\nclass One(One): pass",
        "two.py": "from one import step\nimport broken\n",
    }
    (tmp_path / "broken.py").write_text("def (")
    assert found(sources) == []


def test_a_wrapper_that_hands_on_to_a_method_of_its_name_does_not_hide_the_training(found):
    inner = """
        class Inner:
            def advance(self):
                self.loss().backward()
                self.optimizer.step()
    """
    outer = """
        class Outer:
            def advance(self):
                self.inner.advance()
    """
    train = """
        from build import make
        import inner, outer
        thing = make()
        for epoch in range(100):
            thing.advance()
    """
    build = "def make():\n    return None\n"
    files = {"train.py": train, "build.py": build, "inner.py": inner, "outer.py": outer}
    assert [one[:2] for one in found(files)] == [("train.py", 5)]

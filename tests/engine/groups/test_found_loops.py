"""Training loops that are found in the source: no line of the program is changed."""

import pytest
from compared import compared, end_of, epochs_of, written

from harness.report.sections import notes
from harness.report.summarize import summarize


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


FAKE = """
    class Loss(float):
        def backward(self):
            pass

    def train(epochs=9, seed=0):
        loss = None
        for epoch in range(epochs):
            if epoch % 3 == 0:
                loss = Loss(1 / (1 + epoch))
            loss.backward()
            best_epoch = epoch
            if epoch == 6:
                continue
        return loss
"""


def losses_of(record, arm):
    return [epoch.losses for epoch in epochs_of(record, arm)]


def test_a_loop_and_its_losses_are_found(folder):
    written(folder, "train.py", FAKE + "\n    train()\n")
    record = compared(folder, "train.py")
    assert end_of(record, "train.py").trained
    new = [{"loss": 1 / (1 + epoch)} if epoch % 3 == 0 else {} for epoch in range(9)]
    assert losses_of(record, "train.py") == new, "a loss that was not computed again is not told again"
    mark = record.ready[0].description.marked_by
    assert (mark.partition(" at ")[0], mark.rpartition(":")[2]) == ("the loop that calls loss.backward()", "8")


@pytest.mark.parametrize("command", ["main.py", "-m package.main"])
def test_a_loop_is_found_in_a_module_of_the_program(folder, command):
    written(folder, "package/__init__.py", "")
    written(folder, "package/training.py", FAKE)
    written(folder, "package/main.py", "from package.training import train\ntrain()\n")
    written(folder, "main.py", "from package.training import train\ntrain()\n")
    command = f"python {command}" if command.startswith("-m") else command
    record = compared(folder, command)
    (label,) = {line.arm for line in record.ready}
    assert len(epochs_of(record, label)) == 9
    assert "training.py" in record.ready[0].description.marked_by


def test_a_loop_is_found_in_a_function_that_trains(folder):
    written(folder, "train.py", FAKE)
    record = compared(folder, "train.py:train")
    assert len(epochs_of(record, "train")) == 9
    assert end_of(record, "train").trained


TRAINER = """
    class Trainer:
        def epoch(self, index):
            return {"loss": train()}
"""


def test_loops_within_the_epochs_of_a_trainer_are_left_alone(folder):
    written(folder, "train.py", FAKE + TRAINER)
    record = compared(folder, "train.py:Trainer", epochs=5)
    assert end_of(record, "Trainer").status == "ok"
    assert {epoch.kind for epoch in epochs_of(record, "Trainer")} == {"epoch"}
    assert losses_of(record, "Trainer")[:5] == [{"loss": 1 / 7}] * 5


def test_marks_of_the_program_come_first(folder):
    written(folder, "training.py", FAKE)
    written(
        folder,
        "train.py",
        """
        import harness
        from training import train

        for part in harness.epochs(range(4)):
            train(3)
        """,
    )
    record = compared(folder, "train.py")
    assert len(epochs_of(record, "train.py")) == 4
    assert "that calls" not in record.ready[0].description.marked_by


SECOND_STAGE = """
    import time

    class Loss(float):
        def backward(self):
            pass

    for epoch in range(20):
        loss = Loss(1.0)
        loss.backward()
    end = time.monotonic() + {seconds}
    while time.monotonic() < end:
        pass
"""


def test_a_stage_that_was_not_seen_is_reported(folder):
    for name, seconds in (("short.py", 0.0), ("long.py", 1.5)):
        written(folder, name, SECOND_STAGE.format(seconds=seconds))
    record = compared(folder, "short.py", "long.py")
    assert end_of(record, "short.py").after_seconds is not None
    assert end_of(record, "long.py").after_seconds > 1.4
    (said,) = (one for one in notes.after_epochs(summarize(record)) if one.startswith("long.py ran for another "))
    assert said.endswith("which no figure includes: if it still trained then, --epoch-at can name where.")


LAZY = """
    class Lazy:
        read = 0

        def __float__(self):
            Lazy.read += 1
            return 1.0

        def backward(self):
            pass

    class Trainer:
        def epoch(self, index):
            for step in range(10):
                loss = Lazy()
                loss.backward()
            while step < 20:
                step += 1
                loss = Lazy()
                loss.backward()
            return {"read": float(Lazy.read)}
"""


def test_losses_within_the_epochs_of_a_trainer_are_not_read(folder):
    written(folder, "train.py", LAZY)
    record = compared(folder, "train.py:Trainer", epochs=5)
    assert losses_of(record, "Trainer")[:5] == [{"read": 0.0}] * 5


def test_a_source_that_is_nested_deeply_runs_as_by_itself(folder):
    deep = "+".join(["1"] * 1500)
    written(folder, "deep.py", f"def weight():\n    for loss in (1,):\n        loss.backward()\nW = {deep}\n")
    source = """
        import deep
        import harness

        for epoch in harness.epochs(range(3)):
            harness.report(loss=deep.W)
    """
    written(folder, "train.py", source)
    assert losses_of(compared(folder, "train.py"), "train.py") == [{"loss": 1500.0}] * 3


OWN_STEPS = """
    class Value(float):
        def assign(self, value):
            self.value = value

    class Descent:
        def move(self, variable, slope):
            variable.assign(variable - 0.1 * slope)
"""
STEPS_ELSEWHERE = """
    from wave.loss import gradients
    from wave.descent import Descent, Value

    def main():
        w, descent = Value(1.0), Descent()
        for number in range(7):
            slope = gradients(w)
            descent.move(w, slope)
            loss = float(slope)
        for number in range(5):
            slope = gradients(w)

    main()
"""


@pytest.mark.parametrize("command", ["main.py", "-m wave.main"])
def test_a_loop_is_found_whose_parts_lie_in_other_files(folder, command):
    written(folder, "wave/__init__.py", "")
    written(
        folder, "wave/loss.py", "def gradient(w):\n    return 2.0 * w\n\ndef gradients(w):\n    return gradient(w)\n"
    )
    written(folder, "wave/descent.py", OWN_STEPS)
    written(folder, "wave/main.py", STEPS_ELSEWHERE)
    written(folder, "main.py", STEPS_ELSEWHERE)
    record = compared(folder, f"python {command}" if command.startswith("-m") else command)
    (label,) = {line.arm for line in record.ready}
    assert losses_of(record, label) == [{"loss": 2.0}] * 7, "the loop that only evaluates has no epochs"
    assert record.ready[0].description.marked_by.startswith("the loop that calls gradients() at ")


EPOCHS_ELSEWHERE = """
    from steps import Trainer

    def evaluate(trainer):
        for batch in range(3):
            trainer.errors()

    trainer = Trainer()
    for number in range(6):
        loss = trainer.run_all()
        evaluate(trainer)
"""
BATCHES = """
    class Loss(float):
        def backward(self):
            pass

    class Trainer:
        def run_all(self):
            for batch in range(4):
                loss = Loss(batch)
                loss.backward()
            return loss

        def errors(self):
            return 1.0
"""


def test_the_outer_loop_has_the_epochs_if_the_inner_one_lies_in_another_file(folder):
    written(folder, "steps.py", BATCHES)
    written(folder, "train.py", EPOCHS_ELSEWHERE)
    record = compared(folder, "train.py")
    assert losses_of(record, "train.py") == [{"loss": 3.0}] * 6
    assert record.ready[0].description.marked_by.endswith("train.py:9")


@pytest.mark.parametrize("head", ["harness.epochs(range(8))", "harness.epochs(8)", "marked"])
def test_a_loop_that_the_program_marks_is_not_found_as_well(folder, head):
    source = f"""
        import harness

        class Loss(float):
            def backward(self):
                pass

        marked = harness.epochs(8)
        for epoch in {head}:
            loss = Loss(1.0)
            loss.backward()
            harness.report(loss=loss)
    """
    written(folder, "train.py", source)
    record = compared(folder, "train.py")
    assert losses_of(record, "train.py") == [{"loss": 1.0}] * 8
    assert record.ready[0].description.expected == 8
    line = 8 if head == "marked" else 9
    assert record.ready[0].description.marked_by == f"the marked loop at train.py:{line}"

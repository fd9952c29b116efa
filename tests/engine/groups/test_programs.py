"""Programs with a loop of their own are measured as they are: as `__main__`, in the main thread."""

import os
import shutil
import subprocess
import sys

import pytest
from compared import compared, end_of, epochs_of, written
from interpreters import interpreter
from paths import ARMS, ROOT, SUPPORT
from planned import planned

from harness.errors import BadInput
from harness.plan.plan import UNSEEN
from harness.report.layouts.comparison import LAYOUT
from harness.report.summarize import summarize

TRAIN = SUPPORT / "programs" / "train.py"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copy(TRAIN, tmp_path)
    return tmp_path


def printed(folder, command):
    """What a command prints by itself."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, *command], cwd=folder, env=environment, check=True, capture_output=True, text=True
    ).stdout


def test_compares_a_script_with_two_arguments(folder):
    record = compared(folder, "train.py --width 3", "train.py --width 30")
    assert [arm.label for arm in record.plan.arms] == ["--width 3", "--width 30"]
    for arm in ("--width 3", "--width 30"):
        epochs = epochs_of(record, arm)
        assert [epoch.index for epoch in epochs] == list(range(60))
        assert {epoch.kind for epoch in epochs} == {"epoch"}
        assert end_of(record, arm).trained
    assert epochs_of(record, "--width 3")[-1].losses["loss"] < epochs_of(record, "--width 30")[-1].losses["loss"]
    assert record.ready[0].description.marked_by.endswith("train.py:16")


def test_losses_are_those_of_the_program_by_itself(folder):
    source = """
        import random
        random.seed(7)
        import harness
        for epoch in harness.epochs(range(30)):
            loss = random.random()
            harness.report(loss=loss)
            print(repr(loss))
    """
    written(folder, "seeded.py", source)
    record = compared(folder, "seeded.py")
    alone = [float(line) for line in printed(folder, ["seeded.py"]).split()]
    assert [epoch.losses["loss"] for epoch in epochs_of(record, "seeded.py")] == alone


def test_a_program_runs_as_python_would_run_it(folder):
    source = """
        import os, signal, sys, threading
        from .neighbour import NAME
        import harness
        assert __name__ == "__main__" and __package__ == "package"
        assert threading.current_thread() is threading.main_thread()
        signal.signal(signal.SIGTERM, lambda *_: None)
        print(sys.argv[1:], NAME, os.getcwd(), sys.path[0])
        print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)
        for epoch in harness.epochs(range(4)):
            harness.report(argument=float(sys.argv[1]))
        sys.exit(0)
    """
    written(folder, "package/__init__.py", "")
    written(folder, "package/neighbour.py", "NAME = 'near'\n")
    written(folder, "package/train.py", source)
    record = compared(folder, f"{sys.executable} -m package.train 2.5")
    (label,) = {piece.arm for piece in record.slices}
    assert [epoch.losses for epoch in epochs_of(record, label)] == [{"argument": 2.5}] * 4
    log = next((folder / "run" / "logs").glob("*.log")).read_text()
    assert log == printed(folder, ["-m", "package.train", "2.5"])


@pytest.mark.parametrize(
    ("ending", "count"),
    [("break", 6), ("raise SystemExit", 6), ("sys.exit(0)", 6), ("continue", 30)],
)
def test_a_loop_may_be_left(folder, ending, count):
    written(
        folder,
        "left.py",
        f"""
        import sys
        import harness
        for epoch in harness.epochs(range(30)):
            harness.report(epoch=float(epoch))
            if epoch == 5:
                {ending}
        """,
    )
    record = compared(folder, "left.py")
    assert [epoch.losses["epoch"] for epoch in epochs_of(record, "left.py")] == [float(index) for index in range(count)]
    assert end_of(record, "left.py").status == "ok"
    assert end_of(record, "left.py").trained


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        ("raise ValueError('no such batch')", "ValueError: no such batch"),
        ("sys.exit(3)", "it exited with code 3"),
        ("sys.exit('no data')", "it exited with the message 'no data'"),
        ("harness.report(loss=float('nan'))", "its loss 'loss' was nan (--allow-nonfinite lets the run continue)"),
        ("harness.report(loss='low')", "its loss 'loss' was a str, not a number"),
    ],
)
def test_a_failure_keeps_the_epochs_before_it(folder, failure, reason):
    written(
        folder,
        "fails.py",
        f"""
        import sys
        import harness
        for epoch in harness.epochs(range(30)):
            if epoch == 7:
                {failure}
        """,
    )
    record = compared(folder, "fails.py", "train.py")
    end = end_of(record, "fails.py")
    assert (end.status, end.reason) == ("failed", reason)
    assert end.moment == "in epoch 7"
    assert len(epochs_of(record, "fails.py")) == 7
    assert end_of(record, "train.py").status == "ok"


def test_loops_are_kinds_of_their_own(folder):
    written(
        folder,
        "stages.py",
        """
        import harness
        for epoch in harness.epochs(range(5)):
            pass
        for epoch in harness.epochs(range(3)):
            pass
        for epoch in harness.epochs(range(2), kind="lbfgs"):
            pass
        for epoch in harness.epochs(range(4), kind=lambda index: "full" if index % 2 else "data"):
            pass
        """,
    )
    kinds = [epoch.kind for epoch in epochs_of(compared(folder, "stages.py"), "stages.py")]
    assert kinds == [*["epoch"] * 5, *["loop 2"] * 3, *["lbfgs"] * 2, "data", "full", "data", "full"]


def test_the_innermost_loop_has_the_epochs(folder):
    written(
        folder,
        "nested.py",
        """
        import harness
        for stage in harness.epochs(range(3)):
            for epoch in harness.epochs(range(4)):
                harness.report(at=float(10 * stage + epoch))
        """,
    )
    epochs = epochs_of(compared(folder, "nested.py"), "nested.py")
    assert [epoch.losses["at"] for epoch in epochs] == [float(10 * stage + at) for stage in range(3) for at in range(4)]
    assert {epoch.kind for epoch in epochs} == {"epoch"}


def test_programs_are_run_as_a_whole_if_one_has_no_epochs(folder):
    written(folder, "nothing.py", "total = sum(range(200_000))\n")
    record = compared(folder, "nothing.py", "train.py", blocks=2)
    for block in (0, 1):
        for arm in ("nothing.py", "train.py"):
            assert [epoch.kind for epoch in epochs_of(record, arm, block)] == ["whole"]
    assert {end.status for end in record.ends} == {"ok"}
    assert record.ready[0].description.marked_by == UNSEEN


def test_a_program_without_epochs_beside_a_trainer_fails_with_advice(folder):
    written(folder, "nothing.py", "print('done')\n")
    record = compared(folder, "nothing.py", f"{ARMS}:Steady", epochs=4)
    end = end_of(record, "nothing.py")
    assert end.status == "failed"
    assert end.reason.startswith(
        "it ended without an epoch that harness could see: write `for epoch in harness.epochs("
    )
    assert end_of(record, "Steady").status == "ok"


def test_a_program_may_have_a_module_named_like_this_package(folder):
    written(folder, "harness.py", "MINE = 1\n")
    written(
        folder,
        "own.py",
        """
        import sys
        import harness
        assert harness.MINE
        for epoch in sys.modules["_harness_watcher"].watch(range(4)):
            pass
        """,
    )
    record = compared(folder, "own.py")
    assert len(epochs_of(record, "own.py")) == 4


@pytest.mark.parametrize("way", ["spawn", "fork"])
def test_a_program_may_start_processes(folder, way):
    written(
        folder,
        "parallel.py",
        f"""
        import multiprocessing
        import harness

        def square(number):
            for _ in harness.epochs(range(2)):  # not measured: it is another process
                pass
            return number * number

        if __name__ == "__main__":
            with multiprocessing.get_context("{way}").Pool(1) as pool:
                for epoch in harness.epochs(range(3)):
                    harness.report(squares=sum(pool.map(square, range(4))))
        """,
    )
    record = compared(folder, "parallel.py")
    assert [epoch.losses["squares"] for epoch in epochs_of(record, "parallel.py")] == [14.0] * 3


WHILE = """
    epoch = 0
    def train(stop):
        global epoch
        while epoch < stop:
            epoch += 1
            for batch in range(2):
                pass
            {ending}
    train(5)
"""


@pytest.mark.parametrize(("ending", "count"), [("pass", 5), ("if epoch == 3: break", 3), ("if epoch == 3: return", 3)])
def test_a_line_of_a_while_loop_marks_its_passes(folder, ending, count):
    written(folder, "loops.py", WHILE.format(ending=ending))
    record = compared(folder, "loops.py", epoch_at=("loops.py:6",))
    assert len(epochs_of(record, "loops.py")) == count
    assert end_of(record, "loops.py").trained


@pytest.mark.parametrize(("line", "count"), [(7, 10), (8, 10), (6, 5)])
def test_a_line_marks_the_innermost_loop_around_it(folder, line, count):
    written(folder, "loops.py", WHILE.format(ending="pass"))
    record = compared(folder, "loops.py", epoch_at=(f"loops.py:{line}",))
    assert len(epochs_of(record, "loops.py")) == count


LOGGED = """
    class Log:
        def end(self, loss):
            self.loss = loss
    def main():
        log = Log()
        for epoch in range(6):
            log.end(1 / (1 + epoch))
    {start}
"""


def test_a_function_of_the_script_or_of_a_module_marks_its_calls(folder):
    written(folder, "logged.py", LOGGED.format(start="main()"))
    written(folder, "library.py", LOGGED.format(start="pass"))
    written(folder, "imports.py", "import library\nlibrary.main()\n")
    for command, place in (
        ("logged.py", "logged.py:Log.end"),
        ("imports.py", "library.py:Log.end"),
        ("imports.py", "library:Log.end"),
    ):
        record = compared(folder, command, epoch_at=(place,))
        assert [epoch.index for epoch in epochs_of(record, command)] == [0, 1, 2, 3, 4], "the first one is the start"
        shutil.rmtree(folder / "run")


def test_one_place_serves_programs_in_several_folders(folder):
    for name in ("old", "new"):
        written(folder, f"{name}/main.py", "import lib.loops\nprint()\n")
        written(folder, f"{name}/lib/loops.py", WHILE.format(ending="pass"))
    record = compared(folder, "old/main.py", "new/main.py", epoch_at=("loops.py:6",))
    marks = {line.arm: line.description.marked_by for line in record.ready}
    assert marks == {f"{name}/main.py": f"{folder}/{name}/lib/loops.py:6" for name in ("old", "new")}
    assert [len(epochs_of(record, arm)) for arm in marks] == [5, 5]


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("logged.py:3", "the file has no loop at line 3"),
        ("logged.py:Log.nosuch", "the file has no function 'Log.nosuch'"),
    ],
)
def test_a_place_that_is_not_there_is_one_sentence(folder, place, message):
    written(folder, "logged.py", LOGGED.format(start="main()"))
    end = end_of(compared(folder, "logged.py", epoch_at=(place,)), "logged.py")
    assert (end.status, end.reason) == ("failed", f"--epoch-at {folder / place}: {message}")


FUNCTION = """
import harness

def train(seed=0, epochs=None):
    for epoch in harness.epochs(range(12)):
        harness.report(seed=float(seed))

def fails():
    for epoch in harness.epochs(range(12)):
        if epoch == 7:
            raise ValueError("no such batch")

def nothing():
    return None
"""


def test_a_function_may_train(folder):
    written(folder, "functions.py", FUNCTION)
    record = compared(folder, "functions.py:train", "functions.py:fails", "functions.py:nothing", seed=3)
    assert [epoch.losses for epoch in epochs_of(record, "train")] == [{"seed": 3.0}] * 12
    assert end_of(record, "train").trained
    assert (end_of(record, "fails").moment, end_of(record, "fails").reason) == (
        "in epoch 7",
        "ValueError: no such batch",
    )
    assert "no loop of epochs was seen" in end_of(record, "nothing").reason


def test_an_arm_may_run_in_an_interpreter_without_any_package(folder):
    other = interpreter("3.10")
    record = compared(folder, f"{sys.executable} train.py", f"{other} train.py")
    (here, there) = [arm.label for arm in record.plan.arms]
    assert len(epochs_of(record, there)) == 60
    losses = [[epoch.losses["loss"] for epoch in epochs_of(record, arm)] for arm in (here, there)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-12), "some versions of Python add more exactly"
    ready = {line.arm: line for line in record.ready}
    assert ready[there].python.startswith("3.10.")
    assert ready[here].prefix != ready[there].prefix


def test_a_program_may_be_measured_as_a_whole(folder):
    written(folder, "short.py", "total = sum(range(200_000))\n")
    written(folder, "long.py", "for _ in range(20):\n    total = sum(range(200_000))\n")
    record = compared(folder, "short.py", "long.py", "train.py", whole=True, blocks=2)
    for arm in ("short.py", "long.py", "train.py"):
        assert [epoch.kind for epoch in epochs_of(record, arm)] == ["whole"]
        assert end_of(record, arm).trained
    summary = summarize(record)
    assert summary.scope == "schedule"
    assert summary.arms[1].ratio.estimate > 2
    assert summary.arms[1].total_time.estimate > summary.arms[0].total_time.estimate


def test_arms_have_the_labels_that_are_given(folder):
    record = compared(folder, "train.py --width 3", "train.py --width 4", labels=("three", "four"))
    assert [arm.label for arm in record.plan.arms] == ["three", "four"]
    assert record.baseline == "three"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"labels": ("one",)}, "--label is given 1 times for 2 arms."),
        ({"labels": ("one", "one")}, "--label 'one' is given more than once."),
        ({"whole": True, "epoch_at": ("train.py:16",)}, "--whole is for command lines alone, without --epoch-at."),
    ],
)
def test_wrong_options_are_one_sentence(folder, options, message):
    with pytest.raises(BadInput, match=message):
        planned("compare", "train.py --width 3", "train.py --width 4", **options)


HIDDEN = """
    import time

    class Model:
        def backward(self):
            time.sleep(0.02)

    def passes():
        train = getattr(Model(), "back" + "ward")
        while True:
            train()
            yield

    def main():
        for _, epoch in zip(passes(), range(25)):
            pass
        for number in range(20):
            time.sleep(0.02)

    main()
"""


def test_names_the_loop_in_which_gradients_were_computed_if_no_epoch_was_seen(folder):
    for name in ("old/hidden.py", "new/hidden.py"):
        written(folder, name, HIDDEN)
    record = compared(folder, "old/hidden.py", "new/hidden.py")
    for end in record.ends:
        assert end.loop.endswith("/hidden.py:15")
    found = summarize(record)
    assert "To compare epochs, add `--epoch-at hidden.py:15`: the loop" in LAYOUT.headline(found)
    again = compared(folder / "again", "old/hidden.py", "new/hidden.py", epoch_at=("hidden.py:15",))
    assert [len(epochs_of(again, arm)) for arm in ("old/hidden.py", "new/hidden.py")] == [25, 25]


def test_names_no_loop_if_programs_are_to_run_as_a_whole(folder):
    written(folder, "hidden.py", HIDDEN)
    record = compared(folder, "hidden.py", whole=True)
    assert [end.loop for end in record.ends] == [None]
    assert "No epoch was seen" not in LAYOUT.headline(summarize(record))

"""What a program finds around it: caches, files beside it, its input, and everything at once."""

import getpass
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from compared import compared, end_of, epochs_of, written
from paths import ARMS, SUPPORT
from planned import planned

from harness.errors import BadInput

TRAIN = SUPPORT / "programs" / "train.py"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copy(TRAIN, tmp_path)
    return tmp_path


def test_the_users_compile_caches_are_used_on_request(folder, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr("tempfile.tempdir", None)
    # As PyTorch does when an optimizer is made: arms must not use it unless they are asked to.
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(folder / f"torchinductor_{getpass.getuser()}"))
    cache = folder / f"torchinductor_{getpass.getuser()}"
    cache.mkdir()
    written(folder, "caching.py", "import os, harness\nfor e in harness.epochs(range(3)): pass\nprint(os.environ)\n")
    facts = []
    for keep, content in ((True, "empty"), (True, "filled"), (False, None)):
        record = compared(folder, "caching.py", keep_caches=keep)
        facts.append(record.ready[0].environment.get("TORCHINDUCTOR_CACHE_DIR"))
        assert facts[-1] == (f"{cache}, {content}" if content else None)
        (cache / "kernel").touch()
        shutil.rmtree(folder / "run")


EVERYTHING = """
import atexit
import multiprocessing
import os
import signal
import sys
import types

from harness import MINE  # a file beside it

got = []


def square(x):
    return x * x


def main():
    signal.signal(signal.SIGUSR1, lambda *_: got.append("signal"))
    os.makedirs("elsewhere", exist_ok=True)
    os.chdir("elsewhere")
    atexit.register(lambda: open("ended", "w").write(f"{MINE} {len(got)} {types.SimpleNamespace.__name__}"))
    name = input()
    for epoch in range(int(sys.argv[1])):
        os.kill(os.getpid(), signal.SIGUSR1)
        total = 0
        for method in ("fork", "spawn"):
            with multiprocessing.get_context(method).Pool(1) as pool:
                total += sum(pool.map(square, range(4)))
        loss = Loss(total)
        loss.backward()
    print(name, total)
    sys.exit(0)


class Loss(float):
    def backward(self):
        pass


if __name__ == "__main__":
    main()
"""


def test_a_program_that_does_everything_at_once_runs_as_by_itself(folder):
    written(folder, "everything.py", EVERYTHING)
    written(folder, "harness.py", "MINE = 'mine'\n")
    (folder / "input.txt").write_text("from the input\n")
    alone = subprocess.run(
        [sys.executable, "everything.py", "2"],
        cwd=folder,
        input="from the input\n",
        check=True,
        capture_output=True,
        text=True,
    )
    ended = folder / "elsewhere" / "ended"
    expected = (alone.stdout, ended.read_text())
    ended.unlink()
    record = compared(folder, "everything.py 2", input=folder / "input.txt")
    (label,) = {line.arm for line in record.ready}
    assert [epoch.losses for epoch in epochs_of(record, label)] == [{"loss": 28.0}] * 2
    assert (end_of(record, label).status, end_of(record, label).trained) == ("ok", True)
    logs = "".join(path.read_text() for path in (folder / "run" / "logs").iterdir())
    assert (logs, ended.read_text()) == expected == ("from the input 28\n", "mine 2 SimpleNamespace")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("train.py", "--input nosuch.txt: there is no such file."),
        (f"{ARMS}:Steady", "--input is for command lines, and there is none."),
    ],
)
def test_an_input_that_does_not_fit_is_one_sentence(folder, name, message):
    with pytest.raises(BadInput) as caught:
        planned("compare", name, input=Path("nosuch.txt"))
    assert str(caught.value) == message


def test_files_beside_a_program_shadow_the_standard_library_as_by_themselves(folder):
    for name in ("types", "statistics", "random", "json"):
        written(folder, f"{name}.py", "MINE = True\n")
    source = """
        import json, random, statistics, types
        print([hasattr(module, "MINE") for module in (json, random, statistics, types)])
        for epoch in range(3):
            class Loss(float):
                def backward(self): pass
            Loss(epoch).backward()
    """
    written(folder, "shadowed.py", source)
    record = compared(folder, "shadowed.py")
    assert len(epochs_of(record, "shadowed.py")) == 3
    logs = "".join(path.read_text() for path in (folder / "run" / "logs").iterdir())
    alone = subprocess.run([sys.executable, "shadowed.py"], cwd=folder, check=True, capture_output=True, text=True)
    assert logs == alone.stdout

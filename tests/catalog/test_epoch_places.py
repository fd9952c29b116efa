"""Where `--epoch-at` finds the place that it names."""

import pytest

from harness.catalog import epoch_places
from harness.catalog.command_lines import CommandLine
from harness.errors import BadInput


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = ("train.py", "lib/other.py", "old/main.py", "new/main.py", "old/wave/loss.py", "new/wave/loss.py")
    for name in (*names, "new/a/twice.py", "new/b/twice.py", "new/venv/pyvenv.cfg", "new/venv/lib/hidden.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


OLD, NEW = CommandLine(script="old/main.py"), CommandLine(script="new/main.py")


def resolved(place, *lines):
    return [list(own) for own in epoch_places.resolve([place], lines)]


def test_a_path_is_that_of_its_file(folder):
    here = CommandLine(script="train.py")
    assert resolved("train.py:3", here) == [[f"{folder}/train.py:3"]]
    assert resolved("lib/other.py:Log.end", here) == [[f"{folder}/lib/other.py:Log.end"]]
    assert resolved("lib/other.py:3", OLD, NEW) == [[f"{folder}/lib/other.py:3"]] * 2, "it may be on the path"
    assert resolved("package.module:Log.end", here) == [["package.module:Log.end"]]
    assert resolved(f"{folder}/old/main.py:3", OLD, NEW) == [[f"{folder}/old/main.py:3"]] * 2


@pytest.mark.parametrize("name", ["main.py", "wave/loss.py", "loss.py"])
def test_the_end_of_a_path_is_a_place_in_each_program(folder, name):
    path = "wave/loss.py" if name == "loss.py" else name
    assert resolved(f"{name}:33", OLD, NEW) == [[f"{folder}/old/{path}:33"], [f"{folder}/new/{path}:33"]]


def test_a_file_beside_the_programs_does_not_hide_theirs(folder):
    (folder / "main.py").touch()
    assert resolved("main.py:3", OLD) == [[f"{folder}/old/main.py:3"]]


def test_a_place_may_be_that_of_one_program(folder):
    (folder / "old/only.py").touch()
    assert resolved("only.py:3", OLD, NEW) == [[f"{folder}/old/only.py:3"], []]


def test_files_of_a_package_are_found(folder):
    assert resolved("loss.py:3", CommandLine(module="new.main")) == [[f"{folder}/new/wave/loss.py:3"]]


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("train.py", "must be file.py:LINE"),
        ("train.py:a b", "must be file.py:LINE"),
        ("package.module:3", "a line needs the path of its file"),
        ("mian.py:3", r"there is no file 'mian.py', nor one of that name beside the programs: they have .*new/main.py"),
        ("hidden.py:3", "there is no file 'hidden.py'"),
        ("twice.py:3", "'twice.py' may be new/a/twice.py or new/b/twice.py of 'new/main.py': give more of its path."),
    ],
)
def test_a_wrong_place_is_one_sentence(folder, place, message):
    with pytest.raises(BadInput, match=message):
        epoch_places.resolve([place], [NEW])

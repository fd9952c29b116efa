import os
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from interpreters import interpreter

from harness.catalog.command_lines import CommandLine, is_command, label_all, parse
from harness.errors import BadInput


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A working directory with a script, a script with a space in its name, and programs to find."""
    monkeypatch.chdir(tmp_path)
    for name in ("train.py", "my train.py", "lib/other.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    for name, first in (
        ("trains", f"#!{sys.executable} -u"),
        ("env-trains", "#!/usr/bin/env python3"),
        ("sh", "#!/bin/sh"),
    ):
        program = tmp_path / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"{first}\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    return tmp_path


@pytest.mark.parametrize(
    "reference",
    [
        "train.py",
        "lib/other.py",
        "my train.py",
        "train.py --width 3",
        "python -m package.train",
        "x/python train.py a:b",
    ],
)
def test_a_script_or_several_words_are_a_command(reference):
    assert is_command(reference)


@pytest.mark.parametrize(
    "reference", ["moments", "train.py:Mine", "package.module:Mine", "my train.py:Mine", "lib/other.py:make"]
)
def test_a_name_is_no_command(reference):
    assert not is_command(reference)


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("train.py", CommandLine(script="train.py")),
        ("my train.py", CommandLine(script="my train.py")),
        ("train.py --width 128 'a b'", CommandLine(script="train.py", arguments=("--width", "128", "a b"))),
        (
            f"{sys.executable} -W error -O train.py -m",
            CommandLine(interpreter=sys.executable, flags=("-W", "error", "-O"), script="train.py", arguments=("-m",)),
        ),
        (
            f"{sys.executable} -m package.train case1",
            CommandLine(interpreter=sys.executable, module="package.train", arguments=("case1",)),
        ),
        (
            "WIDTH=3 NAME='a b' train.py",
            CommandLine(variables={"WIDTH": "3", "NAME": "a b"}, script="train.py"),
        ),
    ],
)
def test_a_command_is_read_as_a_shell_would(reference, expected):
    assert parse(reference) == expected


def test_an_installed_program_runs_in_the_interpreter_of_its_first_line(folder):
    found = parse("trains --width 3")
    assert (found.interpreter, found.flags) == (sys.executable, ("-u",))
    assert (found.script, found.arguments) == (str(folder / "bin" / "trains"), ("--width", "3"))
    assert parse("env-trains x").interpreter.endswith("python3")


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("absent.py --width 3", "there is no file 'absent.py'"),
        ("lib/absent.py", "there is no file 'lib/absent.py'"),
        ("nosuch/python train.py", "there is no interpreter 'nosuch/python'"),
        ("python -u", "names no program"),
        ("python -c pass", "names no program"),
        ("python -m", "names no module"),
        ("python lib", "without a __main__.py"),
        ("nosuchprogram train.py", "there is no program 'nosuchprogram'"),
        ("sh train.py", "is not a Python program"),
        ("train.py 'a", "cannot be split into words"),
        ("A=1 B=2", "has no program"),
    ],
)
def test_a_wrong_command_is_one_sentence(reference, message):
    with pytest.raises(BadInput, match=message):
        parse(reference)


@pytest.mark.parametrize(
    ("references", "labels"),
    [
        (["train.py"], ["train.py"]),
        (["lib/other.py"], ["other.py"]),
        (["train.py --width 3"], ["train.py --width 3"]),
        (["train.py", "train_new.py"], ["train.py", "train_new.py"]),
        (["train.py --width 128", "train.py --width 64"], ["--width 128", "--width 64"]),
        (["train.py --width=128", "train.py --width=64"], ["--width=128", "--width=64"]),
        (["old/bin/python train.py", "new/bin/python train.py"], ["old/bin/python", "new/bin/python"]),
        (["train.py", "train.py --fast"], ["train.py", "--fast"]),
        (["train.py a x", "train.py b x", "train.py c x"], ["a", "b", "c"]),
    ],
)
def test_labels_are_the_words_that_differ(references, labels):
    assert label_all(references) == labels


words = st.lists(st.sampled_from(["a", "-b", "c", "--d=1"]), max_size=4).map(lambda rest: " ".join(["train.py", *rest]))


@given(st.lists(words, min_size=1, max_size=4, unique=True))
def test_labels_of_different_commands_differ(references):
    labels = label_all(references)
    assert len(set(labels)) == len(labels) == len(references)
    assert all(labels)


def write_interpreter(folder, name, body):
    (folder / "bin" / name).write_text(f"#!/bin/sh\n{body}\n")
    (folder / "bin" / name).chmod(0o755)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("echo 3 8", "'python-old' is Python 3.8, and harness measures 3.10 or later."),
        ("echo hello", "'python-old' does not run as a Python interpreter."),
        ("exit 1", "'python-old' does not run as a Python interpreter."),
    ],
)
def test_an_interpreter_that_is_none_or_too_old_is_one_sentence(folder, body, message):
    write_interpreter(folder, "python-old", body)
    with pytest.raises(BadInput) as caught:
        parse("python-old train.py")
    assert str(caught.value) == f"The command 'python-old train.py': {message}"


def test_an_old_interpreter_is_refused(folder):
    old = interpreter("3.8")
    with pytest.raises(BadInput, match=r"is Python 3\.8, and harness measures 3\.10 or later"):
        parse(f"{old} train.py")

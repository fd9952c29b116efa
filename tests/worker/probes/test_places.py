"""Which files are the user's own, and the lines of a stack."""

import json
import os
import sys

import numpy as np
import pytest

from harness.worker.probes import places
from harness.worker.probes.places import NOWHERE, Line, find_line, is_own, shorten_path


@pytest.mark.parametrize(
    "path", [json.__file__, os.__file__, np.__file__, places.__file__, "<string>", "<frozen importlib._bootstrap>"]
)
def test_libraries_python_and_harness_are_not_the_users(path):
    assert not is_own(path)


def test_any_other_file_is(tmp_path):
    assert is_own(str(tmp_path / "train.py"))
    assert is_own(__file__)
    assert is_own("train.py")


def test_the_innermost_line_of_the_users_own_code_is_found():
    found = json.loads("1", parse_int=lambda _: find_line(sys._getframe()))
    assert found.path == __file__
    assert "find_line(sys._getframe())" in open(__file__).read().splitlines()[found.number - 1]  # noqa: PTH123, SIM115


def test_a_stack_without_the_users_own_code_has_no_line():
    assert find_line(None) == NOWHERE == Line("", 0)


def test_paths_are_shortened(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    assert shorten_path(str(tmp_path / "package" / "train.py")) == "package/train.py"
    assert shorten_path("<string>") == "<string>"

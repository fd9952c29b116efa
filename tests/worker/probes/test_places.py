"""Which files are the user's own, and the lines of a stack."""

import json
import os
import sys
import sysconfig
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from harness.worker.probes import places
from harness.worker.probes.places import DEEPEST, Line, find_stack, is_own, keep_own, line_of, shorten_path


@pytest.mark.parametrize(
    "path",
    [
        *(json.__file__, os.__file__, np.__file__, places.__file__, "<string>", "<frozen importlib._bootstrap>"),
        str(Path(sysconfig.get_path("scripts")) / "train"),
    ],
)
def test_libraries_python_and_harness_are_not_the_users(path):
    assert not is_own(path)


@pytest.fixture
def unclaimed(monkeypatch):
    monkeypatch.setattr(places, "_claimed", set())
    is_own.cache_clear()
    yield
    is_own.cache_clear()


def test_a_program_is_the_users_even_if_it_is_installed(unclaimed, tmp_path, monkeypatch):
    script = tmp_path / "train"
    script.write_text("")
    monkeypatch.setattr(places.sysconfig, "get_path", lambda name: str(tmp_path) if name == "scripts" else None)
    assert not is_own(str(script))
    places.claim_file(str(script))
    assert is_own(str(script))


def test_a_program_that_is_a_folder_makes_no_library_the_users(unclaimed, tmp_path):
    library = tmp_path / ".venv" / "site-packages" / "numpy.py"
    library.parent.mkdir(parents=True)
    library.write_text("")
    places.claim_file(str(tmp_path))
    assert not is_own(str(library))
    assert is_own(str(tmp_path / "__main__.py"))


def test_any_other_file_is(tmp_path):
    assert is_own(str(tmp_path / "train.py"))
    assert is_own(__file__)
    assert is_own("train.py")


def test_the_package_of_a_trainer_is_the_users_although_it_is_installed(tmp_path, monkeypatch):
    library = tmp_path / "site-packages"
    (library / "mine").mkdir(parents=True)
    (library / "mine" / "__init__.py").write_text("")
    (library / "mine" / "train.py").write_text("")
    (library / "alone.py").write_text("")
    monkeypatch.syspath_prepend(str(library))
    monkeypatch.setattr(places, "_claimed", set())
    for module, own in (("mine.train", library / "mine" / "net.py"), ("alone", library / "alone.py")):
        assert not is_own(str(own))
        places.claim(module)
        assert is_own(str(own))
    assert not is_own(str(library / "other.py"))
    places.claim("__main__")
    places.claim("builtins")
    assert not is_own(json.__file__)
    is_own.cache_clear()


def test_the_users_own_lines_of_a_stack_are_found_from_inside_out():
    def inner():
        return json.loads("1", parse_int=lambda _: find_stack(sys._getframe()))  # inner

    found = inner()  # outer
    source = Path(__file__).read_text().splitlines()
    texts = [source[line.number - 1].rpartition("# ")[2] for line in found if line.path == __file__]
    assert texts[:3] == ["inner", "inner", "outer"], "the function, and where it was called"


def test_a_stack_without_the_users_own_code_is_empty():
    assert find_stack(None) == ()
    assert keep_own([Line(json.__file__, 3), Line("<string>", 1)]) == ()


def test_a_deep_stack_is_cut():
    assert len(keep_own(Line("train.py", number) for number in range(100))) == DEEPEST


def test_paths_are_shortened(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    assert shorten_path(str(tmp_path / "package" / "train.py")) == "package/train.py"
    assert shorten_path("<string>") == "<string>"


def test_a_frame_without_a_line_has_the_first_one_of_its_function():
    code = SimpleNamespace(co_filename="train.py", co_firstlineno=7)
    assert line_of(SimpleNamespace(f_code=code, f_lineno=9)) == Line("train.py", 9)
    assert line_of(SimpleNamespace(f_code=code, f_lineno=None)) == Line("train.py", 7)

"""How a measured process imports a variant from a reference."""

import subprocess
import sys
from functools import partial
from textwrap import dedent

import pytest
import registering

from harness import Collection, Variant
from harness.worker.imports import loading


@pytest.fixture
def at(tmp_path, monkeypatch):
    """The working directory; modules in it can be imported and are unloaded afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "modules", dict(sys.modules))
    return tmp_path


@pytest.fixture
def write(at):
    def write(name, source):
        path = at / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(source))
        return path

    return write


@pytest.fixture
def register(monkeypatch):
    """Put these entry points in place of the installed ones."""
    yield partial(registering.put, monkeypatch)
    registering.forget()


def variant(name, **more):
    return Variant(name, f"{name} in a line", dict, **more)


# By a registered name


def test_loads_a_registered_name(register):
    quick = variant("quick", baseline="slow")
    register(mine=Collection((variant("slow"), quick)))
    assert loading.load("quick") is quick


def test_a_collection_may_be_returned_by_a_callable(register):
    register(mine=lambda: Collection((variant("slow"),)))
    assert loading.load("slow").name == "slow"


def test_an_unknown_name_is_a_lookup_error(register):
    register(mine=Collection((variant("original"),)))
    with pytest.raises(LookupError, match="there is no registered variant 'orignal'"):
        loading.load("orignal")


@pytest.mark.parametrize(
    "offered", [ImportError("no tensorflow"), SystemExit("bye"), lambda: 1 / 0, lambda: None, Collection((42,))]
)
def test_a_broken_entry_point_does_not_hide_others(register, offered):
    last = variant("last")
    register(a=Collection((variant("first"),)), broken=offered, z=Collection((last,)))
    assert loading.load("last") is last


def test_loads_the_first_of_two_variants_of_one_name(register):
    first, other = variant("same"), variant("same")
    register(b=Collection((other,)), a=Collection((first,)))
    assert loading.load("same") is first


# From a file or a module


def test_loads_a_variant_unchanged(write):
    write("my.py", "from harness import Variant\nmine = Variant('other', 'a summary', dict, epochs=7)")
    assert loading.load("my.py:mine") == Variant("other", "a summary", dict, epochs=7)
    assert loading.load("my:mine").epochs == 7


@pytest.mark.parametrize("kind", ["class Pinn:", "def Pinn(case, seed):"])
def test_a_bare_callable_becomes_a_variant_of_its_name(write, kind):
    write("my.py", f"{kind}\n    '''Trains.\n\n    At length.\n    '''")
    loaded = loading.load("my.py:Pinn")
    assert (loaded.name, loaded.summary, loaded.build.__name__) == ("Pinn", "Trains.", "Pinn")
    assert (loaded.baseline, loaded.cases, loaded.epochs) == (None, (), None)


def test_a_non_callable_is_not_a_variant(write):
    write("my.py", "pinn = 42")
    with pytest.raises(TypeError, match=r"my\.py:pinn is of type int, neither a harness\.Variant nor callable"):
        loading.load("my.py:pinn")


def test_missing_modules_raise_python_errors(write):
    write("my.py", "pinn = dict")
    with pytest.raises(AttributeError, match="has no attribute 'pinm'"):
        loading.load("my.py:pinm")
    with pytest.raises(ModuleNotFoundError, match="No module named 'lost'"):
        loading.load("lost.module:pinn")
    with pytest.raises(FileNotFoundError):
        loading.load("lost.py:pinn")


def test_a_file_imports_its_neighbours_and_not_ours(write):
    write("there/loss.py", "weight = 'the neighbour'")
    write("loss.py", "weight = 'the one where we stand'")
    write("there/my.py", "import loss\ndef pinn(): ...\npinn.__doc__ = loss.weight")
    code = "from harness.worker.imports import loading; print(loading.load('there/my.py:pinn').summary)"
    child = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert child.stdout.strip() == "the neighbour"


def test_loads_a_module_from_the_working_directory(write, at):
    write("package/my.py", "def pinn(): 'here'")
    code = "from harness.worker.imports import loading; print(loading.load('package.my:pinn').summary)"
    command = [sys.executable, "-P", "-c", code]  # -P: where we stand is not on the path
    child = subprocess.run(command, check=True, capture_output=True, text=True, cwd=at)
    assert child.stdout.split() == ["here"]


def test_loads_a_module_from_the_given_directory(write, at):
    write("my.py", "def pinn(): 'where we stand'")
    write("there/my.py", "def pinn(): 'there'")
    assert loading.load("my:pinn", str(at / "there")).summary == "there"


def test_a_file_may_have_the_name_of_a_loaded_module(write):
    write("json.py", "def pinn(): 'mine'")
    before = sys.modules["json"]
    assert loading.load("json.py:pinn").summary == "mine"
    assert sys.modules["json"] is before


def test_a_file_of_dataclasses_loads(write):
    write(
        "my.py",
        """
        from __future__ import annotations
        from dataclasses import dataclass, KW_ONLY

        @dataclass
        class Pinn:
            case: str
            _: KW_ONLY
            seed: int
        """,
    )
    assert loading.load("my.py:Pinn").build("case1", seed=2).seed == 2


def test_any_attribute_after_the_colon_can_be_loaded(write):
    write("my.py", "anything = 42")
    assert loading.attribute("my.py:anything") == loading.attribute("my:anything") == 42

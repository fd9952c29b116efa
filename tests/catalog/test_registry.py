import subprocess
import sys
from functools import partial
from textwrap import dedent

import pytest
import registering
from hypothesis import given
from hypothesis import strategies as st

from harness import Collection, Variant
from harness.catalog import registry
from harness.errors import BadInput
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


def refusal(reference):
    with pytest.raises(BadInput) as caught:
        registry.find(reference)
    return str(caught.value)


# Registered names


def test_built_in_variants_are_registered_like_any_other():
    assert registry.find("original").name == "original"
    assert registry.registered().broken == ()
    assert set(registry.registered().compared) <= set(registry.registered().variants)


def test_imports_of_a_collection_are_known_for_variants_but_not_references(register):
    register(
        a=Collection((variant("slow"), variant("solver")), references=("solver",), preload=("json", "csv")),
        b=Collection((variant("other"), variant("slow")), preload=("decimal",)),
        c=Collection((variant("plain"),)),
    )
    known = registry.registered().preloads
    assert known == {"slow": ("json", "csv"), "other": ("decimal",), "plain": ()}


def test_finds_and_loads_a_registered_name(register):
    register(mine=Collection((variant("slow"), variant("quick", baseline="slow")), compared=("slow", "quick")))
    assert registry.find("quick") is loading.load("quick")
    assert registry.find("quick").baseline == "slow"
    assert list(registry.registered().variants) == ["slow", "quick"]
    assert registry.registered().compared == ("slow", "quick")


def test_each_variant_knows_the_references_of_its_own_collection(register):
    register(
        a=Collection((variant("slow"), variant("solver")), references=("solver",)),
        b=Collection((variant("other"),)),
    )
    found = registry.registered()
    assert found.references == {"slow": ("solver",), "solver": ("solver",), "other": ()}
    assert found.broken == ()


def test_reports_and_skips_a_reference_that_is_not_a_variant(register):
    register(mine=Collection((variant("slow"),), references=("solver",)))
    assert registry.registered().references == {"slow": ()}
    (message,) = registry.registered().broken
    assert message == "'mine' lists 'solver' as a reference but has no such variant; it is ignored"


def test_a_collection_may_be_returned_by_a_callable(register):
    register(mine=lambda: Collection((variant("slow"),)))
    assert registry.find("slow").name == "slow"


def test_unknown_name_error_suggests_the_nearest(register):
    register(mine=Collection((variant("original"), variant("moments"))))
    assert refusal("orignal") == "There is no variant 'orignal': did you mean 'original'?"
    assert refusal("xyz") == "There is no variant 'xyz': choose from original, moments."


def test_error_says_if_nothing_is_registered(register):
    register()
    assert refusal("original") == "There is no variant 'original': there are none."


@pytest.mark.parametrize(
    ("offered", "message"),
    [
        (ImportError("no tensorflow"), "ImportError: no tensorflow"),
        (SystemExit("bye"), "SystemExit: bye"),
        (lambda: 1 / 0, "ZeroDivisionError: division by zero"),
        (lambda: None, "AttributeError: 'NoneType' object has no attribute 'variants'"),
        (Collection((42,)), "AttributeError: 'int' object has no attribute 'name'"),
    ],
)
def test_a_broken_entry_point_is_reported_and_others_still_load(register, offered, message):
    register(a=Collection((variant("first"),)), broken=offered, z=Collection((variant("last"),)))
    found = registry.registered()
    assert list(found.variants) == ["first", "last"]
    assert found.broken == (f"the variants of 'broken' (broken.module:collection) cannot be loaded: {message}",)
    assert message in refusal("lost")


def test_keeps_the_first_of_two_equal_names_and_reports_the_other(register):
    first, other = variant("same"), variant("same")
    register(b=Collection((other, variant("own"))), a=Collection((first,)))
    assert registry.find("same") is first
    assert list(registry.registered().variants) == ["same", "own"]
    (message,) = registry.registered().broken
    assert message == "'b' offers a variant 'same', which already exists; it is ignored"


# What is found without being imported

EVERY_WAY_TO_BIND = """
    import os, os.path as paths, collections.abc
    from json import dumps, loads as read
    plain = 1
    annotated: int = 2
    left, (middle, *right) = 1, (2, 3)
    chained = again = 3
    class Class:
        inside_a_class = 1
    def function(parameter):
        inside_a_function = 1
    async def asynchronous(): ...
    if plain:
        in_if = 1
    elif annotated:
        in_elif = 2
    else:
        in_else = 3
    try:
        in_try = 1
    except ImportError:
        in_except = 2
    finally:
        in_finally = 3
    with open(os.devnull) as in_with:
        below_with = 1
    for in_for in [1]:
        below_for = 2
    if (walrus := 1):
        pass
    listed = [in_comprehension for in_comprehension in range(3)]
    os.attribute = 4
    {}["item"] = 5
    raise SystemExit("imported!")
"""
BOUND = """
    os paths collections dumps read plain annotated left middle right chained again Class function asynchronous
    in_if in_elif in_else in_try in_except in_finally in_with below_with in_for below_for walrus listed
"""
UNBOUND = """
    path json loads inside_a_class parameter inside_a_function in_comprehension attribute item range print class
"""


@pytest.mark.parametrize("place", ["my.py", "./my.py", "deep/er/my.py", "deep.er.my"])
def test_finds_names_without_running_the_code(write, place):
    write("my.py", EVERY_WAY_TO_BIND)
    write("deep/er/my.py", EVERY_WAY_TO_BIND)
    for name in BOUND.split():
        assert registry.find(f"{place}:{name}") is None, name
    for name in UNBOUND.split():
        assert f"defines no {name!r}" in refusal(f"{place}:{name}")


@pytest.mark.parametrize("reference", ["mark.py:Pinn", "package.mark:Pinn"])
def test_lookup_runs_neither_the_file_nor_its_packages(write, at, reference):
    source = "from pathlib import Path; Path('marker').touch()\nclass Pinn: ...\n"
    for name in ("mark.py", "package/__init__.py", "package/mark.py"):
        write(name, source)
    before = set(sys.modules)
    assert registry.find(reference) is None
    assert not (at / "marker").exists()
    assert set(sys.modules) == before
    loading.load(reference)
    assert (at / "marker").exists()


def test_a_file_path_may_be_absolute_or_relative_to_home(write, at, monkeypatch):
    monkeypatch.setenv("HOME", str(at))
    path = write("my.py", "class Pinn: ...")
    assert registry.find(f"{path}:Pinn") is None
    assert registry.find("~/my.py:Pinn") is None
    assert loading.load("~/my.py:Pinn").name == "Pinn"


def test_lookup_does_not_check_what_a_name_is(write):
    write("my.py", "pinn = 42")
    assert registry.find("my.py:pinn") is None


@pytest.mark.parametrize("source", ["from json import *", "def __getattr__(name): return dict"])
def test_accepts_a_module_with_names_known_only_at_run_time(write, source):
    write("my.py", source)
    assert registry.find("my.py:anything") is None


def test_a_module_without_python_source_is_checked_by_the_child():
    assert registry.find("_json:encode_basestring") is None


# What is refused


@pytest.mark.parametrize(
    ("reference", "sentence"),
    [
        ("lost.py:Pinn", "There is no file 'lost.py'."),
        (".:Pinn", "There is no module '.'"),
        ("./:Pinn", "There is no file './'."),
        ("~nobody-of-that-name/my.py:Pinn", "There is no file '~nobody-of-that-name/my.py'."),
        ("lost.module:Pinn", "There is no module 'lost.module': 'lost' is not found here or on Python's path."),
        ("harness.lost:Pinn", "There is no module 'harness.lost': 'harness.lost' is not found"),
        (
            "harness.plan.plan.deeper:Pinn",
            "There is no module 'harness.plan.plan.deeper': 'harness.plan.plan.deeper' is not found",
        ),
        (".relative:Pinn", "There is no module '.relative'"),
        ("harness..plan:make", "There is no module 'harness..plan'"),
        ("my.py:1st", "'my.py:1st' does not name a variant: write a name, file.py:Name or package.module:Name."),
        ("my.py:", "'my.py:' does not name a variant"),
        (":Pinn", "':Pinn' does not name a variant"),
        ("my.py:a.b", "'my.py:a.b' does not name a variant"),
        ("harness.plan.plan:Plam", "plan.py defines no 'Plam'; did you mean 'Plan'?"),
    ],
)
def test_error_names_what_is_missing(at, reference, sentence):
    assert sentence in refusal(reference)


def test_missing_name_error_suggests_the_nearest_public_one(write):
    write("my.py", "class Pinn: ...\nclass _Pinm: ...\nslow = 1")
    assert refusal("my.py:Pin") == "'my.py:Pin': my.py defines no 'Pin'; did you mean 'Pinn'?"
    assert refusal("my.py:_Pinn").endswith("did you mean 'Pinn'?")
    assert refusal("my.py:other") == "'my.py:other': my.py defines no 'other'; choose from Pinn, slow."
    write("empty.py", "")
    assert refusal("empty.py:Pinn").endswith("defines no 'Pinn'; there are none.")


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        (b"x = 1\ny = (\n", "my.py, line 2 is not Python: '(' was never closed."),
        (b"x = 1\n\n  y = 2\n", "my.py, line 3 is not Python: unexpected indent."),
        (b"x = '\xff'\n", "my.py, line 1 is not Python: (unicode error)"),
        (b"# coding: martian\n", "my.py is not Python: unknown encoding: martian."),
        (b"x = 1\0\n", " is not Python: source code string cannot contain null bytes."),
        (b"x = " + b"+".join([b"1"] * 50_000), "my.py is nested too deeply for Python to read."),
    ],
)
def test_rejects_a_non_python_file_with_the_line(at, source, sentence):
    (at / "my.py").write_bytes(source)
    assert sentence in refusal("my.py:x")
    assert "line None" not in refusal("my.py:x")
    assert "line 0" not in refusal("my.py:x")


def test_accepts_a_file_with_a_long_sum(write):
    write("my.py", "x = " + "+".join(["1"] * 900))
    assert registry.find("my.py:x") is None


@given(st.text(max_size=30) | st.from_regex(r"[\w./~\\ -]{0,12}:[\w.]{0,6}", fullmatch=True))
def test_any_input_is_found_or_rejected(reference):
    try:
        found = registry.find(reference)
    except BadInput as refused:
        assert str(refused)
    else:
        assert found is None or found.name == reference


def test_finds_a_module_in_the_working_directory(write, at):
    write("package/my.py", "def pinn(): 'here'")
    code = "from harness.catalog import registry; print(registry.find('package.my:pinn'))"
    command = [sys.executable, "-P", "-c", code]  # -P: where we stand is not on the path
    child = subprocess.run(command, check=True, capture_output=True, text=True, cwd=at)
    assert child.stdout.split() == ["None"]


@pytest.mark.parametrize(
    ("reference", "label"),
    [("original", "original"), ("a/b.py:Pinn", "Pinn"), ("C:\\b.py:Pinn", "Pinn"), ("a.b:Pinn", "Pinn")],
)
def test_an_arm_is_named_by_its_last_part(reference, label):
    assert registry.label(reference) == label

from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paths import SUPPORT
from planned import planned

from harness.catalog.signatures import parse_settings, signature_of
from harness.errors import BadInput

SOURCE = """
class Wide:
    def __init__(self, width, /, depth=2, *, rate, seed=0):
        pass

class Plain:
    pass

class Derived(Plain):
    pass

def train(width, epochs, *, rate=0.1, **more):
    pass

def closed(width=3):
    pass

train_alias = train
"""


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(dedent(SOURCE))


def test_reads_arguments_from_the_source(file):
    wide = signature_of("mine.py:Wide")
    assert (wide.names, wide.required, wide.takes_all) == (("depth", "rate", "seed"), ("width", "rate"), False)
    train = signature_of("mine.py:train")
    assert (train.names, train.required, train.takes_all) == (("width", "epochs", "rate"), ("width", "epochs"), True)
    assert signature_of("mine.py:Plain").names == ()
    assert signature_of("mine.py:Derived") is None
    assert signature_of("mine.py:train_alias") is None


def test_reads_arguments_of_registered_variants():
    assert signature_of("original").takes_all
    assert "case" in signature_of("fixed-pivot").names


names = st.from_regex(r"[a-z]{6,8}", fullmatch=True)
numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.booleans()


@given(st.dictionaries(names, numbers | st.lists(numbers)))
def test_literals_are_values(settings):
    assert parse_settings([f"{name}={value!r}" for name, value in settings.items()]) == settings


def test_other_values_are_strings():
    assert parse_settings(["path=a/b=c", "name=tanh", "empty="]) == {"path": "a/b=c", "name": "tanh", "empty": ""}


def test_each_arm_gets_the_settings_that_it_takes(file):
    plan = planned("compare", "mine.py:train", "mine.py:closed", settings=("width=8", "rate=0.5"))
    assert [arm.settings for arm in plan.arms] == [{"width": 8, "rate": 0.5}, {"width": 8}]


@pytest.mark.parametrize(
    ("names", "settings", "message"),
    [
        (("mine.py:closed",), ("widht=3",), "--set widht: no arm has such an argument; did you mean 'width'?"),
        (("mine.py:Plain",), ("width=3",), "--set width: no arm has such an argument; they take no arguments."),
        (("mine.py:train",), (), "'mine.py:train' needs 'width': give --set width=VALUE, or defaults."),
        (("mine.py:closed",), ("width",), "--set must be NAME=VALUE, such as --set width=64, not 'width'."),
        (("mine.py:closed",), ("seed=3",), "--set seed=3: give --seed 3, which all arms get."),
        (("mine.py:closed",), ("width=3", "width=4"), "--set width is given more than once."),
        (
            (f"{SUPPORT / 'programs' / 'train.py'} --epochs 3",),
            ("width=3",),
            "--set is for classes and functions: a program has its arguments on its own line.",
        ),
    ],
)
def test_wrong_settings_are_one_sentence(file, names, settings, message):
    with pytest.raises(BadInput) as caught:
        planned("compare", *names, settings=settings)
    assert str(caught.value) == message

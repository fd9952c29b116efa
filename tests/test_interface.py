import subprocess
import sys
from dataclasses import FrozenInstanceError, fields

import pytest

from harness import Collection, Variant, phase
from harness.interface import watch_phases


class Notebook:
    def __init__(self):
        self.lines = []

    def enter(self, name):
        self.lines.append(f"enter {name}")

    def leave(self, name):
        self.lines.append(f"leave {name}")


@pytest.fixture
def notebook():
    book = Notebook()
    watch_phases(book)
    yield book
    watch_phases(None)


def test_watcher_receives_nested_phases(notebook):
    with phase("epoch"):
        with phase("forward"):
            notebook.lines.append("work")
        with phase("backward"):
            pass
    assert notebook.lines == [
        "enter epoch",
        "enter forward",
        "work",
        "leave forward",
        "enter backward",
        "leave backward",
        "leave epoch",
    ]


def test_a_phase_that_raises_ends_and_propagates_the_exception(notebook):
    with pytest.raises(ZeroDivisionError), phase("epoch"), phase("loss"):
        raise ZeroDivisionError
    assert notebook.lines == ["enter epoch", "enter loss", "leave loss", "leave epoch"]


def test_no_calls_after_the_watcher_is_removed(notebook):
    watch_phases(None)
    with phase("epoch"):
        pass
    assert notebook.lines == []


def test_a_phase_without_a_watcher_has_no_effect():
    with phase("epoch") as entered:
        assert entered.name == "epoch"
    with pytest.raises(KeyError), phase("epoch"):
        raise KeyError


@pytest.mark.parametrize("made", [Variant("v", "", dict), Collection(())])
def test_declarations_are_frozen(made):
    for field in fields(made):
        with pytest.raises(FrozenInstanceError):
            setattr(made, field.name, None)


def test_a_variant_needs_name_summary_and_builder():
    variant = Variant("v", "summary", dict)
    assert (variant.baseline, variant.epochs, variant.settings) == (None, None, {})
    assert variant.cases == variant.scales == variant.metrics == ()
    assert variant.settings is not Variant("w", "", dict).settings


def test_training_code_that_imports_harness_loads_nothing_heavy():
    code = "import sys, harness; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    assert "harness.interface" in loaded
    assert not {"tensorflow", "pandas", "scipy", "numpy", "altair", "msgspec", "rich", "typer"} & set(loaded)

"""What optimizers keep for parameters, with optimizers that are made up."""

from types import ModuleType

import pytest

from harness.worker.probes import optimizers
from harness.worker.probes.optimizers import Kept, describe, watch
from harness.worker.wire.evidence import OptimizerUse


@pytest.fixture
def library(monkeypatch):
    """A library of optimizers, which is loaded."""

    class Optimizer:
        def __init__(self, rate=0.1):
            self.rate = rate

    class Adam(Optimizer):
        def __init__(self, rate=0.2):
            super().__init__(rate)

    found = ModuleType("optimizing")
    found.Optimizer, found.Adam, found.Sgd = Optimizer, Adam, type("Sgd", (Optimizer,), {})
    monkeypatch.setitem(__import__("sys").modules, "optimizing", found)
    watch("optimizing", "Optimizer")
    watch("optimizing", "Unknown")
    return found


NET, WEIGHTS = {"a": 60, "b": 40}, {"c": 10}


def test_a_second_optimizer_of_a_class_for_the_same_parameters_is_spare(library):
    first, second = library.Adam(), library.Adam(rate=0.3)
    assert second.rate == 0.3
    (use,) = describe([Kept(second, NET, 200), Kept(first, NET, 200)])
    assert use[:5] == ("Adam", 2, 100, 400, 200)
    assert use.text == "first, second = library.Adam(), library.Adam(rate=0.3)"
    assert use.where.rpartition("/")[2].startswith("test_optimizers.py:")


def test_only_what_both_keep_is_spare(library):
    (use,) = describe([Kept(library.Adam(), NET, 200), Kept(library.Adam(), {"b": 40, "c": 40}, 160)])
    assert (use.number, use.parameters, use.slots, use.spare) == (2, 140, 360, 80)


def test_other_parameters_and_other_classes_are_not_spare(library):
    found = describe(
        [
            Kept(library.Adam(), NET, 200),
            Kept(library.Adam(), WEIGHTS, 20),
            Kept(library.Sgd(), NET, 100),
            Kept(library.Sgd(), NET, 0),  # it has not begun
            Kept(library.Adam(), {}, 50),  # nothing is known of it
        ]
    )
    assert found == [OptimizerUse("Adam", 1, 110, 220, 0), OptimizerUse("Sgd", 1, 100, 100, 0)]


def test_an_optimizer_whose_making_was_not_seen_is_the_earliest(library):
    class Unseen(library.Adam):
        def __init__(self):
            pass

    (use,) = describe([Kept(Unseen(), NET, 200), Kept(Unseen(), NET, 200)])
    assert (use.spare, use.where, use.text) == (200, "", "")
    assert not any(isinstance(one, Unseen) for one in optimizers._MADE)

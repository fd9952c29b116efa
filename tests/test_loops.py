"""Marks outside of a measurement, and what they hand to one."""

import sys

import numpy as np
import pytest

from harness import epochs, report


class Watcher:
    def watch(self, iterable, kind):
        return [(kind, one) for one in iterable]


@pytest.mark.parametrize("number", [3, np.int64(3)])
def test_a_number_of_epochs_stands_for_its_range(number, monkeypatch):
    assert list(epochs(number)) == [0, 1, 2]
    monkeypatch.setitem(sys.modules, "_harness_watcher", Watcher())
    assert list(epochs(number, kind="adam")) == [("adam", 0), ("adam", 1), ("adam", 2)]


def test_an_iterable_is_returned_as_it_is():
    given = [1, 2]
    assert epochs(given) is given
    assert report(loss=1.0) is None

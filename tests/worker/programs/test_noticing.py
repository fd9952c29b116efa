import sys
from decimal import Decimal

import numpy as np

from harness.worker.programs.noticing import Noticed, convert


class Tensor:
    """One number, which `item` returns."""

    def __init__(self, value):
        self.value = value

    def item(self):
        return self.value


def test_reads_new_numbers_only():
    noticed = Noticed(("loss", "other_loss", "missing_loss"))
    loss, other_loss = Tensor(2.0), 0.5  # noqa: F841 - read from the frame
    assert noticed.read(sys._getframe()) == {"loss": 2.0, "other_loss": 0.5}
    assert noticed.read(sys._getframe()) == {}, "they are the same objects"
    loss = Tensor(2.0)
    assert noticed.read(sys._getframe()) == {"loss": 2.0}, "computed again, with the same result"
    del loss
    assert noticed.read(sys._getframe()) == {}


def test_keeps_no_tensor_alive():
    noticed = Noticed(("loss",))
    deleted = []

    class Graph(Tensor):
        def __del__(self):
            deleted.append(self.value)

    def read():
        loss = Graph(1.0)  # noqa: F841
        return noticed.read(sys._getframe())

    assert read() == {"loss": 1.0}
    assert deleted == [1.0]


def test_converts_numbers_and_nothing_else():
    assert [convert(value) for value in (1, 2.5, Decimal("0.5"), np.float32(3.0), np.array([4.0]))] == [
        1,
        2.5,
        0.5,
        3,
        4,
    ]
    assert [convert(value) for value in (True, "5", np.zeros(2), [1.0], {}, print)] == [None] * 6

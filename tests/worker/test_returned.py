import numpy as np
import pytest

from harness.worker.returned import numbers
from harness.worker.wire.reasons import Misbehaved


def test_arrays_with_one_element_are_numbers():
    losses = {"plain": 1.0, "array": np.array([2.0]), "scalar": np.float32(3.0), "matrix": np.array([[4]]), "whole": 5}
    assert numbers(losses, "loss") == {"plain": 1.0, "array": 2.0, "scalar": 3.0, "matrix": 4.0, "whole": 5.0}


@pytest.mark.parametrize("value", [np.zeros(2), None, "many", [1.0]])
def test_anything_else_is_named(value):
    with pytest.raises(Misbehaved, match=r"^its loss 'data' was .+, not a number$"):
        numbers({"data": value}, "loss")

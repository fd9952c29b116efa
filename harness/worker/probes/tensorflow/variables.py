"""How much a trainer keeps in TensorFlow's variables: its parameters, and what its optimizer keeps of them."""

from __future__ import annotations

import gc
import sys
from typing import Any

from harness.worker.wire.evidence import Variables


def sizes() -> Variables | None:
    """The bytes of all variables that live in this process; None without TensorFlow."""
    tensorflow = sys.modules.get("tensorflow")
    if tensorflow is None:
        return None
    # By type, not isinstance: some libraries' objects do something when they are asked for their class.
    living = [one for one in gc.get_objects() if issubclass(type(one), tensorflow.Variable)]
    bytes_of = {id(one): _bytes(one) for one in living}
    trained = sum(bytes_of[id(one)] for one in living if one.trainable)
    return Variables(trained, sum(bytes_of.values()) - trained)


def _bytes(variable: Any) -> int:
    """0 for one whose size changes."""
    return (variable.shape.num_elements() or 0) * int(variable.dtype.size)

"""The memory of a trainer's TensorFlow variables: its parameters, and all others, such as those of its optimizer."""

from __future__ import annotations

import gc
import sys
from typing import Any

from harness.worker.wire.evidence import Variables


def sizes() -> Variables | None:
    """Return the bytes of all variables that exist in this process, or None if TensorFlow is not loaded."""
    tensorflow = sys.modules.get("tensorflow")
    if tensorflow is None:
        return None
    # By type() and not isinstance(), because objects of some libraries run code when asked for __class__.
    living = [one for one in gc.get_objects() if issubclass(type(one), tensorflow.Variable)]
    bytes_of = {id(one): _count_bytes(one) for one in living}
    trained = sum(bytes_of[id(one)] for one in living if one.trainable)
    return Variables(trained, sum(bytes_of.values()) - trained)


def _count_bytes(variable: Any) -> int:
    """Return the size of a variable in bytes, or 0 if its shape is not fixed."""
    return (variable.shape.num_elements() or 0) * int(variable.dtype.size)

"""The memory of a trainer's TensorFlow variables: its parameters, and all others, such as those of its optimizer."""

from __future__ import annotations

import gc
import sys
from typing import Any

from harness.worker.probes.optimizers import describe
from harness.worker.probes.tensorflow import optimizers
from harness.worker.wire.evidence import Variables


def sizes() -> Variables | None:
    """Return the bytes of all variables that exist in this process, or None if TensorFlow is not loaded."""
    found = _measure()
    if found and any(use.spare for use in found.optimizers):
        gc.collect()  # an optimizer that only refers to itself is garbage, and no second one
        found = _measure()
    return found


def _measure() -> Variables | None:
    tensorflow = sys.modules.get("tensorflow")
    if tensorflow is None:
        return None
    # By type() and not isinstance(), because objects of some libraries run code when asked for __class__.
    classes = tuple(found for names in optimizers.CLASSES if (found := optimizers.find_class(*names)))
    objects = gc.get_objects()
    living = [one for one in objects if issubclass(type(one), tensorflow.Variable)]
    bytes_of = {id(one): _count_bytes(one) for one in living}
    trained = sum(bytes_of[id(one)] for one in living if one.trainable)
    by_key = {one._unique_id: bytes_of[id(one)] for one in living if hasattr(one, "_unique_id")}
    kept = [optimizers.find_kept(one, by_key) for one in objects if classes and issubclass(type(one), classes)]
    return Variables(trained, sum(bytes_of.values()) - trained, describe(filter(None, kept)))


def _count_bytes(variable: Any) -> int:
    """Return the size of a variable in bytes, or 0 if its shape is not fixed."""
    return (variable.shape.num_elements() or 0) * int(variable.dtype.size)

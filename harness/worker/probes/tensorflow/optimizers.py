"""What the optimizers of Keras keep for parameters, in TensorFlow."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from harness.worker.probes.optimizers import Kept

CLASSES = (
    ("keras.src.optimizers.base_optimizer", "BaseOptimizer"),  # Keras 3
    ("keras.src.optimizers.optimizer", "_BaseOptimizer"),  # Keras 2
    ("keras.src.optimizers.legacy.optimizer_v2", "OptimizerV2"),
    ("tf_keras.src.optimizers.optimizer", "_BaseOptimizer"),
    ("tf_keras.src.optimizers.legacy.optimizer_v2", "OptimizerV2"),
)
"""The modules and names of the classes that all optimizers are of."""


def find_class(module: str, name: str) -> type | None:
    """Return a class, or None if its module is not loaded or has none of this name."""
    return getattr(sys.modules.get(module), name, None)


def find_kept(optimizer: Any, bytes_of: Mapping[str, int]) -> Kept | None:
    """Return what an optimizer keeps, given the bytes of all variables by their key; None if that is not known."""
    with suppress(Exception):  # this reads attributes that another version may not have, and the answer is optional
        if hasattr(optimizer, "_slots"):  # legacy
            keys, kept = list(optimizer._slots), [one for own in optimizer._slots.values() for one in own.values()]
        elif hasattr(optimizer, "_index_dict"):  # Keras 2
            keys, kept = list(optimizer._index_dict), list(optimizer._variables)
        else:
            keys = [one.value._unique_id for one in optimizer._trainable_variables]
            kept = [one.value for one in optimizer._variables]
        parameters = {key: bytes_of[key] for key in keys if key in bytes_of}
        return Kept(optimizer, parameters, _count_slots(kept, bytes_of))
    return None


def _count_slots(variables: Iterable[Any], bytes_of: Mapping[str, int]) -> int:
    """Return the bytes of what has dimensions: counters and rates have none."""
    return sum(bytes_of.get(one._unique_id, 0) for one in variables if one.shape.rank)

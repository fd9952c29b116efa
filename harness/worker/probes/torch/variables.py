"""The memory of a training's parameters, and of the state of its optimizers."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from harness.worker.probes.optimizers import Kept, describe
from harness.worker.wire.evidence import Variables


def measure_variables() -> Variables:
    """Return the bytes of all parameters, and of the state of all optimizers."""
    found = _measure()
    if any(use.spare for use in found.optimizers):
        gc.collect()  # an optimizer that only refers to itself is garbage, and no second one
        found = _measure()
    return found


def _measure() -> Variables:
    torch: Any = sys.modules["torch"]
    living = gc.get_objects()
    # By type() and not isinstance(), because objects of some libraries run code when asked for __class__.
    optimizers = [one for one in living if issubclass(type(one), torch.optim.Optimizer)]
    trained = {id(one): one for one in living if issubclass(type(one), torch.nn.Parameter)}
    trained |= {id(one): one for own in optimizers for group in own.param_groups for one in group["params"]}
    states = {id(one): one for own in optimizers for state in own.state.values() for one in _find_tensors(state)}
    others = {key: one for key, one in states.items() if key not in trained}
    kept = [_find_kept(one) for one in optimizers]
    return Variables(_count_bytes(trained.values()), _count_bytes(others.values()), describe(kept))


def _find_kept(optimizer: Any) -> Kept:
    own = {id(one): _count_bytes([one]) for group in optimizer.param_groups for one in group["params"]}
    states = {id(one): one for state in optimizer.state.values() for one in _find_tensors(state)}
    return Kept(optimizer, own, _count_bytes(one for key, one in states.items() if key not in own and one.dim()))


def _count_bytes(tensors: Iterable[Any]) -> int:
    total = 0
    for one in tensors:
        with suppress(ValueError, RuntimeError):  # a parameter of a lazy module has no shape yet
            total += one.numel() * one.element_size()
    return total


def _find_tensors(value: Any) -> Iterator[Any]:
    torch: Any = sys.modules["torch"]
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, dict | list | tuple):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _find_tensors(inner)

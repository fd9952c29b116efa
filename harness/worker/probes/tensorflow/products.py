"""What an operation of a TensorFlow graph multiplies, from the sizes in its graph."""

from __future__ import annotations

import re
from math import prod
from typing import Any

from harness.worker.probes.counted import Sizes

_PRODUCT = re.compile(r"_?(?:Mkl|Fused|Xla)*(?:MatMul|BatchMatMul(?:V2|V3)?|Einsum)\w*")
_FIRST, _SECOND = ("transpose_a", "adj_x"), ("transpose_b", "adj_y")
"""The attributes of operations that say that an operand is transposed."""


def is_product(type_: str) -> bool:
    """Whether operations of this type multiply matrices, whatever TensorFlow has put in their place."""
    return _PRODUCT.fullmatch(type_) is not None


def read_product(operation: Any | None) -> tuple[Sizes, int]:
    """Return what an operation multiplies, and its floating-point operations: two for each multiplication, eight for
    complex numbers. 0 if that is not known."""
    if operation is None or len(operation.inputs) < 2:
        return ((), ()), 0
    left, right = (one.shape for one in operation.inputs[:2])
    if not (left.is_fully_defined() and right.is_fully_defined()):
        return ((), ()), 0
    sizes: Sizes = tuple(left.as_list()), tuple(right.as_list())
    each = 8 if operation.inputs[0].dtype.is_complex else 2
    return sizes, each * _count(operation, sizes)


def _count(operation: Any, sizes: Sizes) -> int:
    """Return the multiplications of one run."""
    left, right = sizes
    attributes = operation.node_def.attr
    if "equation" in attributes:
        return _count_einsum(attributes["equation"].s.decode(), sizes)
    summed = left[-2] if any(attributes[name].b for name in _FIRST if name in attributes) else left[-1]
    columns = right[-2] if any(attributes[name].b for name in _SECOND if name in attributes) else right[-1]
    rows = left[-2] * left[-1] // max(summed, 1)
    many = max(prod(left[:-2]), prod(right[:-2]))
    return many * rows * summed * columns


def _count_einsum(equation: str, sizes: Sizes) -> int:
    """Return the multiplications of a product of two arrays: one for each combination of all indices."""
    inputs, _, _ = equation.partition("->")
    found: dict[str, int] = {}
    for names, own in zip(inputs.split(","), sizes, strict=True):
        before, dots, after = names.partition("...")
        inner = own[len(before) : len(own) - len(after)] if dots else ()
        keys = [*before, *(f"...{len(inner) - place}" for place in range(len(inner))), *after]
        for key, size in zip(keys, own, strict=True):
            found[key] = max(found.get(key, 1), size)
    return prod(found.values())

"""What an operation of a TensorFlow graph multiplies, from the sizes in its graph."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

from harness.worker.probes.counted import Sizes

_PRODUCT = re.compile(r"MatMul|Einsum")
"""What the type of every operation or kernel contains that multiplies matrices, whatever else TensorFlow has put there.
"""
_READABLE = re.compile(r"_?(?:Mkl|Native|Xla|Fused)*(?:MatMul|BatchMatMul(?:V2|V3)?|Einsum)|SparseMatMul")
"""The types whose operands, attributes and sizes are known to be those of a product of two dense arrays."""
NO_SIZES: Sizes = ((), ())
_FIRST, _SECOND = ("transpose_a", "adj_x"), ("transpose_b", "adj_y")
"""The attributes of operations that say that an operand is transposed."""


def is_product(type_: str) -> bool:
    """Whether operations of this type multiply matrices, whatever TensorFlow has put in their place."""
    return _PRODUCT.search(type_) is not None


def is_readable(type_: str) -> bool:
    """Whether `read_product` can tell what operations of this type multiply."""
    return _READABLE.fullmatch(type_) is not None


def read_product(operation: Any | None) -> tuple[Sizes, int | None]:
    """Return what an operation multiplies, and its floating-point operations: two for each multiplication, eight for
    complex numbers; 0 if it has only one operand, and multiplies nothing. None if that is not known."""
    if operation is None or not is_readable(operation.type):
        return NO_SIZES, None
    if len(operation.inputs) < 2:
        return NO_SIZES, 0
    left, right = (one.shape for one in operation.inputs[:2])
    if not (left.is_fully_defined() and right.is_fully_defined()):
        return NO_SIZES, None
    sizes: Sizes = tuple(left.as_list()), tuple(right.as_list())
    found = operation.node_def.attr
    attributes = {name: found[name].b for name in (*_FIRST, *_SECOND) if name in found}
    if "equation" in found:
        attributes["equation"] = found["equation"].s.decode()
    return sizes, _count(sizes, attributes, operation.inputs[0].dtype)


def read_eager_product(type_: str, given: Sequence[Any], out: Any) -> tuple[Sizes, int | None]:
    """Return the same of an operation that ran outside of every graph, from what it was given, its operands before its
    attributes, and its result."""
    if not is_readable(type_):
        return NO_SIZES, None
    first = next(place for place, one in enumerate(given) if isinstance(one, str))
    operands = [one for some in given[:first] for one in (some if isinstance(some, list | tuple) else [some])]
    if len(operands) < 2:
        return NO_SIZES, 0
    left, right = (tuple(map(int, one.shape)) for one in operands[:2])
    attributes = dict(zip(given[first::2], given[first + 1 :: 2], strict=True))
    return (left, right), _count((left, right), attributes, (out[0] if isinstance(out, list | tuple) else out).dtype)


def _count(sizes: Sizes, attributes: Mapping[str, Any], dtype: Any) -> int:
    """Return the floating-point operations of one run."""
    each = 8 if dtype.is_complex else 2
    if "equation" in attributes:
        equation = attributes["equation"]
        return each * _count_einsum(equation.decode() if isinstance(equation, bytes) else equation, sizes)
    left, right = sizes
    summed = left[-2] if any(attributes.get(name) for name in _FIRST) else left[-1]
    columns = right[-2] if any(attributes.get(name) for name in _SECOND) else right[-1]
    rows = left[-2] * left[-1] // max(summed, 1)
    many = max(prod(left[:-2]), prod(right[:-2]))
    return each * many * rows * summed * columns


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

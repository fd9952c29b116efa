"""Finds the matrix product in a kernel that TensorFlow has fused of several operations.

Such a kernel has the name of its last operation: what runs as `dense/Tanh:_FusedMatMul` is the product `dense/MatMul`,
with the addition and the function that follow it.
"""

from __future__ import annotations

from typing import Any

from harness.worker.probes.tensorflow.products import is_product, is_readable

_FURTHEST = 8
"""Maximum number of operations between a product and the last one of its kernel. An approximate GELU has the most."""


def find_product(operation: Any) -> Any | None:
    """Return the product whose result this operation makes something of, element by element, or itself if it is one.

    That is the nearest one. None if there is none, if what it multiplies cannot be told, or if several that differ are
    equally near.
    """
    level = [operation]
    seen = {id(operation)}
    for _ in range(_FURTHEST):
        found = [one for one in level if is_product(one.type)]
        if found:
            known = is_readable(found[0].type) and len({_describe(one) for one in found}) == 1
            return found[0] if known else None
        before = [value.op for one in level for value in one.inputs if _has_same_shape(value, one)]
        level = [one for one in {id(one): one for one in before}.values() if id(one) not in seen]
        seen.update(map(id, level))
    return None


def _has_same_shape(value: Any, operation: Any) -> bool:
    return any(value.shape.is_compatible_with(result.shape) for result in operation.outputs)


def _describe(product: Any) -> tuple[str, ...]:
    return product.type, *(str(one.shape) for one in product.inputs)

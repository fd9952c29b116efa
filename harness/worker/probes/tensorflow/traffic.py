"""Memory traffic of TensorFlow's operations, from the sizes of their operands and results.

What passes a tensor on without touching its elements moves nothing. An operation that updates variables reads and
writes each of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import prod
from typing import Any

_PASSING = {
    *("Const", "_EagerConst", "Identity", "IdentityN", "Placeholder", "Arg", "_Arg", "_Retval", "StopGradient"),
    *("PreventGradient", "ReadVariableOp", "VarHandleOp", "Reshape", "Squeeze", "ExpandDims", "NoOp"),
    *("Shape", "ShapeN", "Size", "Rank", "BroadcastGradientArgs", "Switch", "Merge", "Enter", "Exit", "NextIteration"),
}
"""Operations whose results are their operands, or tell no more than sizes."""
_CALLING = {
    *("PartitionedCall", "StatefulPartitionedCall", "While", "StatelessWhile", "If", "StatelessIf", "Case"),
    *("StatelessCase", "XlaLaunch", "_XlaRun", "_XlaCompile", "SymbolicGradient"),
}
"""Operations that run others, which move what is moved."""


def of_graph_operation(operation: Any) -> int | None:
    """Return the bytes that one run of an operation of a graph moves. None if a size is known only to the data."""
    return _count(operation.type, operation.inputs, operation.outputs)


def of_eager_operation(type_: str, given: Iterable[Any], out: Any) -> int | None:
    """Return the same of an operation that ran outside of every graph, from what it was given and its results."""
    operands = [one for some in given for one in (some if isinstance(some, list | tuple) else [some])]
    results = out if isinstance(out, list | tuple) else [out]
    return _count(type_, *([one for one in some if hasattr(one, "shape")] for some in (operands, results)))


def _count(type_: str, operands: Iterable[Any], results: Iterable[Any]) -> int | None:
    if type_ in _PASSING or type_ in _CALLING or type_.startswith("__"):
        return 0
    operands = list(operands)
    sizes = [_count_bytes(one) for one in (*operands, *results) if not _is_handle(one)]
    if None in sizes:
        return None
    known = [size for size in sizes if size is not None]
    variables = sum(map(_is_handle, operands))
    return sum(known) + 2 * variables * max(known, default=0)  # an update is as large as its variable


def _is_handle(tensor: Any) -> bool:
    return getattr(getattr(tensor, "dtype", None), "name", "") in ("resource", "variant")


def _count_bytes(tensor: Any) -> int | None:
    shape = tensor.shape
    if not getattr(shape, "is_fully_defined", lambda: True)():
        return None
    width = getattr(tensor.dtype, "size", 0) or getattr(tensor.dtype, "itemsize", 0)
    return int(prod(map(int, shape))) * int(width)

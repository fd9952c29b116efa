"""Memory traffic of PyTorch's operations, from the sizes of their operands and results."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def count_moved(function: Any, given: Iterable[Any], out: Any) -> int | None:
    """Return the bytes that one run of an operation moves. A view of its operand moves nothing. None if a tensor has no
    storage of its own, as sparse ones."""
    returned = function._schema.returns
    if returned and all(one.alias_info is not None and not one.alias_info.is_write for one in returned):
        return 0
    try:
        return sum(_count_bytes(one) for some in (given, (out,)) for one in _flatten(some))
    except NotImplementedError:
        return None


def _flatten(values: Iterable[Any]) -> Iterable[Any]:
    for value in values:
        if isinstance(value, list | tuple):
            yield from _flatten(value)
        elif hasattr(value, "element_size"):
            yield value


def _count_bytes(tensor: Any) -> int:
    """Return the bytes of the elements of a tensor, each once where it repeats them."""
    whole: int = tensor.numel() * tensor.element_size()
    return min(whole, tensor.untyped_storage().nbytes()) if whole else 0

"""Memory traffic of the instructions of a compiled program, from the shapes in its HLO, in TensorFlow and JAX.

Each operand counts as read once, and each result as written once: a fusion keeps what is in between out of memory.
Where an instruction reads only part of an operand, or a cache holds it, less is moved.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import prod
from typing import Any

_WIDTHS = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 2, 8: 4, 9: 8, 10: 2, 11: 4, 12: 8, 15: 8, 16: 2, 18: 16}
"""The bytes of one element by member of xla.PrimitiveType (xla_data.proto), as far as trainings use them."""
_TUPLE, _TOKEN = 13, 17


def count_moved(step: Any, operands: Iterable[Any]) -> int | None:
    """Return the bytes that one run of an instruction moves, given those that it takes its operands from. None if it
    has elements of an unknown type."""
    sizes = [_count_bytes(one.shape) for one in (step, *operands)]
    return None if None in sizes else sum(size for size in sizes if size)


def _count_bytes(shape: Any) -> int | None:
    if shape.element_type == _TUPLE:
        inner = [_count_bytes(one) for one in shape.tuple_shapes]
        return None if None in inner else sum(size for size in inner if size)
    if shape.element_type == _TOKEN:
        return 0
    width = _WIDTHS.get(shape.element_type)
    return None if width is None else width * prod(shape.dimensions)

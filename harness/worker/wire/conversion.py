"""Converts what trainers and programs give as numbers to what can be sent."""

from __future__ import annotations

from typing import Any


def to_float(value: Any) -> float:
    """Return a number, or an array or tensor with one element, as a float. Raises TypeError or ValueError for others.

    From version 2.4 on, NumPy's `float` accepts an array of one element only if it has no dimensions; `item` any.
    """
    item = getattr(value, "item", None)
    return float(item() if callable(item) else value)

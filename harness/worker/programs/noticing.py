"""Notices losses in the variables of a loop whose program does not report them."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from contextlib import suppress
from math import prod
from types import FrameType
from typing import Any

from harness.worker.wire.conversion import to_float


class Noticed:
    """Reads variables after each pass of a loop. One that still holds the same object has no new loss."""

    def __init__(self, names: Sequence[str], defer: Callable[[Any], Any] = lambda _: None) -> None:
        self._names, self._defer = names, defer
        self._before: dict[str, Any] = {}
        """The values after the pass before, as weak references if possible: a tensor may keep a graph alive."""

    def read(self, frame: FrameType) -> dict[str, Any]:
        """Return the new numbers among the variables, by name. One that may still be computed is not read here."""
        if not self._names:
            return {}
        variables = frame.f_locals
        found: dict[str, Any] = {}
        for name in self._names:
            value = variables.get(name)
            before = self._before.get(name)
            if value is None or before is value or (type(before) is weakref.ref and before() is value):
                continue
            if type(value) is float:  # the usual case must be quick, because it counts towards the epoch's time
                self._before[name] = found[name] = value
                continue
            self._before[name] = _refer_to(value)
            number = convert(value, self._defer)
            if number is not None:
                found[name] = number
        return found


def _refer_to(value: Any) -> Any:
    try:
        return weakref.ref(value)
    except TypeError:
        return value


def convert(value: Any, defer: Callable[[Any], Any] = lambda _: None) -> Any:
    """Return a number, or a tensor with one element, as a float, or what to read later if it may still be computed (see
    `Watcher.defer`); None for anything else."""
    if isinstance(value, (bool, str)):
        return None
    if (lazy := defer(value)) is not None:
        return lazy if prod(lazy.shape) == 1 else None
    with suppress(Exception):  # a symbolic tensor, or an array with many elements
        return to_float(value)
    return None

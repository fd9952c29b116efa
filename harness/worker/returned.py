"""Checks what the methods of a trainer return: mappings of names to numbers."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any

from harness.interface import Trainer
from harness.worker.wire.conversion import to_float
from harness.worker.wire.messages import EPOCH
from harness.worker.wire.reasons import Misbehaved


def numbers(returned: Any, what: str) -> dict[str, float]:
    """Return a mapping of names to numbers with Python floats as its values. Raises Misbehaved for anything else.

    `what` describes one of the numbers in the error message.
    """
    if type(returned) is dict:  # the usual case must be quick, because it counts towards the epoch's time
        for name, value in returned.items():
            if type(value) is not float or type(name) is not str:
                break
        else:
            return returned.copy()
    if not isinstance(returned, Mapping):
        raise Misbehaved(f"it returned {a(returned)}, not a mapping of names to numbers")
    try:
        return {str(name): to_float(value) for name, value in returned.items()}
    except (TypeError, ValueError):
        name, value = next((n, v) for n, v in returned.items() if not _is_number(v))
        raise Misbehaved(f"its {what} {name!r} was {a(value)}, not a number") from None


def finite(numbers: Mapping[str, float]) -> dict[str, float | None]:
    """Replace numbers that are not finite by None, because JSON cannot represent them."""
    return {name: value if isfinite(value) else None for name, value in numbers.items()}


def kind(trainer: Trainer, index: int) -> str:
    own = getattr(trainer, "kind", None)
    return str(own(index)) if callable(own) else EPOCH


def sizes(trainer: Trainer) -> dict[str, float]:
    """Return the trainer's `state()`, or an empty dictionary if it has no such method.

    Raises Misbehaved if the result is not a mapping of names to finite numbers.
    """
    state = getattr(trainer, "state", None)
    if not callable(state):
        return {}
    returned = state()
    if not isinstance(returned, Mapping):
        raise Misbehaved(f"its state() was {a(returned)}, not a mapping of names to numbers")
    found = numbers(returned, "size")
    for name, value in found.items():
        if not isfinite(value):
            raise Misbehaved(f"its size {name!r} was {value}, which is not finite")
    return found


def a(value: Any) -> str:
    """Return the name of a value's type with its article, for an error message."""
    if value is None:
        return "None"
    name = type(value).__name__
    return f"an {name}" if name[0] in "AEIOUaeiou" else f"a {name}"


def _is_number(value: Any) -> bool:
    try:
        to_float(value)
    except (TypeError, ValueError):
        return False
    return True

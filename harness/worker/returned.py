"""What a trainer's methods return, checked: numbers by name."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any

from harness.interface import Trainer
from harness.worker.wire.messages import EPOCH


class Misbehaved(Exception):
    """The variant did something that no exception of its own reports."""


def numbers(returned: Any, what: str) -> dict[str, float]:
    """A mapping of names to numbers, as Python floats; `what` is what each of them is. Raises Misbehaved."""
    if type(returned) is dict and all(type(n) is str and type(v) is float for n, v in returned.items()):
        return returned.copy()  # as it should be: this is counted with the epoch
    if not isinstance(returned, Mapping):
        raise Misbehaved(f"it returned {a(returned)}, not a mapping of names to numbers")
    try:
        return {str(name): float(value) for name, value in returned.items()}
    except (TypeError, ValueError):
        name, value = next((n, v) for n, v in returned.items() if not _is_number(v))
        raise Misbehaved(f"its {what} {name!r} was {a(value)}, not a number") from None


def finite(numbers: Mapping[str, float]) -> dict[str, float | None]:
    """None for a number that is not finite: JSON has no other word for it."""
    return {name: value if isfinite(value) else None for name, value in numbers.items()}


def kind(trainer: Trainer, index: int) -> str:
    own = getattr(trainer, "kind", None)
    return str(own(index)) if callable(own) else EPOCH


def sizes(trainer: Trainer) -> dict[str, float]:
    """The trainer's `state()`; empty if it offers none. Raises Misbehaved where that is not finite numbers by name."""
    state = getattr(trainer, "state", None)
    if not callable(state):
        return {}
    returned = state()
    if not isinstance(returned, Mapping):
        raise Misbehaved(f"its state() was {a(returned)}, not a mapping of names to numbers")
    found = numbers(returned, "size")
    for name, value in found.items():
        if not isfinite(value):
            raise Misbehaved(f"its size {name!r} was {value}")
    return found


def a(value: Any) -> str:
    """What sort of thing a value is, with its article."""
    return "None" if value is None else f"a {type(value).__name__}"


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True

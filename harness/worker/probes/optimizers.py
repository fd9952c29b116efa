"""The optimizers that exist, what they keep for parameters, and the lines that made them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import wraps
from itertools import count
from types import FrameType, ModuleType
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from harness.worker.imports.hooks import when_imported
from harness.worker.probes.places import Line, find_stack, name_line
from harness.worker.wire.evidence import OptimizerUse


class Kept(NamedTuple):
    """What an optimizer keeps, such as moments of gradients."""

    optimizer: Any
    parameters: Mapping[Any, int]
    """The bytes of the parameters that it keeps something for. The keys identify them."""
    slots: int
    """The bytes that it keeps for them."""


class _Made(NamedTuple):
    number: int
    line: Line | None


_NUMBERS = count(1)
_MADE: WeakKeyDictionary[Any, _Made] = WeakKeyDictionary()


def watch(module: str, name: str) -> None:
    """Note from now on which line makes an optimizer of the class `name` of a module, or of a class below it. Call this
    before the module is imported."""
    when_imported(module, lambda found: _watch_class(found, name))


def _watch_class(module: ModuleType, name: str) -> None:
    owner: Any = getattr(module, name, None)
    if owner is None:  # it is no longer there in this version
        return
    original: Callable[..., None] = owner.__init__

    @wraps(original)
    def make(optimizer: Any, *args: Any, **options: Any) -> None:
        with suppress(TypeError):  # it allows no weak reference
            stack = find_stack(_leave_init(sys._getframe(1), optimizer))
            _MADE[optimizer] = _Made(next(_NUMBERS), stack[0] if stack else None)
        original(optimizer, *args, **options)

    owner.__init__ = make


def _leave_init(frame: FrameType | None, optimizer: Any) -> FrameType | None:
    """Return the frame that makes an optimizer, from one within: the class may be the user's own, too."""
    while frame and frame.f_code.co_name == "__init__":
        first = frame.f_code.co_varnames[:1]
        if not first or frame.f_locals.get(first[0]) is not optimizer:
            break
        frame = frame.f_back
    return frame


def describe(found: Iterable[Kept]) -> list[OptimizerUse]:
    """Return these optimizers by class, those that keep the most first."""
    by_class: dict[type, list[Kept]] = {}
    for one in found:
        if one.slots and one.parameters:
            by_class.setdefault(type(one.optimizer), []).append(one)
    return sorted((_describe_class(own) for own in by_class.values()), key=lambda use: -use.slots)


def _describe_class(own: list[Kept]) -> OptimizerUse:
    own = sorted(own, key=lambda one: _find_made(one).number)
    seen: dict[Any, int] = {}
    spare, number, latest = 0, 1, None
    for one in own:
        shared = sum(size for key, size in one.parameters.items() if key in seen)
        if shared:
            spare += one.slots * shared // sum(one.parameters.values())
            number += 1
            latest = _find_made(one).line
        seen.update(one.parameters)
    name = type(own[0].optimizer).__name__
    return OptimizerUse(
        name, number, sum(seen.values()), sum(one.slots for one in own), spare, *name_line(latest if spare else None)
    )


def _find_made(one: Kept) -> _Made:
    return _MADE.get(one.optimizer, _Made(0, None))

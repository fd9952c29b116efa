"""What ran outside of every `tf.function` in an epoch, step by step."""

from __future__ import annotations

from bisect import bisect
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from harness.worker.probes.counted import Place
from harness.worker.probes.places import Stack


class Step(NamedTuple):
    """One run of an operation, or of a function that was called without `tf.function`: the gradient of one, or a
    concrete function."""

    began: float
    ended: float
    type: str
    place: Place
    """With the sizes of what it multiplies."""
    flops: int | None
    """None if they are not known."""
    moved: int | None = None
    """The bytes of its operands and results. None if they are not known."""
    functions: tuple[Any, ...] = ()
    """The function that ran, if it is known, and those that it is the gradient of."""

    @property
    def is_function(self) -> bool:
        return self.type.startswith("__")

    def stack(self, name: str) -> Stack:
        """Return the stack of an operation. It stands in the place of a graph's `Stacks`, where names tell more."""
        return self.place.stack

    def find_moved(self, name: str) -> int | None:
        return self.moved


@dataclass
class Steps:
    """What ran in one epoch."""

    all: list[Step] = field(default_factory=list)
    aside: list[tuple[float, float]] = field(default_factory=list)
    """When harness noted them, by the clock, which takes time that training does not."""
    trouble: str | None = None
    """Why they are known not to be all, or None."""
    _starts: list[float] = field(default_factory=list)

    def at(self, time: float) -> Step | None:
        """Return the one that ran at this time."""
        place = bisect(self._starts, time) - 1
        found = self.all[place] if place >= 0 else None
        return found if found and time <= found.ended else None

    def seconds_aside(self) -> float:
        return sum(end - begin for begin, end in self.aside)

    def close(self) -> None:
        """Note that no more will follow."""
        self.all.sort(key=lambda step: step.began)
        self._starts = [step.began for step in self.all]

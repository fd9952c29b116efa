"""What was counted of epochs, by the part of the step and the line of the user's code that it belongs to."""

from __future__ import annotations

import linecache
from collections import Counter
from collections.abc import Mapping
from itertools import count
from typing import NamedTuple

from harness.worker.probes.places import Line, Stack, shorten_path
from harness.worker.wire.evidence import Caller, LineUse, Variables
from harness.worker.wire.messages import Counted

MOSTLY = 0.95
"""The share of a line's arithmetic from which on one way that leads to it is followed further out."""


class Place(NamedTuple):
    """Where an operation belongs."""

    part: str
    stack: Stack


def make_counted(
    by_kind: Mapping[str, Counter[Place]],
    unavailable: str | None,
    rate: float | None,
    variables: Variables | None = None,
) -> Counted:
    """Return the operations of each kind of epoch, given by place. `rate` is that of large products."""
    parts = {kind: _sum_parts(own) for kind, own in by_kind.items()}
    sums = {kind: sum(own.values()) for kind, own in parts.items()}
    lines = {kind: _describe_lines(own) for kind, own in by_kind.items()}
    return Counted(sums, unavailable, rate, parts, variables, lines)


def _sum_parts(own: Counter[Place]) -> dict[str, float]:
    found: dict[str, float] = {}
    for place, flops in own.items():
        found[place.part] = found.get(place.part, 0.0) + flops
    return found


def _describe_lines(own: Counter[Place]) -> list[LineUse]:
    """Return what lines do, the most first, each with the lines that lead to it. What has no known line is one, too."""
    by_line: dict[Line | None, Counter[Stack]] = {}
    for place, flops in own.items():
        if flops:
            by_line.setdefault(place.stack[0] if place.stack else None, Counter())[place.stack] += flops
    found = [LineUse(*_name(line), float(stacks.total()), _find_callers(stacks)) for line, stacks in by_line.items()]
    return sorted(found, key=lambda use: -use.flops)


def _find_callers(stacks: Counter[Stack]) -> list[Caller]:
    """Return the lines in which the stacks of one line first differ much, from inside out. If they do not, return the
    first line on their way that is in another file, if there is one."""
    main: Line | None
    for level in count(1):
        callers = Counter[Line | None]()
        for stack, flops in stacks.items():
            callers[stack[level] if level < len(stack) else None] += flops
        ((main, most),) = callers.most_common(1)
        if most < MOSTLY * stacks.total():
            return [Caller(*_name(line), float(flops)) for line, flops in callers.most_common()]
        if main is None:
            break
        stacks = Counter({stack: flops for stack, flops in stacks.items() if stack[level : level + 1] == (main,)})
    ((way, _),) = stacks.most_common(1)
    other = next((line for line in way if line.path != way[0].path), None)
    return [Caller(*_name(other), float(stacks.total()))] if other else []


def _name(line: Line | None) -> tuple[str, str]:
    """Return place and text of a line."""
    if line is None:
        return "", ""
    return f"{shorten_path(line.path)}:{line.number}", linecache.getline(*line).strip()

"""What was counted of epochs, by the part of the step and the line of the user's code that it belongs to."""

from __future__ import annotations

import linecache
from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from harness.worker.probes.places import Line, shorten_path
from harness.worker.wire.evidence import LineUse, Variables
from harness.worker.wire.messages import Counted


class Place(NamedTuple):
    """Where an operation belongs."""

    part: str
    line: Line


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
    """Return what lines do, the most first, with their text. What belongs to no known line has none."""
    together = Counter[Line]()
    for place, flops in own.items():
        together[place.line] += flops
    return [
        LineUse(f"{shorten_path(line.path)}:{line.number}", linecache.getline(*line).strip(), float(flops))
        if line.path
        else LineUse("", "", float(flops))
        for line, flops in together.most_common()
        if flops
    ]

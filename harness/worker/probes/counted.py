"""What was counted and timed in epochs, by the part of the step and the line of the user's code that it belongs to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import NamedTuple

from harness.worker.probes.places import Line, Stack, name_line
from harness.worker.probes.rates import Rates
from harness.worker.probes.spent import Spent, Traffic
from harness.worker.wire.evidence import OTHERS, Caller, LineUse, Product, Timed, Variables
from harness.worker.wire.messages import Counted

MOSTLY = 0.95
"""The share of what a line does from which on one way that leads to it is followed further out."""
MOST_LINES = 60
"""Maximum number of lines of a kind of epoch; the others come together."""
MOST_PRODUCTS = 3
"""Maximum number of sizes of matrix products of a line."""

Sizes = tuple[tuple[int, ...], tuple[int, ...]]
"""The dimensions of the two operands of a matrix product, as they are written."""


class Place(NamedTuple):
    """Where an operation belongs, and what it multiplies."""

    part: str
    stack: Stack
    sizes: Sizes = ((), ())


def make_counted(
    by_kind: Mapping[str, Counter[Place]],
    unavailable: str | None,
    rates: Rates | None,
    variables: Variables | None = None,
    spent: Mapping[str, Spent] | None = None,
    untimed: str | None = None,
) -> Counted:
    """Return the operations of each kind of epoch, given by place, and their times as far as they are known."""
    times = spent or {}
    parts = {kind: _sum_parts(own) for kind, own in by_kind.items()}
    sums = {kind: sum(own.values()) for kind, own in parts.items()}
    lines = {
        kind: _describe_lines(by_kind.get(kind, Counter()), times.get(kind)) for kind in dict.fromkeys([*parts, *times])
    }
    timed = {kind: Timed(own.wall, own.busy) for kind, own in times.items()}
    rates = rates or Rates()
    return Counted(
        sums,
        unavailable,
        rates.flops_per_second,
        parts,
        variables,
        lines,
        timed,
        untimed,
        memory_bytes_per_second=rates.bytes_per_second,
    )


def _sum_parts(own: Counter[Place]) -> dict[str, float]:
    found: dict[str, float] = {}
    for place, flops in own.items():
        found[place.part] = found.get(place.part, 0.0) + flops
    return found


@dataclass
class _Amount:
    """What is done on one way."""

    flops: int = 0
    seconds: float = 0.0
    sizes: Counter[Sizes] = field(default_factory=Counter)
    traffic: Traffic = field(default_factory=Traffic)

    @classmethod
    def sum(cls, amounts: Iterable[_Amount]) -> _Amount:
        whole = cls()
        for one in amounts:
            whole.flops += one.flops
            whole.seconds += one.seconds
            whole.sizes += one.sizes
            whole.traffic.add(one.traffic.runs, one.traffic.moved, one.traffic.unsized)
        return whole

    @property
    def moved(self) -> float | None:
        """The bytes that are read and written, if they are known of nearly everything that takes time."""
        known = self.traffic.runs and self.traffic.unsized <= (1 - MOSTLY) * self.seconds
        return self.traffic.moved if known else None

    def products(self) -> list[Product]:
        return [Product(*sizes, float(flops)) for sizes, flops in self.sizes.most_common(MOST_PRODUCTS) if sizes[0]]


_Ways = dict[Stack, _Amount]


def _describe_lines(counted: Counter[Place], spent: Spent | None) -> list[LineUse]:
    """Return what lines do, the most first, each with the lines that lead to it. What has no known line is one, too."""
    by_line: dict[Line | None, _Ways] = {}

    def find(stack: Stack) -> _Amount:
        return by_line.setdefault(stack[0] if stack else None, {}).setdefault(stack, _Amount())

    for place, flops in counted.items():
        if flops:
            amount = find(place.stack)
            amount.flops += flops
            amount.sizes[place.sizes] += flops
    for stack, seconds in spent.by_stack.items() if spent else ():
        amount = find(stack)
        amount.seconds += seconds
        amount.traffic = spent.traffic.get(stack, amount.traffic) if spent else amount.traffic
    found = [_describe_line(line, ways, spent is not None) for line, ways in by_line.items()]
    whole = sum(use.flops for use in found) or 1.0
    busy = sum(use.seconds or 0.0 for use in found) or 1.0
    found.sort(key=lambda use: -max(use.flops / whole, (use.seconds or 0.0) / busy))
    return _join_rest(found)


def _describe_line(line: Line | None, ways: _Ways, timed: bool) -> LineUse:
    whole = _Amount.sum(ways.values())
    callers = [
        Caller(*name_line(caller), float(own.flops), own.seconds if timed else None, own.products())
        for caller, own in _find_callers(ways, whole)
    ]
    return LineUse(
        *name_line(line),
        float(whole.flops),
        callers,
        whole.seconds if timed else None,
        whole.products(),
        whole.moved,
        whole.traffic.runs if timed else None,
    )


def _join_rest(found: Sequence[LineUse]) -> list[LineUse]:
    rest = found[MOST_LINES:]
    if not rest:
        return list(found)
    seconds = None if rest[0].seconds is None else sum(use.seconds or 0.0 for use in rest)
    return [*found[:MOST_LINES], LineUse(OTHERS, "", sum(use.flops for use in rest), [], seconds)]


def _find_callers(ways: _Ways, whole: _Amount) -> list[tuple[Line | None, _Amount]]:
    """Return the lines in which the ways to one line first differ much, from inside out. If they do not, return the
    first line on their way that is in another file, or else the next one, if there is one."""

    def weigh(amount: _Amount) -> float:
        return float(amount.flops) if whole.flops else amount.seconds

    main: Line | None
    for level in count(1):
        callers: dict[Line | None, list[_Amount]] = {}
        for stack, amount in ways.items():
            callers.setdefault(stack[level] if level < len(stack) else None, []).append(amount)
        sums = sorted(
            ((line, _Amount.sum(own)) for line, own in callers.items()), key=lambda one: weigh(one[1]), reverse=True
        )
        main, most = sums[0]
        if weigh(most) < MOSTLY * weigh(_Amount.sum(ways.values())):
            return sums
        if main is None:
            break
        ways = {stack: own for stack, own in ways.items() if stack[level : level + 1] == (main,)}
    way = max(ways, key=lambda stack: weigh(ways[stack]))
    other = next((line for line in way if line.path != way[0].path), way[1] if len(way) > 1 else None)
    return [(other, _Amount.sum(ways.values()))] if other else []

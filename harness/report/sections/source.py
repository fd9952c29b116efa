"""The program's source with what each of its lines does: the shares of an epoch's time and arithmetic."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from harness.report.sections.lines import LEAST, Shares
from harness.report.sections.places import UNKNOWN, make_namer
from harness.report.summary import ArmSummary, Summary
from harness.report.wording.words import many
from harness.worker.wire.evidence import Between, Caller, LineUse

AROUND = 3
"""Lines that are shown before and after each line with work."""
LONGEST = 200
"""Maximum number of characters that are shown of a line."""
TAB = 4
"""Columns of a tab."""
MOST_DIGITS = 9
"""Maximum number of digits of a line's number."""


@dataclass(frozen=True)
class Amount:
    """Shares of an epoch. 0 also stands for what is not known: see `SourceView`."""

    operations: float = 0.0
    """Share of its time in which operations ran."""
    between: float = 0.0
    """Share of its time between operations."""
    arithmetic: float = 0.0

    @property
    def time(self) -> float:
        return self.operations + self.between

    @property
    def most(self) -> float:
        return max(self.time, self.arithmetic)

    def __add__(self, other: Amount) -> Amount:
        return Amount(
            self.operations + other.operations, self.between + other.between, self.arithmetic + other.arithmetic
        )


@dataclass(frozen=True)
class Way:
    """A line that leads to another, with what that one does on this way."""

    where: str
    text: str
    amount: Amount


@dataclass(frozen=True)
class SourceLine:
    number: int
    text: str
    amount: Amount
    ways: list[Way]
    """Where it is called from, the most first. Empty if it does little."""

    @property
    def indent(self) -> int:
        """The number of columns by which it is indented."""
        return len(self.text) - len(self.text.lstrip())

    @property
    def is_empty(self) -> bool:
        return not self.text.strip() and not self.amount.most


@dataclass(frozen=True)
class SourceFile:
    name: str
    runs: list[list[SourceLine]]
    """Lines that follow each other; those between two runs are left out."""

    @property
    def amount(self) -> Amount:
        """What the lines do that are shown."""
        return _sum(line.amount for run in self.runs for line in run)


@dataclass(frozen=True)
class SourceView:
    """The source of one arm, with what one of its kinds of epoch does."""

    arm: str
    kind: str
    """Empty where all epochs are of one kind."""
    timed: bool
    """Whether times are known."""
    counted: bool
    """Whether arithmetic is known."""
    files: list[SourceFile]
    """The most first."""
    rest: list[tuple[str, Amount]]
    """What belongs to none of these lines."""

    @property
    def whole(self) -> Amount:
        return _sum([*(file.amount for file in self.files), *(amount for _, amount in self.rest)])


def sources(summary: Summary) -> Iterator[list[SourceView]]:
    """The views of each arm that has any, that of its commonest kind of epoch first."""
    for arm in summary.arms:
        kinds = sorted(arm.lines, key=lambda kind: kind != arm.commonest)
        if views := [view for kind in kinds if (view := _make_view(arm, kind))]:
            yield views


@dataclass
class _Known:
    """What is known of a line."""

    text: str
    amount: Amount = Amount()
    ways: list[Way] = field(default_factory=list)


_Place = tuple[str, int]
"""A file, and the number of a line."""


@dataclass
class _Placed:
    """What an epoch does, by line, and what belongs to no line."""

    lines: dict[_Place, _Known] = field(default_factory=dict)
    others: Amount = Amount()
    """The lines that are not listed one by one."""
    unknown: Amount = Amount()

    def add(self, one: LineUse | Between, amount: Amount) -> _Known | None:
        place = _find_place(one.where)
        if place:
            known = self.lines.setdefault(place, _Known(one.text))
            known.amount += amount
            return known
        if one.where:
            self.others += amount
        else:
            self.unknown += amount
        return None


def _make_view(arm: ArmSummary, kind: str) -> SourceView | None:
    """The source of one kind of epoch; None if no line is known that does much."""
    uses, shares = arm.lines[kind], Shares(arm, kind)
    outside = _scale(arm.between.get(kind, []), shares)
    places = [use.where for use in uses] + [way.where for use in uses for way in use.callers]
    name = make_namer(places + [one.where for one, _ in outside])
    work = _Placed()
    for use in uses:
        if known := work.add(use, _measure(use, shares)):
            known.ways += [Way(name(way.where), _cut(way.text), _measure(way, shares)) for way in use.callers]
    for one, amount in outside:
        work.add(one, amount)
    shown = _choose(work.lines, arm.sources)
    if not shown:
        return None
    files = [
        SourceFile(name(f"{path}:0").rpartition(":")[0], _make_runs(path, numbers, work.lines, arm.sources))
        for path, numbers in shown.items()
    ]
    return SourceView(
        arm=arm.name,
        kind=kind if len(arm.lines) > 1 else "",
        timed=shares.between is not None,
        counted=any(use.flops for use in uses),
        files=sorted(files, key=lambda file: -file.amount.most),
        rest=list(_list_rest(work, shown, shares.between or 0.0)),
    )


def _list_rest(work: _Placed, shown: Mapping[str, Sequence[int]], between: float) -> Iterator[tuple[str, Amount]]:
    """What is in none of the lines that are shown. `between` is the share of time between operations."""
    left = [known.amount for (path, number), known in work.lines.items() if number not in shown.get(path, ())]
    others = _sum([work.others, *left])
    known = work.others.between + sum(line.amount.between for line in work.lines.values())
    rest = {
        many(len(left), "other line") if left else "other lines": others,
        UNKNOWN: replace(work.unknown, between=0.0),
        "(between operations, in no known line)": Amount(between=max(between - known, 0.0)),
    }
    yield from ((label, amount) for label, amount in rest.items() if amount.most)


def _scale(outside: Sequence[Between], shares: Shares) -> list[tuple[Between, Amount]]:
    """Return lines between operations with their shares.

    They are samples of one epoch, while the time between operations may be that of several. Where the samples add up to
    more, they are scaled to it.
    """
    own = [(one, shares.time(one) or 0.0) for one in outside]
    whole = sum(share for _, share in own)
    factor = min(1.0, (shares.between or 0.0) / whole) if whole else 1.0
    return [(one, Amount(between=share * factor)) for one, share in own]


def _measure(use: LineUse | Caller, shares: Shares) -> Amount:
    return Amount(shares.time(use) or 0.0, 0.0, shares.arithmetic(use) or 0.0)


def _find_place(where: str) -> _Place | None:
    """Return the file and number of a line. None for what is no line, such as all others together."""
    path, _, number = where.rpartition(":")
    return (path, int(number)) if path and number.isdecimal() and len(number) <= MOST_DIGITS else None


def _choose(lines: Mapping[_Place, _Known], sources: Mapping[str, Mapping[int, str]]) -> dict[str, list[int]]:
    """Return the numbers of the lines to show, by file: those that do much, and the known ones around them."""
    chosen: dict[str, set[int]] = {}
    for (path, number), known in lines.items():
        if known.amount.most >= LEAST:
            near = range(number - AROUND, number + AROUND + 1)
            chosen.setdefault(path, set()).update({number}, sources.get(path, {}).keys() & set(near))
    return {path: sorted(numbers) for path, numbers in chosen.items()}


def _make_runs(
    path: str, numbers: Sequence[int], lines: Mapping[_Place, _Known], sources: Mapping[str, Mapping[int, str]]
) -> list[list[SourceLine]]:
    texts = sources.get(path, {})
    runs: list[list[SourceLine]] = []
    for number in numbers:
        known = lines.get((path, number)) or _Known("")
        if not runs or runs[-1][-1].number != number - 1:
            runs.append([])
        ways = known.ways if known.amount.most >= LEAST else []
        runs[-1].append(SourceLine(number, _cut(texts.get(number, known.text)), known.amount, ways))
    return [kept for run in runs if (kept := _strip(run))]


def _strip(run: list[SourceLine]) -> list[SourceLine]:
    """Return lines without empty ones at both ends."""
    kept = [place for place, line in enumerate(run) if not line.is_empty]
    return run[kept[0] : kept[-1] + 1] if kept else []


def _cut(text: str) -> str:
    text = text.expandtabs(TAB)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


def _sum(amounts: Iterable[Amount]) -> Amount:
    return sum(amounts, Amount())

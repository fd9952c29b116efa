"""Which lines of two versions of a program are the same: by their content, since an edit moves their numbers."""

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import TypeVar

from harness.worker.wire.evidence import Caller, LineUse

ALIKE = 0.6
"""How much of two lines must be equal for one to be an edit of the other."""

_Use = TypeVar("_Use", LineUse, Caller)


def match(mine: Sequence[_Use], theirs: Sequence[_Use]) -> Iterator[tuple[_Use | None, _Use | None]]:
    """Yield pairs of what is the same in both; None for what the other does not have."""
    here, there = sorted(mine, key=_get_number), sorted(theirs, key=_get_number)
    for same in (_is_same_line, _has_same_text, _is_alike):
        for one in list(here):
            other = next((other for other in there if same(one, other)), None)
            if other is not None:
                here.remove(one)
                there.remove(other)
                yield one, other
    yield from ((one, None) for one in here)
    yield from ((None, other) for other in there)


def _is_same_line(one: LineUse | Caller, other: LineUse | Caller) -> bool:
    return _has_same_text(one, other) and get_file(one.where) == get_file(other.where)


def _has_same_text(one: LineUse | Caller, other: LineUse | Caller) -> bool:
    return (one.text or one.where) == (other.text or other.where)


def _is_alike(one: LineUse | Caller, other: LineUse | Caller) -> bool:
    return bool(one.text and other.text) and SequenceMatcher(None, one.text, other.text).ratio() >= ALIKE


def get_file(where: str) -> str:
    """Return the name of the file of a place, `file:line`."""
    return where.rpartition(":")[0].rpartition("/")[2]


def _get_number(use: LineUse | Caller) -> int:
    number = use.where.rpartition(":")[2]
    return int(number) if number.isdecimal() else 0

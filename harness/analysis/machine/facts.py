"""What one fact of a machine means, and reading facts that anyone may have written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from harness.record.lines import Lines


class Level(StrEnum):
    """What a fact of a machine asks for."""

    OK = "ok"
    """Nothing."""
    NOTE = "note"
    """To be known."""
    WARN = "warn"
    """It makes figures worse than they need be."""


OK, NOTE, WARN = Level
UNREADABLE = "not readable"

Facts = Mapping[str, Any]


def measured_on(record: Lines) -> dict[str, Any]:
    """What a run was measured on. Whoever else measured there when it began, or was resumed, disturbed it."""
    began = record.header.machine
    others = [pid for line in record.resumed for pid in pids(line.machine)]
    return began | {"other_runs": [*dict.fromkeys([*pids(began), *others])]} if others else began


@dataclass(frozen=True)
class Finding:
    what: str
    value: float | str
    level: Level
    means: str
    do: str = ""
    """Empty where nothing is to be done."""


def unreadable(facts: Facts, name: str, what: str, means: str) -> Finding | None:
    """For a fact that was looked for in vain; a record without it is of a version that did not look."""
    return Finding(what, UNREADABLE, NOTE, means) if name in facts else None


def number(facts: Facts, name: str) -> float | None:
    """What is no number counts as not read."""
    value = facts.get(name)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def pids(facts: Facts) -> Sequence[int]:
    """The processes of other harness runs."""
    found = facts.get("other_runs")
    return [pid for pid in found if isinstance(pid, int)] if isinstance(found, list) else []


def level(value: float, note: float, warn: float) -> Level:
    return WARN if value >= warn else NOTE if value >= note else OK

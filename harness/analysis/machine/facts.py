"""The meaning of a single fact about a machine, and reading facts from records, which may contain anything."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from harness.record.lines import Lines


class Level(StrEnum):
    """How serious a fact about a machine is."""

    OK = "ok"
    """Nothing to do."""
    NOTE = "note"
    """Worth knowing."""
    WARN = "warn"
    """It makes results worse than they need be."""


OK, NOTE, WARN = Level
UNREADABLE = "not readable"
BUSY, VERY_BUSY = 0.1, 0.25
"""Shares of the cores' time that other processes take now."""

Facts = Mapping[str, Any]


def measured_on(record: Lines) -> dict[str, Any]:
    """Return the facts of the machine that a run was measured on, with any other harness runs that were measuring
    there, and so disturbed it, when it began or was resumed."""
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
    """Empty if there is nothing to do."""


def unreadable(facts: Facts, name: str, what: str, means: str) -> Finding | None:
    """Return the finding that a fact could not be read; None if the record is of a version that did not look for it."""
    return Finding(what, UNREADABLE, NOTE, means) if name in facts else None


def number(facts: Facts, name: str) -> float | None:
    """Return a fact that is a number; None for anything else, which counts as not read."""
    value = facts.get(name)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def pids(facts: Facts) -> Sequence[int]:
    """Return the process ids of other harness runs."""
    found = facts.get("other_runs")
    return [pid for pid in found if isinstance(pid, int)] if isinstance(found, list) else []


def grade(value: float, note: float, warn: float) -> Level:
    return WARN if value >= warn else NOTE if value >= note else OK

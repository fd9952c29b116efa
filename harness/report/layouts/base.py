"""What makes up a report: a function for each part, of which each command has its own."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.record.lines import Lines
from harness.report.summary import Summary
from harness.report.table import Table

if TYPE_CHECKING:
    from harness.report.charts.figure import Figure


def nothing(summary: Summary) -> Iterable[str]:
    return ()


@dataclass(frozen=True, kw_only=True)
class Layout:
    """None in place of a table or a figure is one that there is nothing for."""

    headline: Callable[[Summary], str]
    """The answer in a sentence; empty where there is none."""
    findings: Callable[[Summary], Iterable[str]] = nothing
    """What a reader wants to know first, in order."""
    tables: Callable[[Summary, Lines], Iterable[Table | None]]
    notes: Callable[[Summary], Iterable[str]]
    """What a reader must know beside the tables: failures, what is missing, what disturbed it, how it ended."""
    method: Callable[[Summary], str]
    figures: Callable[[Summary, Lines, Path], "Iterable[Figure | None]"]
    """Given the directory of the record too: what was sampled over time is beside it."""

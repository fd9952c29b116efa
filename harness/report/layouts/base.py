"""The parts of a report, one function each. Each command has its own."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Never

from harness.record.lines import Lines
from harness.report.summary import Summary
from harness.report.table import Table

if TYPE_CHECKING:
    from harness.report.charts.figure import Figure
    from harness.report.sections.source import SourceView


def nothing(summary: Summary) -> Iterable[Never]:
    return ()


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Tables and figures may be None if there is nothing to show."""

    headline: Callable[[Summary], str]
    """The answer in one sentence; empty if there is none."""
    findings: Callable[[Summary], Iterable[str]] = nothing
    """Numbered findings, the most important first."""
    tables: Callable[[Summary, Lines], Iterable[Table | None]]
    sources: Callable[[Summary], "Iterable[list[SourceView]]"] = nothing
    """The program's source with what its lines do, by arm and kind of epoch, for formats that can show it."""
    notes: Callable[[Summary], Iterable[str]]
    """What a reader must know besides the tables: failures, what is missing, disturbances, how the run ended."""
    method: Callable[[Summary], str]
    figures: Callable[[Summary, Lines, Path], "Iterable[Figure | None]"]
    """Also takes the directory of the record, which holds memory samples."""

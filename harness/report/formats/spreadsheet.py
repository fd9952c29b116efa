"""A summary as CSV for a spreadsheet: a row an arm, units in the columns' names, what was not measured left empty."""

import csv
import io
from collections.abc import Iterator

from harness.analysis.metrics.base import Measured
from harness.analysis.stats.ratios import Ratio
from harness.plan.gate_rules import TOTAL_TIME
from harness.report.layouts.contents import Contents
from harness.report.summary import ArmSummary, Summary

Cell = str | int | float | None
FORMULAS = "=+-@"
"""What a spreadsheet takes for the beginning of a formula."""


class Spreadsheet:
    def files(self, contents: Contents) -> Iterator[tuple[str, str]]:
        yield "report.csv", render(contents.summary)


FORMAT = Spreadsheet()


def render(summary: Summary) -> str:
    """All arms in command-line order, each with what the run was."""
    found = rows(summary)
    columns = list(dict.fromkeys(name for row in found for name in row))
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow([_text(column) for column in columns])
    writer.writerows([_cell(row.get(column)) for column in columns] for row in found)
    return stream.getvalue()


def rows(summary: Summary) -> list[dict[str, Cell]]:
    """A row an arm, by the columns' names; all have the same columns, what was not measured is None."""
    run: dict[str, Cell] = {
        "run": summary.run,
        "command": summary.command,
        "case": summary.case,
        "scale": summary.scale,
        "baseline": summary.baseline,
        "blocks": summary.blocks,
        "partial": "yes" if summary.partial else "no",
        "commit": summary.commit,
    }
    found = [_row(arm) for arm in summary.arms]
    columns = dict.fromkeys(name for row in found for name in row)
    return [{name: row.get(name) for name in columns} | run for row in found]


def _row(arm: ArmSummary) -> dict[str, Cell]:
    """Each metric by its public name with its unit; its interval and its ratio where it has these, and by kind."""
    row: dict[str, Cell] = {
        "arm": arm.name,
        "status": arm.status,
        "reason": arm.reason,
        "verdict": arm.verdict,
        "losses": arm.losses,
    }
    for name, found in arm.metrics.items():
        row |= _metric(name, found)
    return row


def _metric(name: str, found: Measured) -> dict[str, Cell]:
    unit = f" ({found.unit})" if found.unit else ""
    cells: dict[str, Cell] = {f"{name}{unit}": found.value}
    if found.low is not None or name == TOTAL_TIME:
        cells |= {f"{name} low{unit}": found.low, f"{name} high{unit}": found.high}
    if found.ratio or name == TOTAL_TIME:
        cells |= _ratio(f"{name} ratio", found.ratio)
    for kind, value in (found.by_kind or {}).items():
        cells[f"{name} {kind}{unit}"] = value
    for kind, ratio in (found.ratio_by_kind or {}).items():
        cells |= _ratio(f"{name} {kind} ratio", ratio)
    return cells


def _ratio(name: str, ratio: Ratio | None) -> dict[str, Cell]:
    if ratio is None:
        return {name: None, f"{name} low": None, f"{name} high": None}
    return {name: ratio.estimate, f"{name} low": ratio.low, f"{name} high": ratio.high}


def _cell(value: Cell) -> str:
    return "" if value is None else _text(value) if isinstance(value, str) else repr(value)


def _text(text: str) -> str:
    """Text in one line, which no spreadsheet takes for a formula: names and error messages are the user's."""
    line = " ".join(text.split())
    return f"'{line}" if line.startswith(tuple(FORMULAS)) else line

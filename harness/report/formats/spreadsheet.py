"""The summary as CSV: one row per arm, units in the column names, empty cells for what was not measured."""

import csv
import io
from collections.abc import Iterator

from harness.analysis.metrics.base import Measured
from harness.analysis.stats.ratios import Ratio
from harness.plan.gate_rules import TOTAL_TIME
from harness.report.layouts.contents import Contents
from harness.report.summary import ArmSummary, Summary

Value = str | int | float | None
FORMULAS = "=+-@"
"""The characters with which a formula begins in a spreadsheet."""


class Spreadsheet:
    def files(self, contents: Contents) -> Iterator[tuple[str, str]]:
        yield "report.csv", render(contents.summary)


FORMAT = Spreadsheet()


def render(summary: Summary) -> str:
    """The CSV text: all arms in command-line order, each with the data of the run."""
    found = rows(summary)
    columns = list(dict.fromkeys(name for row in found for name in row))
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow([_escape(column) for column in columns])
    writer.writerows([_format_cell(row.get(column)) for column in columns] for row in found)
    return stream.getvalue()


def rows(summary: Summary) -> list[dict[str, Value]]:
    """One row per arm, by column name. All rows have the same columns; None is what was not measured."""
    run: dict[str, Value] = {
        "run": summary.run,
        "command": summary.command,
        "case": summary.case,
        "scale": summary.scale,
        "baseline": summary.baseline,
        "blocks": summary.blocks,
        "partial": "yes" if summary.partial else "no",
        "commit": summary.commit,
    }
    found = [_make_row(arm) for arm in summary.arms]
    columns = dict.fromkeys(name for row in found for name in row)
    return [{name: row.get(name) for name in columns} | run for row in found]


def _make_row(arm: ArmSummary) -> dict[str, Value]:
    """Every metric by its public name and unit, with its interval and ratio if it has them, and by kind."""
    row: dict[str, Value] = {
        "arm": arm.name,
        "status": arm.status,
        "reason": arm.reason,
        "verdict": arm.verdict,
        "losses": arm.losses,
    }
    for name, found in arm.metrics.items():
        row |= _make_metric_cells(name, found)
    return row


def _make_metric_cells(name: str, found: Measured) -> dict[str, Value]:
    unit = f" ({found.unit})" if found.unit else ""
    cells: dict[str, Value] = {f"{name}{unit}": found.value}
    if found.low is not None or name == TOTAL_TIME:
        cells |= {f"{name} low{unit}": found.low, f"{name} high{unit}": found.high}
    if found.ratio or name == TOTAL_TIME:
        cells |= _make_ratio_cells(f"{name} ratio", found.ratio)
    for kind, value in (found.by_kind or {}).items():
        cells[f"{name} {kind}{unit}"] = value
    for kind, ratio in (found.ratio_by_kind or {}).items():
        cells |= _make_ratio_cells(f"{name} {kind} ratio", ratio)
    return cells


def _make_ratio_cells(name: str, ratio: Ratio | None) -> dict[str, Value]:
    if ratio is None:
        return {name: None, f"{name} low": None, f"{name} high": None}
    return {name: ratio.estimate, f"{name} low": ratio.low, f"{name} high": ratio.high}


def _format_cell(value: Value) -> str:
    return "" if value is None else _escape(value) if isinstance(value, str) else repr(value)


def _escape(text: str) -> str:
    """Text in one line that no spreadsheet reads as a formula, since names and error messages are the user's."""
    line = " ".join(text.split())
    return f"'{line}" if line.startswith(tuple(FORMULAS)) else line

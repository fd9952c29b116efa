"""A summary as CSV for a spreadsheet: a row an arm, units in the columns' names, what was not measured left empty."""

import csv
import io
from collections.abc import Iterator

from harness.analysis.epochs.projection import Seconds
from harness.analysis.stats.ratios import Ratio
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
    by_kind = arm.epoch_seconds.by_kind if arm.epoch_seconds else {}
    ratios: dict[str, Cell] = {}
    for kind, ratio in (arm.ratio_by_kind or {}).items():
        ratios |= _with_interval(f"{kind} epoch ratio", "", ratio)
    return {
        "arm": arm.name,
        "status": arm.status,
        "reason": arm.reason,
        "verdict": arm.verdict,
        **_with_interval("cost ratio", "", arm.ratio),
        "median epoch (s)": arm.epoch_seconds.median if arm.epoch_seconds else None,
        "first epoch (s)": arm.first_epoch_seconds,
        **_with_interval("projected training", " (s)", arm.projected_seconds),
        "peak memory (bytes)": arm.peak_rss_bytes,
        "peak tensors (bytes)": arm.peak_tensor_bytes,
        "traces": arm.traces,
        "retraces": arm.retraces,
        "compilations": arm.compilations,
        "operations an epoch (FLOP)": arm.flops_per_epoch,
        "losses": arm.losses,
        **{f"median {kind} epoch (s)": seconds for kind, seconds in by_kind.items()},
        **ratios,
        **{f"{metric} at the end": value for metric, value in (arm.quality or {}).items()},
    }


def _with_interval(name: str, unit: str, value: Ratio | Seconds | None) -> dict[str, Cell]:
    ends = (value.estimate, value.low, value.high) if value else (None, None, None)
    return {f"{name}{unit}": ends[0], f"{name}, low{unit}": ends[1], f"{name}, high{unit}": ends[2]}


def _cell(value: Cell) -> str:
    return "" if value is None else _text(value) if isinstance(value, str) else repr(value)


def _text(text: str) -> str:
    """Text in one line, which no spreadsheet takes for a formula: names and error messages are the user's."""
    line = " ".join(text.split())
    return f"'{line}" if line.startswith(tuple(FORMULAS)) else line

"""The files that a report is made of, by the name of their format."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import BadInput
from harness.suggest import nearest

if TYPE_CHECKING:
    from harness.record.store import Record
    from harness.report.summary import Summary

USUAL = "md,html,csv"
"""What every run leaves behind."""
ALL = (*USUAL.split(","), "json")
CHARTS = "charts"
"""The folder of the pictures that the Markdown shows."""
Files = Iterator[tuple[str, str]]
"""Each one's path, from the record's directory, and what is in it."""


def parse(wanted: str) -> list[str]:
    """Formats as a user lists them, such as `html,md`. Raises BadInput for what is none."""
    found = [name.strip().lower() for name in wanted.split(",")]
    for name in found:
        if name not in ALL:
            raise BadInput(f"There is no format {name!r}: {nearest(name, ALL)}")
    return list(dict.fromkeys(found))


def files(formats: Sequence[str], summary: "Summary", record: "Record", directory: Path) -> Files:
    """All files of these formats; `directory` is where the record is."""
    drawn = []
    if {"md", "html"} & set(formats):
        from harness.report.charts.chosen import chosen  # Altair, only where something is drawn

        drawn = chosen(summary, record, directory)
    if "md" in formats:
        from harness.report.charts.images import svg
        from harness.report.formats import markdown

        yield "report.md", markdown.render(summary, record, [(f"{CHARTS}/{one.name}.svg", one) for one in drawn])
        if summary.gate:
            yield "gate.md", markdown.brief(summary, record)
        for one in drawn:
            yield f"{CHARTS}/{one.name}.svg", svg(one)
    if "html" in formats:
        from harness.report.formats import page

        yield "report.html", page.render(summary, record, drawn)
    if "csv" in formats:
        from harness.report.formats import spreadsheet

        yield "report.csv", spreadsheet.render(summary)
    if "json" in formats:
        yield "report.json", summary.to_json().decode()

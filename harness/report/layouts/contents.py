"""The contents of a report, independent of its format."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from harness.record.lines import Lines
from harness.record.schema import ArmEnd
from harness.report.layouts.base import Layout
from harness.report.names import short_names
from harness.report.sections import claims, notes
from harness.report.summary import Summary
from harness.report.table import Table

if TYPE_CHECKING:
    from harness.report.charts.figure import Figure
    from harness.report.sections.source import SourceView


@dataclass(frozen=True, kw_only=True)
class Contents:
    """The contents that `layout` makes from a run. Each part is made when it is first used."""

    summary: Summary
    record: Lines
    directory: Path
    layout: Layout

    @cached_property
    def heading(self) -> str:
        """What was run, in one line."""
        return notes.heading(self.summary)

    @cached_property
    def headline(self) -> str:
        """The answer in one sentence, with shortened names."""
        names = short_names([arm.name for arm in self.summary.arms])
        arms = [replace(arm, name=names[arm.name]) for arm in self.summary.arms]
        return self.layout.headline(replace(self.summary, baseline=names[self.summary.baseline], arms=arms))

    @cached_property
    def findings(self) -> list[str]:
        held = claims.sentence(self.summary)
        return [*self.layout.findings(self.summary), *([held] if held else [])]

    @cached_property
    def notes(self) -> list[str]:
        """Notes that do not repeat the headline."""
        return [one for one in self.layout.notes(self.summary) if one != self.headline]

    @cached_property
    def tables(self) -> list[Table]:
        found = [*self.layout.tables(self.summary, self.record), claims.table(self.summary)]
        return [table for table in found if table is not None]

    @cached_property
    def sources(self) -> "list[list[SourceView]]":
        return list(self.layout.sources(self.summary))

    @cached_property
    def no_figures(self) -> str | None:
        """Why there are no figures; None if they can be drawn."""
        from harness.report.charts.availability import why_unavailable

        return why_unavailable()

    @cached_property
    def figures(self) -> "list[Figure]":
        """Its charts; empty if they cannot be drawn here."""
        if self.no_figures:
            return []
        found = self.layout.figures(self.summary, self.record, self.directory)
        return [figure for figure in found if figure is not None]

    @cached_property
    def method(self) -> str:
        return self.layout.method(self.summary)

    @cached_property
    def conditions(self) -> str:
        """Machine, versions and seeds, in one sentence."""
        return notes.conditions(self.summary)

    @property
    def failures(self) -> list[ArmEnd]:
        """Arms that failed after printing something."""
        return [end for end in self.record.ends if end.status == "failed" and end.last_lines]

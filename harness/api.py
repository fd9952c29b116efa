"""Measuring and reading from Python: what the command line does, with typed results.

    import harness

    result = harness.compare("original", "moments", scale="smoke", budget="60s")
    result["moments"].ratio          # Ratio(estimate=..., low=..., high=...)
    result.table                     # a DataFrame, a row an arm

Errors are the exceptions of `harness.errors`, each with one sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import mkdtemp
from time import monotonic
from typing import TYPE_CHECKING, Any

from harness.commands.base import Command
from harness.commands.registry import COMMANDS, command_of
from harness.errors import BadInput
from harness.plan.request import Request
from harness.record import store
from harness.record.events import Event
from harness.record.schema import Look
from harness.record.store import Record
from harness.suggest import nearest

if TYPE_CHECKING:
    import pandas as pd

    from harness.report.layouts.contents import Contents
    from harness.report.summary import ArmSummary, Summary

Watch = Callable[[Event, Record], None]


@dataclass(frozen=True)
class Result:
    """What a run came to. `result["name"]` is the summary of one arm."""

    record: Record
    directory: Path
    """Where its record is, and what was written beside it."""

    @cached_property
    def summary(self) -> Summary:
        from harness.report.summarize import summarize

        return summarize(self.record)

    @cached_property
    def contents(self) -> Contents:
        """Everything that its report shows."""
        from harness.report.layouts.contents import Contents

        layout = command_of(self.record.plan.command).layout()
        return Contents(summary=self.summary, record=self.record, directory=self.directory, layout=layout)

    @property
    def verdict(self) -> str:
        """The answer in a sentence; empty where there is none."""
        return self.contents.headline

    @cached_property
    def table(self) -> pd.DataFrame:
        """A row an arm, with the figures of the CSV report as columns. What was not measured is missing."""
        import pandas as pd

        from harness.report.formats.spreadsheet import rows

        return pd.DataFrame(rows(self.summary)).set_index("arm")

    @cached_property
    def epochs(self) -> pd.DataFrame:
        """A row for each epoch that was timed: block, round, arm, kind, index, wall and cpu in seconds, and more."""
        from harness.analysis.epochs.table import table

        return table(self.record)

    def write(self, formats: str = "md,html,csv") -> list[Path]:
        """Write reports beside the record, and say which files. Raises BadInput for a format that there is not."""
        from harness.report.formats.base import load, parse

        written = []
        for name, text in (file for wanted in parse(formats) for file in load(wanted).files(self.contents)):
            path = self.directory / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="")
            written.append(path)
        return written

    def __getitem__(self, name: str) -> ArmSummary:
        arms = {arm.name: arm for arm in self.summary.arms}
        if name not in arms:
            raise KeyError(f"there is no arm {name!r}: {nearest(name, arms)}")
        return arms[name]

    def __iter__(self) -> Iterator[ArmSummary]:
        return iter(self.summary.arms)

    def _repr_html_(self) -> str:
        """In a notebook."""
        from html import escape

        return f"<p><strong>{escape(self.verdict)}</strong></p>{self.table.to_html()}"


def compare(*names: str, out: str | Path | None = None, watch: Watch | None = None, **options: Any) -> Result:
    """Run variants side by side, as `harness compare` does; the first is the baseline unless `baseline` names another.

    `options` are those of the command line, by the names of `harness.plan.request.Request`: `case`, `scale`, `epochs`,
    `blocks`, `budget`, `tolerance`, `seed`, `threads`, `timeout`, `fresh`, ... `out` is where the run is kept: by
    default, a new temporary folder. `watch` is called with each event and the record so far. Raises HarnessError.
    """
    return _run(COMMANDS["compare"], names, out, watch, options)


def profile(variant: str, *, out: str | Path | None = None, watch: Watch | None = None, **options: Any) -> Result:
    """One variant in depth, as `harness profile` does. The rest is as for `compare`."""
    return _run(COMMANDS["profile"], (variant,), out, watch, options)


def read(run: str | Path) -> Result:
    """A run that was kept: its directory, or its `run.jsonl`. Raises BadRecord, which names file, line and field."""
    place = Path(run)
    return Result(store.read(place), place if place.is_dir() else place.parent)


def _run(
    command: Command, names: tuple[str, ...], out: str | Path | None, watch: Watch | None, options: dict[str, Any]
) -> Result:
    from harness.engine.session import measure

    began = monotonic()
    known = [option if isinstance(option, str) else option[0] for option in command.options]
    known = [name for name in known if name in Request.__dataclass_fields__ and name != "names"]
    for wrong in [name for name in options if name not in known]:
        raise BadInput(f"{command.name}() takes no {wrong!r}: {nearest(wrong, known)}")
    planned = command.plan(Request(names=names, **options))
    directory = Path(out) if out else Path(mkdtemp(prefix="harness-run-"))

    def elapsed() -> float:
        return monotonic() - began

    def look(record: Record) -> Look | None:
        return command.look(record, elapsed())

    record = measure(
        planned.plan,
        directory,
        watch or (lambda event, record: None),
        look,
        elapsed,
        planned.before,
        command.run_block(planned.plan),
    )
    if record.footer and record.footer.status == "interrupted":
        raise KeyboardInterrupt
    return Result(record, directory)

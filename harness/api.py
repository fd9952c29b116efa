"""The Python interface: what the command line does, with typed results.

    import harness

    result = harness.compare("original", "moments", scale="smoke", budget="60s")
    result["moments"].ratio          # Ratio(estimate=..., low=..., high=...)
    result.table                     # a DataFrame, one row per arm

Errors are the exceptions of `harness.errors`, each with a one-sentence message.
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

OnEvent = Callable[[Event, Record], None]
"""Called with each event and the record so far, while no arm is being timed."""


@dataclass(frozen=True)
class Result:
    """The result of a run. `result["name"]` is the summary of one arm; iterating yields those of all arms."""

    record: Record
    """Everything that was measured."""
    directory: Path
    """The folder with its record and reports."""

    @cached_property
    def summary(self) -> Summary:
        """What was found: the figures of the reports."""
        from harness.report.summarize import summarize

        return summarize(self.record)

    @cached_property
    def contents(self) -> Contents:
        """Everything that its report shows."""
        from harness.report.layouts.contents import Contents

        layout = command_of(self.record.plan.command).layout()
        return Contents(summary=self.summary, record=self.record, directory=self.directory, layout=layout)

    @property
    def headline(self) -> str:
        """The answer in one sentence; empty if there is none."""
        return self.contents.headline

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row per arm, indexed by `arm`, with the columns of the CSV report. What was not measured is missing."""
        import pandas as pd

        from harness.report.formats.spreadsheet import rows

        return pd.DataFrame(rows(self.summary)).set_index("arm")

    @cached_property
    def epochs(self) -> pd.DataFrame:
        """One row per timed epoch: block, round, arm, kind, index, wall and cpu in seconds, and more."""
        from harness.analysis.epochs.table import table

        return table(self.record)

    def write(self, formats: str = "md,html,csv") -> list[Path]:
        """Write reports next to the record and return their paths. Raises BadInput for an unknown format."""
        from harness.report.formats.base import load, parse

        written = []
        for name, text in (file for key in parse(formats) for file in load(key).files(self.contents)):
            path = self.directory / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="")
            written.append(path)
        return written

    def __getitem__(self, name: str) -> ArmSummary:
        """The summary of one arm. Raises KeyError, with the nearest name, for an unknown one."""
        arms = {arm.name: arm for arm in self.summary.arms}
        if name not in arms:
            raise KeyError(f"there is no arm {name!r}: {nearest(name, arms)}")
        return arms[name]

    def __iter__(self) -> Iterator[ArmSummary]:
        return iter(self.summary.arms)

    def _repr_html_(self) -> str:
        """How a notebook shows the result."""
        from html import escape

        return f"<p><strong>{escape(self.headline)}</strong></p>{self.table.to_html()}"


def compare(*names: str, out: str | Path | None = None, on_event: OnEvent | None = None, **options: Any) -> Result:
    """Run variants side by side, as `harness compare` does; the first is the baseline unless `baseline` names another.

    `options` are those of the command line, by the names of `harness.plan.request.Request`: `case`, `scale`, `epochs`,
    `blocks`, `budget`, `tolerance`, `seed`, `threads`, `timeout`, `fresh`, ... `out` is the directory of the run: by
    default, a new temporary folder. `on_event` is called with each event and the record so far. Raises BadInput for
    invalid options, KeyboardInterrupt on Ctrl-C. An arm that fails raises nothing: its summary says so.
    """
    return _run(COMMANDS["compare"], names, out, on_event, options)


def profile(variant: str, *, out: str | Path | None = None, on_event: OnEvent | None = None, **options: Any) -> Result:
    """Profile one variant, as `harness profile` does. The arguments are as for `compare`.

    The option `watch` is a sequence of passes, such as `("phases", "memory")`; empty for the timed epochs alone.
    """
    return _run(COMMANDS["profile"], (variant,), out, on_event, options)


def read(run: str | Path) -> Result:
    """Read a run from its directory or its `run.jsonl`. Raises BadRecord, which names file, line and field."""
    place = Path(run)
    return Result(store.read(place), place if place.is_dir() else place.parent)


def _run(
    command: Command, names: tuple[str, ...], out: str | Path | None, on_event: OnEvent | None, options: dict[str, Any]
) -> Result:
    from harness.engine.session import measure

    started = monotonic()
    known = [option if isinstance(option, str) else option[0] for option in command.options]
    known = [name for name in known if name in Request.__dataclass_fields__ and name != "names"]
    for unknown in [name for name in options if name not in known]:
        raise BadInput(f"{command.name}() has no option {unknown!r}: {nearest(unknown, known)}")
    planned = command.plan(Request(names=names, **options))
    directory = Path(out) if out else Path(mkdtemp(prefix="harness-run-"))

    def elapsed() -> float:
        return monotonic() - started

    def look(record: Record) -> Look | None:
        return command.look(record, elapsed())

    record = measure(
        planned.plan,
        directory,
        on_event or (lambda event, record: None),
        look,
        elapsed,
        planned.stored,
        command.run_block(planned.plan),
    )
    if record.footer and record.footer.status == "interrupted":
        raise KeyboardInterrupt
    return Result(record, directory)

"""What every measuring command does: request -> plan -> run -> findings -> report; and what its exit code says."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from harness.commands.base import Command
from harness.commands.registry import command_of
from harness.errors import BadInput, Interrupted, VariantFailed

if TYPE_CHECKING:
    from harness.plan.claims import Claim
    from harness.plan.request import Request
    from harness.record.schema import Look
    from harness.record.store import Record
    from harness.report.summary import Summary

REPORTING = 3.0
"""Seconds of a budget that are kept for the reports, most of them for starting what draws and packs the charts."""
_RESUMED = ("resume", "json", "claims")
"""What may be given beside a run that is to be resumed."""


@dataclass(frozen=True, kw_only=True)
class Output:
    """Where a run comes from and goes to."""

    out: Path | None = None
    json: str | None = None
    resume: Path | None = None
    claims: Path | None = None
    trace: Path | None = None
    """Where a profile's timeline is wanted."""


def carry_out(command: Command, request: Request, output: Output, context: typer.Context) -> None:
    """Measure, report, and raise what the exit code is to say."""
    from rich.console import Console

    from harness.commands import claims_file
    from harness.engine.session import measure, run_id
    from harness.record.schema import TIMELINE
    from harness.report.live.live import Display

    claims = claims_file.read(output.claims) if output.claims else []
    if output.resume:
        _refuse_others(context)
        return _complete(command, output.resume, output.json, claims)
    planned = command.plan(request)
    plan = planned.plan
    _check_place(output.json)
    _check_place(str(output.trace) if output.trace else None, "--trace")
    directory = output.out or _new_place(run_id(plan))
    _warn_of_company()
    with Display(plan, Console(stderr=True)) as display:
        record = measure(
            plan, directory, display, _rule(command), before=planned.before, run_block=command.run_block(plan)
        )
    if output.trace:
        _hand_over(directory / TIMELINE, output.trace)
    return _conclude(command, record, directory, output.json, claims)


def report_again(run: Path, wanted: str, claims: Path | None, json: str | None) -> None:
    """Every report of a record that is there."""
    from harness.commands import claims_file
    from harness.record import store
    from harness.report.formats.base import parse

    formats = parse(wanted)
    held = claims_file.read(claims) if claims else []
    publish(store.read(run), run if run.is_dir() else run.parent, json, held, formats)


def _refuse_others(context: typer.Context) -> None:
    """A run that is resumed has its plan: no other option may say what it is to do."""
    options = {option.name: option.opts[0] for option in context.command.params}
    for name in context.params:
        source = context.get_parameter_source(name)
        if name not in _RESUMED and source and source.name == "COMMANDLINE":
            what = "the names" if name == "names" else options[name]
            raise BadInput(f"--resume takes its plan from the run: leave {what} out.")


def _complete(command: Command, run: Path, json: str | None, claims: Sequence[Claim]) -> None:
    """Complete a run that was cut off."""
    from rich.console import Console

    from harness.engine.session import resume
    from harness.record import store
    from harness.report.live.live import Display

    _check_place(json)
    directory = run if run.is_dir() else run.parent
    before = store.read(run)
    if not run.is_dir() and run.name != store.FILE_NAME:  # what follows is written to the file of that name
        raise BadInput(f"{run} cannot be resumed: give the run's own directory, or its {store.FILE_NAME}.")
    _warn_of_company()
    with Display(before.plan, Console(stderr=True)) as display:
        record = resume(
            command.name, before, directory, display, _rule(command), run_block=command.run_block(before.plan)
        )
    _conclude(command, record, directory, json, claims)


def _rule(command: Command) -> Callable[[Record], Look | None]:
    from harness.engine.machine.machine import seconds_since_start

    return lambda record: command.look(record, seconds_since_start() + REPORTING)


def _new_place(run: str) -> Path:
    """The default place of a run: one that is not there yet, however many begin in the same second. Git does not follow
    it: what a command leaves behind is no change."""
    reports = Path("reports")
    with suppress(OSError):  # whoever writes the record will say so
        reports.mkdir(exist_ok=True)
        for number in range(1, 100):
            directory = reports / (run if number == 1 else f"{run}-{number}")
            with suppress(FileExistsError):
                directory.mkdir()
                (directory / ".gitignore").write_text("*\n")
                return directory
    return reports / run


def _warn_of_company() -> None:
    """Say at once what the report will say: it can still be stopped, and begun when the other has ended."""
    from harness.analysis.machine.fitness import company
    from harness.engine.machine.conditions import other_runs

    warning = company({"other_runs": other_runs()})
    if warning:
        say(warning)


def _conclude(command: Command, record: Record, directory: Path, json: str | None, claims: Sequence[Claim]) -> None:
    summary = publish(record, directory, json, claims)
    if record.footer and record.footer.status == "interrupted":
        raise Interrupted(f"Interrupted; what was measured is in {directory}.")
    if summary.gate:
        from harness.report.formats import github

        github.tell(summary, directory)
    failed = [arm.label for arm in record.plan.arms if record.failure(arm.label)]
    if failed:
        from harness.report.units import listed

        raise VariantFailed(f"{listed(failed)} failed; {directory / 'report.md'} has the last words.")
    command.conclude(summary, directory)


def publish(
    record: Record, directory: Path, json: str | None, claims: Sequence[Claim] = (), formats: Sequence[str] = ()
) -> Summary:
    """Every report of a record: on the terminal, beside the record in these formats (none: the usual ones), and as JSON
    where that was asked for."""
    from rich.console import Console

    from harness.report.formats import terminal
    from harness.report.formats.base import USUAL, load, parse
    from harness.report.layouts.contents import Contents
    from harness.report.summarize import summarize

    summary = summarize(record, claims)
    layout = command_of(record.plan.command).layout()
    contents = Contents(summary=summary, record=record, directory=directory, layout=layout)
    console = Console(stderr=json == "-")
    terminal.show(console, contents)
    if json == "-":
        sys.stdout.buffer.write(summary.to_json())
    elif json:
        _write(Path(json), summary.to_json())
    written = []
    for name, text in (file for wanted in formats or parse(USUAL) for file in load(wanted).files(contents)):
        _write(directory / name, text.encode(), folder=True)
        written += [name] if "/" not in name else []  # pictures belong to what shows them
    console.print(f"Reports in {directory}: {', '.join(written)}", style="dim", soft_wrap=True, highlight=False)
    return summary


def _check_place(json: str | None, option: str = "--json") -> None:
    """Refuse before the measuring what could not be written after it."""
    if json and json != "-" and (Path(json).is_dir() or not Path(json).absolute().parent.is_dir()):
        raise BadInput(f"{option} {json} cannot be written: it is not a file in a directory that there is.")


def _hand_over(timeline: Path, wanted: Path) -> None:
    """Copy a run's timeline; where there is none, say so, and report all the same."""
    if timeline.is_file():
        _write(wanted, timeline.read_bytes())
    else:
        say(f"{wanted} was not written: the run has no timeline.")


def _write(path: Path, content: bytes, folder: bool = False) -> None:
    """`folder`: make the one that it is in, too."""
    try:
        if folder:
            path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror}.") from None


def say(sentence: str) -> None:
    """Tell the user, on stderr."""
    print(f"harness: {sentence}", file=sys.stderr)

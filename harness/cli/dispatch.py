"""Runs a measuring command: request -> plan -> run -> findings -> report -> exit code."""

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
    from rich.console import Console

    from harness.plan.claims import Claim
    from harness.plan.request import Request
    from harness.record.schema import Look
    from harness.record.store import Record
    from harness.report.summary import Summary

REPORTING = 3.0
"""Seconds of a budget that are reserved for the reports, mostly for starting the chart renderer."""
_RESUMED = ("resume", "json", "claims", "verbose")
"""Parameters that may be combined with `--resume`."""


@dataclass(frozen=True, kw_only=True)
class Output:
    """The options that say where a run is read from and where its results are written."""

    out: Path | None = None
    """The directory of the run; None for a new one under `reports`."""
    json: str | None = None
    """The file for the summary as JSON; `-` means stdout."""
    resume: Path | None = None
    """The interrupted run to complete: its directory or its record."""
    claims: Path | None = None
    """The file of claims to check the run against."""
    trace: Path | None = None
    """The file to write a profile's timeline to."""
    verbose: int = 0
    """How much to log; see `cli.logs`."""


def carry_out(command: Command, request: Request, output: Output, context: typer.Context) -> None:
    """Plan, measure and report. Raises the HarnessError whose exit code the command ends with."""
    from rich.console import Console

    from harness.cli import logs
    from harness.commands import claims_file
    from harness.engine.session import measure, run_id
    from harness.record.schema import TIMELINE
    from harness.report.live.live import Display

    console = Console(stderr=True)
    logs.show(output.verbose, console)
    claims = claims_file.read(output.claims) if output.claims else []
    if output.resume:
        _refuse_other_options(context)
        return _resume_run(command, output.resume, output.json, claims, console)
    planned = command.plan(request)
    plan = planned.plan
    _check_writable(output.json)
    _check_writable(str(output.trace) if output.trace else None, "--trace")
    directory = output.out or _make_run_directory(run_id(plan))
    _warn_of_other_runs()
    with Display(plan, console) as display:
        record = measure(
            plan, directory, display, _make_look(command), stored=planned.stored, run_block=command.run_block(plan)
        )
    if output.trace:
        _copy_timeline(directory / TIMELINE, output.trace)
    return _conclude(command, record, directory, output.json, claims)


def report_again(run: Path, formats: str, claims: Path | None, json: str | None) -> None:
    """Write the reports of an existing record, in a comma-separated list of formats.

    Raises BadInput for an unknown format or an invalid claim, BadRecord for an unreadable record.
    """
    from harness.commands import claims_file
    from harness.record import store
    from harness.report.formats.base import parse

    names = parse(formats)
    checked = claims_file.read(claims) if claims else []
    publish(store.read(run), run if run.is_dir() else run.parent, json, checked, names)


def _refuse_other_options(context: typer.Context) -> None:
    """Raise BadInput for an option that would change the plan of a resumed run."""
    options = {option.name: option.opts[0] for option in context.command.params}
    for name in context.params:
        source = context.get_parameter_source(name)
        if name not in _RESUMED and source and source.name == "COMMANDLINE":
            option = "the names" if name == "names" else options[name]
            raise BadInput(f"--resume takes its plan from the run: leave {option} out.")


def _resume_run(command: Command, run: Path, json: str | None, claims: Sequence[Claim], console: Console) -> None:
    """Complete an interrupted run and report it."""
    from harness.engine.session import resume
    from harness.record import store
    from harness.report.live.live import Display

    _check_writable(json)
    directory = run if run.is_dir() else run.parent
    before = store.read(run)
    if not run.is_dir() and run.name != store.FILE_NAME:  # new lines are written to the file of that name
        raise BadInput(f"{run} cannot be resumed: give the run's own directory, or its {store.FILE_NAME}.")
    _warn_of_other_runs()
    with Display(before.plan, console) as display:
        record = resume(
            command.name, before, directory, display, _make_look(command), run_block=command.run_block(before.plan)
        )
    _conclude(command, record, directory, json, claims)


def _make_look(command: Command) -> Callable[[Record], Look | None]:
    """The function that decides after each block whether to run another, counting the time that reports take."""
    from harness.engine.machine.machine import seconds_since_start

    return lambda record: command.look(record, seconds_since_start() + REPORTING)


def _make_run_directory(run: str) -> Path:
    """Make the default directory of a run, a new one even if several runs start in the same second.

    Git ignores it, so that a run does not change the working tree.
    """
    reports = Path("reports")
    with suppress(OSError):  # writing the record will report it
        reports.mkdir(exist_ok=True)
        for number in range(1, 100):
            directory = reports / (run if number == 1 else f"{run}-{number}")
            with suppress(FileExistsError):
                directory.mkdir()
                (directory / ".gitignore").write_text("*\n")
                return directory
    return reports / run


def _warn_of_other_runs() -> None:
    """Warn at the start, as the report will, so that the user can stop and start again after the other run."""
    from harness.engine.machine.conditions import other_runs
    from harness.report.wording.machine import company

    warning = company({"other_runs": other_runs()})
    if warning:
        say(warning)


def _conclude(command: Command, record: Record, directory: Path, json: str | None, claims: Sequence[Claim]) -> None:
    """Report a run. Raises the HarnessError whose exit code the command ends with."""
    summary = publish(record, directory, json, claims)
    if record.footer and record.footer.status == "interrupted":
        raise Interrupted(f"Interrupted; what was measured is in {directory}.")
    if summary.gate:
        from harness.report.formats import github

        github.report(summary, directory)
    failed = [arm.label for arm in record.plan.arms if record.failure(arm.label)]
    if failed:
        from harness.report.wording.words import listed

        raise VariantFailed(f"{listed(failed)} failed: {directory / 'report.md'} has the reasons and the last output.")
    command.conclude(summary, directory)


def publish(
    record: Record, directory: Path, json: str | None, claims: Sequence[Claim] = (), formats: Sequence[str] = ()
) -> Summary:
    """Report a record: on the terminal, next to the record in these formats (the default ones if empty), and as JSON to
    the file `json`, if given (`-`: stdout)."""
    from rich.console import Console
    from rich.markup import escape

    from harness.record.drawings import find_drawings
    from harness.report.formats import terminal
    from harness.report.formats.base import DEFAULT, load, parse
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
    for name, text in (file for key in formats or parse(DEFAULT) for file in load(key).files(contents)):
        _write(directory / name, text.encode(), folder=True)
        written += [name] if "/" not in name else []  # charts are part of the reports that show them
    console.print(f"Reports in {directory}: {', '.join(written)}", style="dim", soft_wrap=True, highlight=False)
    if drawings := find_drawings(directory):
        opened = f"For Perfetto or speedscope: {', '.join(drawings)}"
        console.print(escape(opened), style="dim", soft_wrap=True, highlight=False)
    if contents.no_figures and {"md", "html"} & set(formats or parse(DEFAULT)):
        console.print(escape(contents.no_figures), style="dim", soft_wrap=True, highlight=False)
    return summary


def _check_writable(file: str | None, option: str = "--json") -> None:
    """Raise BadInput before measuring if this file could not be written afterwards."""
    if file and file != "-" and (Path(file).is_dir() or not Path(file).absolute().parent.is_dir()):
        raise BadInput(f"{option} {file} cannot be written: give a file in an existing directory.")


def _copy_timeline(timeline: Path, target: Path) -> None:
    """Copy a run's timeline; if there is none, warn and go on to the report."""
    if timeline.is_file():
        _write(target, timeline.read_bytes())
    else:
        say(f"{target} was not written: the run has no timeline.")


def _write(path: Path, content: bytes, folder: bool = False) -> None:
    """Write a file, and make its folder if `folder`. Raises BadInput if it cannot be written."""
    try:
        if folder:
            path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror}.") from None


def say(sentence: str) -> None:
    """Print a message to stderr."""
    print(f"harness: {sentence}", file=sys.stderr)

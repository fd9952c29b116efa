"""What every measuring command does: plan -> run -> findings -> report, and what the exit code says of it."""

import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console

from harness.errors import BadInput, Interrupted, Regressed, Unsure, VariantFailed
from harness.plan.claims import Claim
from harness.plan.plan import Plan
from harness.record.schema import TIMELINE, Look, Stored
from harness.record.store import Record

if TYPE_CHECKING:
    from harness.report.summary import Summary

REPORTING = 3.0
"""Seconds of a budget that are kept for the reports, most of them for starting what draws and packs the charts."""


def complete(context: typer.Context, run: Path, json: str | None, claims: Sequence[Claim] = ()) -> None:
    """Complete a run that was cut off. No other option may say what it is to do."""
    from harness.engine.session import resume
    from harness.record.store import read
    from harness.report.live.live import Display

    options = {option.name: option.opts[0] for option in context.command.params}
    for name in context.params:
        source = context.get_parameter_source(name)
        if name not in ("resume", "json", "claims") and source and source.name == "COMMANDLINE":
            what = "the names" if name == "names" else options[name]
            raise BadInput(f"--resume takes its plan from the run: leave {what} out.")
    _check_place(json)
    before = read(run)
    directory = run if run.is_dir() else run.parent
    _warn_of_company()
    with Display(before.plan, Console(stderr=True)) as display:
        record = resume(context.info_name or "", before, directory, display, _stopping_rule(before.plan))
    _conclude(record, directory, json, claims)


def carry_out(
    plan: Plan,
    out: Path | None,
    json: str | None,
    trace: Path | None = None,
    claims: Sequence[Claim] = (),
    before: Sequence[Stored] = (),
) -> None:
    """Measure, report, and raise what the exit code is to say. `trace` is where a profile's timeline is wanted, and
    `before` what a gate is judged by.
    """
    from harness.engine.session import measure, run_id
    from harness.report.live.live import Display

    _check_place(json)
    _check_place(str(trace) if trace else None, "--trace")
    directory = out or _new_place(run_id(plan))
    _warn_of_company()
    with Display(plan, Console(stderr=True)) as display:
        record = measure(plan, directory, display, _stopping_rule(plan), before=before)
    if trace:
        _hand_over(directory / TIMELINE, trace)
    _conclude(record, directory, json, claims)


def _new_place(run: str) -> Path:
    """Where a run is kept if nobody says. Git does not follow it: what a command leaves behind is no change."""
    directory = Path("reports") / run
    with suppress(OSError):  # whoever writes the record will say so
        directory.mkdir(parents=True, exist_ok=True)
        (directory / ".gitignore").write_text("*\n")
    return directory


def _warn_of_company() -> None:
    """Say at once what the report will say: it can still be stopped, and begun when the other has ended."""
    from harness.analysis.machine.fitness import company
    from harness.engine.machine.conditions import other_runs

    warning = company({"other_runs": other_runs()})
    if warning:
        say(warning)


def _conclude(record: Record, directory: Path, json: str | None, claims: Sequence[Claim]) -> None:
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
    if summary.selfcheck and not summary.selfcheck.fit:
        from harness.report.sections.fitness import sentences

        raise Unsure(sentences(summary)[0])
    if summary.gate:
        from harness.report.sections.gate import sentence

        if summary.gate.answer == "regressed":
            raise Regressed(sentence(summary.gate))
        if summary.gate.answer == "unsure" and summary.gate.unsure == "fail":
            raise Unsure(sentence(summary.gate))


def _stopping_rule(plan: Plan) -> Callable[[Record], Look] | None:
    """Only a comparison can become clear, a self-check, which is one with known answers, a gate, and the shares of
    changes."""
    if plan.gate:
        from harness.analysis.gate.look import look as look_at_gate
        from harness.engine.machine.machine import seconds_since_start

        return lambda record: look_at_gate(record, seconds_since_start() + REPORTING)
    if plan.command not in ("compare", "selfcheck", "ablate"):
        return None
    from harness.analysis.comparison.stopping import look
    from harness.engine.machine.machine import seconds_since_start

    return lambda record: look(record, seconds_since_start() + REPORTING)


def publish(
    record: Record, directory: Path, json: str | None, claims: Sequence[Claim] = (), formats: Sequence[str] = ()
) -> "Summary":
    """Every report of a record: on the terminal, beside the record in these formats (none: the usual ones), and as JSON
    where that was asked for."""
    from harness.report.formats import terminal
    from harness.report.formats.formats import USUAL, files, parse
    from harness.report.summarize import summarize

    summary = summarize(record, claims)
    console = Console(stderr=json == "-")
    terminal.show(console, summary, record)
    if json == "-":
        sys.stdout.buffer.write(summary.to_json())
    elif json:
        _write(Path(json), summary.to_json())
    written = []
    for name, content in files(formats or parse(USUAL), summary, record, directory):
        _write(directory / name, content.encode(), folder=True)
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

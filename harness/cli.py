"""The commands. Each reads as what it does: options -> plan -> run -> findings -> report."""

import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from harness import catalog, controls
from harness import plan as plans
from harness.errors import BadInput, HarnessError, Interrupted, Unsure, VariantFailed
from harness.lines import Look
from harness.plan import Plan
from harness.record import Record

if TYPE_CHECKING:
    from harness.report.summary import Summary

app = typer.Typer(
    help="Is your PINN really faster, by how much, which change earned it, and does it still learn?",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Names = Annotated[list[str] | None, typer.Argument(help="Variants: NAME, file.py:Name or package.module:Name.")]
Case = Annotated[str | None, typer.Option(help="Which equation. [default: case1]", show_default=False)]
Scale = Annotated[str | None, typer.Option(help="How large. [default: laptop]", show_default=False)]
Epochs = Annotated[int | None, typer.Option(help="Steady epochs to measure of each arm, in each block.")]
Blocks = Annotated[
    int | None,
    typer.Option(
        help="Blocks: fresh processes, the unit of replication. [default: until it is clear, 3 to 6]",
        show_default=False,
    ),
]
Budget = Annotated[
    str | None, typer.Option(metavar="TIME", help="What the whole command may take, such as 90s or 2min.")
]
Tolerance = Annotated[float, typer.Option(help="The difference that does not matter, as a share.")]
Seed = Annotated[int, typer.Option(help="Of the training, and of the order of turns.")]
Threads = Annotated[int | None, typer.Option(help="Threads of each arm. [default: all cores]", show_default=False)]
Timeout = Annotated[float, typer.Option(help="Seconds without an answer after which an arm is given up.")]
AllowNonfinite = Annotated[bool, typer.Option("--allow-nonfinite", help="Go on when a loss is not finite.")]
Resume = Annotated[
    Path | None,
    typer.Option(metavar="RUN", help="Complete a run that was cut off, by its plan.", show_default=False),
]
Out = Annotated[Path | None, typer.Option(help="The run's own directory. [default: reports/RUN]", show_default=False)]
Json = Annotated[str | None, typer.Option("--json", metavar="FILE", help="Write the summary as JSON; - is stdout.")]


@app.command("list")
def list_variants() -> None:
    """What there is to measure: variants, cases, scales, metrics."""
    from harness.report.listing import show_catalog

    show_catalog(Console(), catalog.registered())
    for complaint in catalog.registered().broken:
        _say(complaint)


@app.command()
def compare(
    context: typer.Context,
    names: Names = None,
    baseline: Annotated[str | None, typer.Option(help="Relate the others to this one. [default: the first]")] = None,
    case: Case = None,
    scale: Scale = None,
    epochs: Epochs = None,
    blocks: Blocks = None,
    budget: Budget = None,
    tolerance: Tolerance = 0.03,
    seed: Seed = 0,
    threads: Threads = None,
    timeout: Timeout = 600.0,
    allow_nonfinite: AllowNonfinite = False,
    resume: Resume = None,
    out: Out = None,
    json: Json = None,
) -> None:
    """Run variants side by side: ratios with intervals, and a report."""
    if resume:
        return _resume(context, resume, json)
    plan = plans.make(
        "compare",
        names or [],
        baseline=baseline,
        case=case,
        scale=scale,
        epochs=epochs,
        blocks=blocks,
        budget=budget,
        tolerance=tolerance,
        seed=seed,
        threads=threads,
        timeout=timeout,
        allow_nonfinite=allow_nonfinite,
    )
    return _carry_out(plan, out, json)


@app.command()
def converge(
    context: typer.Context,
    names: Names = None,
    case: Case = None,
    scale: Scale = None,
    epochs: Annotated[
        int | None, typer.Option(help="Epochs of each training. [default: a trainer's own]", show_default=False)
    ] = None,
    seeds: Annotated[int, typer.Option(help="Trainings of each arm, each from a seed of its own.")] = 3,
    evaluations: Annotated[int, typer.Option(help="Evaluations of each training, equally far apart.")] = 40,
    target: Annotated[
        str | None, typer.Option(metavar="METRIC=VALUE", help="When is METRIC at or below VALUE? Lower is better.")
    ] = None,
    seed: Annotated[int, typer.Option(help="The first seed, and of the order of turns.")] = 0,
    threads: Threads = None,
    timeout: Timeout = 600.0,
    allow_nonfinite: AllowNonfinite = False,
    resume: Resume = None,
    out: Out = None,
    json: Json = None,
) -> None:
    """Train variants whole: quality at equal epochs and at equal time, and the time to a target."""
    if resume:
        return _resume(context, resume, json)
    plan = plans.make(
        "converge",
        names or [],
        case=case,
        scale=scale,
        epochs=epochs,
        blocks=seeds,
        seed=seed,
        threads=threads,
        timeout=timeout,
        allow_nonfinite=allow_nonfinite,
        evaluations=evaluations,
        target=target,
    )
    return _carry_out(plan, out, json)


@app.command()
def profile(
    variant: Annotated[str, typer.Option(help="A variant: NAME, file.py:Name or package.module:Name.")],
    case: Case = None,
    scale: Scale = None,
    epochs: Epochs = None,
    seed: Seed = 0,
    threads: Threads = None,
    timeout: Timeout = 600.0,
    allow_nonfinite: AllowNonfinite = False,
    out: Out = None,
    json: Json = None,
) -> None:
    """One variant in depth: first and steady epochs, traces, memory."""
    plan = plans.make(
        "profile",
        [variant],
        case=case,
        scale=scale,
        epochs=epochs,
        blocks=1,
        seed=seed,
        threads=threads,
        timeout=timeout,
        allow_nonfinite=allow_nonfinite,
    )
    _carry_out(plan, out, json)


@app.command()
def selfcheck(
    variant: Annotated[
        str | None, typer.Option(help="Check with this one. [default: the first that is compared]", show_default=False)
    ] = None,
    case: Case = None,
    scale: Annotated[str | None, typer.Option(help="How large. [default: smoke]", show_default=False)] = None,
    epochs: Epochs = None,
    blocks: Blocks = None,
    budget: Annotated[str, typer.Option(metavar="TIME", help="What the whole command may take.")] = "3min",
    tolerance: Tolerance = 0.03,
    seed: Seed = 0,
    threads: Threads = None,
    timeout: Timeout = 600.0,
    out: Out = None,
    json: Json = None,
) -> None:
    """Is this machine fit to measure on, how small a difference can it show, and what would help?"""
    plan = controls.selfcheck(
        variant,
        case=case,
        scale=scale,
        epochs=epochs,
        blocks=blocks,
        budget=budget,
        tolerance=tolerance,
        seed=seed,
        threads=threads,
        timeout=timeout,
    )
    _carry_out(plan, out, json)


@app.command()
def report(
    run: Annotated[Path, typer.Argument(help="A run's directory, or its run.jsonl.")],
    json: Json = None,
) -> None:
    """Make a run's report again, from its record alone."""
    from harness import record

    _publish(record.read(run), run if run.is_dir() else run.parent, json)


def _resume(context: typer.Context, run: Path, json: str | None) -> None:
    from harness.measure import resume
    from harness.record import read
    from harness.report.live import Display

    for name in context.params:
        source = context.get_parameter_source(name)
        if name not in ("resume", "json") and source and source.name == "COMMANDLINE":
            what = "the names" if name == "names" else f"--{name.replace('_', '-')}"
            raise BadInput(f"--resume takes its plan from the run: leave {what} out.")
    _check_place(json)
    before = read(run)
    directory = run if run.is_dir() else run.parent
    _warn_of_company()
    with Display(before.plan, Console(stderr=True)) as display:
        record = resume(context.info_name or "", before, directory, display, _stopping_rule(before.plan))
    _conclude(record, directory, json)


def _carry_out(plan: Plan, out: Path | None, json: str | None) -> None:
    from harness.measure import measure, run_id
    from harness.report.live import Display

    _check_place(json)
    directory = out or Path("reports") / run_id(plan)
    _warn_of_company()
    with Display(plan, Console(stderr=True)) as display:
        record = measure(plan, directory, display, _stopping_rule(plan))
    _conclude(record, directory, json)


def _warn_of_company() -> None:
    """Say at once what the report will say: it can still be stopped, and begun when the other has ended."""
    from harness.analysis.fitness import company
    from harness.engine.conditions import other_runs

    warning = company({"other_runs": other_runs()})
    if warning:
        _say(warning)


def _conclude(record: Record, directory: Path, json: str | None) -> None:
    summary = _publish(record, directory, json)
    if record.footer and record.footer.status == "interrupted":
        raise Interrupted(f"Interrupted; what was measured is in {directory}.")
    failed = [arm.label for arm in record.plan.arms if record.failure(arm.label)]
    if failed:
        raise VariantFailed(f"{' and '.join(failed)} failed; {directory / 'report.md'} has the last words.")
    if summary.selfcheck and not summary.selfcheck.fit:
        from harness.report.fitness import sentences

        raise Unsure(sentences(summary)[0])


def _stopping_rule(plan: Plan) -> Callable[[Record], Look] | None:
    """Only a comparison can become clear, and a self-check, which is one with known answers."""
    if plan.command not in ("compare", "selfcheck"):
        return None
    from harness.analysis.stopping import look
    from harness.engine.machine import seconds_since_start

    return lambda record: look(record, seconds_since_start())


def _publish(record: Record, directory: Path, json: str | None) -> "Summary":
    from harness.report import markdown, terminal
    from harness.report.summary import summarize

    summary = summarize(record)
    console = Console(stderr=json == "-")
    terminal.show(console, summary, record)
    if json == "-":
        sys.stdout.buffer.write(summary.to_json())
    elif json:
        _write(Path(json), summary.to_json())
    _write(directory / "report.md", markdown.render(summary, record).encode())
    console.print(f"Report: {directory / 'report.md'}", style="dim", soft_wrap=True, highlight=False)
    return summary


def _check_place(json: str | None) -> None:
    """Refuse before the measuring what could not be written after it."""
    if json and json != "-" and (Path(json).is_dir() or not Path(json).absolute().parent.is_dir()):
        raise BadInput(f"--json {json} cannot be written: it is not a file in a directory that there is.")


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror}.") from None


def _say(sentence: str) -> None:
    print(f"harness: {sentence}", file=sys.stderr)


def run(arguments: list[str]) -> int:
    """Carry out a command line, and return its exit code."""
    try:
        return app(arguments or ["--help"], prog_name="harness", standalone_mode=False) or 0
    except HarnessError as error:
        _say(str(error))
        return error.exit_code
    except typer.TyperException as error:
        _say(error.format_message())
        return BadInput.exit_code
    except (KeyboardInterrupt, typer.Abort):
        return Interrupted.exit_code
    except Exception:
        traceback.print_exc()
        _say("this is a fault of harness itself; please report it with the lines above.")
        return HarnessError.exit_code


def main() -> None:
    sys.exit(run(sys.argv[1:]))

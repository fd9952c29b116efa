"""The commands. Each reads as what it does: options -> plan -> run -> findings -> report."""

import sys
import traceback
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from harness.catalog import registry
from harness.cli.dispatch import carry_out, complete, publish, say
from harness.cli.options import (
    Allow,
    AllowNonfinite,
    Base,
    Blocks,
    Budget,
    Case,
    Claims,
    Epochs,
    Formats,
    Fresh,
    From,
    GateBlocks,
    Gated,
    GateFresh,
    GateSeed,
    GateThreads,
    GateTimeout,
    Head,
    Json,
    Memory,
    Names,
    Out,
    Remembering,
    Resume,
    Scale,
    Seed,
    SmallScale,
    StoredRuns,
    Threads,
    Timeout,
    To,
    Tolerance,
    Tolerances,
    Trace,
    WhenUnsure,
)
from harness.errors import BadInput, HarnessError, Interrupted
from harness.plan import ablation, controls, planning
from harness.plan.claims import read as read_claims
from harness.report.formats.formats import USUAL, parse

app = typer.Typer(
    help="Is your PINN really faster, by how much, which change earned it, and does it still learn?",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.command("list")
def list_variants() -> None:
    """What there is to measure: variants, cases, scales, metrics."""
    from harness.cli.listing import show_catalog

    show_catalog(Console(), registry.registered())
    for complaint in registry.registered().broken:
        say(complaint)


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
    fresh: Fresh = planning.FRESH,
    resume: Resume = None,
    claims: Claims = None,
    out: Out = None,
    json: Json = None,
) -> None:
    """Run variants side by side: ratios with intervals, and a report."""
    claimed = read_claims(claims) if claims else []
    if resume:
        return complete(context, resume, json, claimed)
    plan = planning.make(
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
        fresh=fresh,
    )
    return carry_out(plan, out, json, claims=claimed)


@app.command()
def ablate(
    context: typer.Context,
    start: From = None,
    goal: To = None,
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
    fresh: Fresh = planning.FRESH,
    resume: Resume = None,
    claims: Claims = None,
    out: Out = None,
    json: Json = None,
) -> None:
    """Take the changes between two variants apart: which of them earned what."""
    claimed = read_claims(claims) if claims else []
    if resume:
        return complete(context, resume, json, claimed)
    plan = ablation.ablate(
        start,
        goal,
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
        fresh=fresh,
    )
    return carry_out(plan, out, json, claims=claimed)


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
    fresh: Fresh = planning.FRESH,
    resume: Resume = None,
    claims: Claims = None,
    out: Out = None,
    json: Json = None,
) -> None:
    """Train variants whole: quality at equal epochs and at equal time, and the time to a target."""
    claimed = read_claims(claims) if claims else []
    if resume:
        return complete(context, resume, json, claimed)
    plan = planning.make(
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
        fresh=fresh,
    )
    return carry_out(plan, out, json, claims=claimed)


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
    memory: Memory = Remembering.USUAL,
    trace: Trace = None,
    out: Out = None,
    json: Json = None,
) -> None:
    """One variant in depth: where time and memory go, what was traced and compiled and why, what would pay."""
    plan = planning.make(
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
        fresh=True,  # one arm: there is nothing to be won by forking
        exact_memory=memory is Remembering.EXACT,
    )
    carry_out(plan, out, json, trace)


@app.command()
def gate(
    context: typer.Context,
    names: Names = None,
    variant: Gated = None,
    base: Base = None,
    baseline: StoredRuns = None,
    head: Head = None,
    case: Case = None,
    scale: SmallScale = None,
    epochs: Epochs = None,
    blocks: GateBlocks = None,
    budget: Budget = None,
    tolerance: Tolerances = None,
    unsure: WhenUnsure = None,
    allow: Allow = None,
    seed: GateSeed = None,
    threads: GateThreads = None,
    timeout: GateTimeout = None,
    fresh: GateFresh = None,
    resume: Resume = None,
    out: Out = None,
    json: Json = None,
) -> None:
    """Pass or fail: is it as good as another git revision of it, or as stored runs? For CI."""
    from harness.commands import gate_plan
    from harness.plan import gate_settings

    if resume:
        return complete(context, resume, json)
    asked = gate_settings.read(Path.cwd()).with_options(tolerance or [], unsure, allow or [])
    plan, before = gate_plan.plan(
        [*(names or []), *(variant or [])],
        base,
        baseline or [],
        head,
        asked,
        case=case,
        scale=scale,
        epochs=epochs,
        blocks=blocks,
        budget=budget,
        seed=seed,
        threads=threads,
        timeout=timeout,
        fresh=fresh,
    )
    return carry_out(plan, out, json, before=before)


@app.command()
def selfcheck(
    variant: Annotated[
        str | None, typer.Option(help="Check with this one. [default: the first that is compared]", show_default=False)
    ] = None,
    case: Case = None,
    scale: SmallScale = None,
    epochs: Epochs = None,
    blocks: Blocks = None,
    budget: Annotated[str, typer.Option(metavar="TIME", help="What the whole command may take.")] = "3min",
    tolerance: Tolerance = 0.03,
    seed: Seed = 0,
    threads: Threads = None,
    timeout: Timeout = 600.0,
    fresh: Fresh = planning.FRESH,
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
        fresh=fresh,
    )
    carry_out(plan, out, json)


@app.command()
def report(
    run: Annotated[Path, typer.Argument(help="A run's directory, or its run.jsonl.")],
    wanted: Formats = USUAL,
    claims: Claims = None,
    json: Json = None,
) -> None:
    """Make a run's reports again, from its record alone."""
    from harness.record import store

    formats = parse(wanted)
    claimed = read_claims(claims) if claims else []
    publish(store.read(run), run if run.is_dir() else run.parent, json, claimed, formats)


def run(arguments: list[str]) -> int:
    """Carry out a command line, and return its exit code."""
    try:
        return app(arguments or ["--help"], prog_name="harness", standalone_mode=False) or 0
    except HarnessError as error:
        say(str(error))
        return error.exit_code
    except typer.TyperException as error:
        say(error.format_message())
        return BadInput.exit_code
    except (KeyboardInterrupt, typer.Abort):
        return Interrupted.exit_code
    except Exception:
        traceback.print_exc()
        say("this is a fault of harness itself; please report it with the lines above.")
        return HarnessError.exit_code


def main() -> None:
    sys.exit(run(sys.argv[1:]))

"""The command line: options -> a request, and errors -> exit codes. What commands do is in `commands`."""

import sys
import traceback
from pathlib import Path
from typing import Annotated

import typer

from harness.cli import dispatch
from harness.cli.build import add
from harness.cli.options import Claims, Formats, Json
from harness.commands.registry import COMMANDS
from harness.errors import BadInput, HarnessError, Interrupted
from harness.report.formats.base import USUAL


def build() -> typer.Typer:
    """The application, with all commands that there are by now."""
    app = typer.Typer(
        help="Is your PINN really faster, by how much, which change earned it, and does it still learn?",
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.command("list")(list_variants)
    for one in COMMANDS.values():
        add(app, one)
    app.command()(report)
    return app


def list_variants() -> None:
    """What there is to measure: variants, cases, scales, metrics."""
    from rich.console import Console

    from harness.catalog import registry
    from harness.cli.listing import show_catalog

    show_catalog(Console(), registry.registered())
    for complaint in registry.registered().broken:
        dispatch.say(complaint)


def report(
    run: Annotated[Path, typer.Argument(help="A run's directory, or its run.jsonl.")],
    wanted: Formats = USUAL,
    claims: Claims = None,
    json: Json = None,
) -> None:
    """Make a run's reports again, from its record alone."""
    dispatch.report_again(run, wanted, claims, json)


def run(arguments: list[str]) -> int:
    """Carry out a command line, and return its exit code."""
    try:
        return build()(arguments or ["--help"], prog_name="harness", standalone_mode=False) or 0
    except HarnessError as error:
        dispatch.say(str(error))
        return error.exit_code
    except typer.TyperException as error:
        dispatch.say(error.format_message())
        return BadInput.exit_code
    except (KeyboardInterrupt, typer.Abort):
        return Interrupted.exit_code
    except Exception:
        traceback.print_exc()
        dispatch.say("this is a fault of harness itself; please report it with the lines above.")
        return HarnessError.exit_code


def main() -> None:
    sys.exit(run(sys.argv[1:]))

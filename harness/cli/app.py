"""The command line application: builds it from the commands, and turns errors into exit codes."""

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
from harness.report.formats.base import DEFAULT as DEFAULT_FORMATS


def build() -> typer.Typer:
    """The application, with all commands that are registered by now."""
    app = typer.Typer(
        help="Is your PINN really faster, by how much, which change earned it, and does it still learn?",
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.command("list")(list_variants)
    for each in COMMANDS.values():
        add(app, each)
    app.command()(report)
    app.command("new")(write_new)
    return app


def list_variants() -> None:
    """List what can be measured: variants, cases, scales, metrics."""
    from rich.console import Console

    from harness.catalog import registry
    from harness.cli.listing import show_catalog

    show_catalog(Console(), registry.registered())
    for problem in registry.registered().broken:
        dispatch.say(problem)


def write_new(
    file: Annotated[Path, typer.Argument(help="The file to write.")] = Path("train.py"),
) -> None:
    """Write a first training, for the framework that is installed here, and say how to compare it."""
    from rich.console import Console
    from rich.markup import escape

    from harness.cli.starting import write_starter

    framework = write_starter(file)
    size = "--width" if framework != "numpy" else "--terms"
    say = Console(soft_wrap=True, highlight=False).print
    say(escape(f"{file} trains with {framework}. Try: harness compare '{file} {size} 32' '{file} {size} 128'"))


def report(
    run: Annotated[Path, typer.Argument(help="A run's directory, or its run.jsonl.")],
    formats: Formats = DEFAULT_FORMATS,
    claims: Claims = None,
    json: Json = None,
) -> None:
    """Write a run's reports again, from its record."""
    dispatch.report_again(run, formats, claims, json)


def run(arguments: list[str]) -> int:
    """Run a command line, and return its exit code."""
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
        dispatch.say("this is a bug in harness; please report it with the lines above.")
        return HarnessError.exit_code


def main() -> None:
    sys.exit(run(sys.argv[1:]))

"""The options of all commands, each defined once. An option has the name of the field of `Request` that it fills, or
another name if several commands need different options for the same field."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from harness.commands.converge import EVALUATIONS, SEEDS
from harness.commands.selfcheck import BUDGET
from harness.plan.request import Request
from harness.report.formats.base import FORMATS

TOLERANCE = Request().tolerance


class Choice(NamedTuple):
    """An option: its type, annotated with its help, and its default."""

    kind: Any
    default: Any = None


class Memory(StrEnum):
    """How a profile measures memory."""

    USUAL = "usual"
    EXACT = "exact"


def _define(kind: Any, *flags: str, help: str = "", default: Any = None, shown: bool = False, **more: Any) -> Choice:
    """Define an option. If `shown`, typer adds the default to its help."""
    return Choice(Annotated[kind, typer.Option(*flags, help=help or None, show_default=shown, **more)], default)


OPTIONS: dict[str, Choice] = {
    "names": Choice(
        Annotated[
            list[str] | None,
            typer.Argument(
                help="Arms: NAME, file.py:Name, package.module:Name, or a command such as 'train.py --width 3'."
            ),
        ]
    ),
    "baseline": _define(str | None, help="The variant that the others are compared with. [default: the first]"),
    "case": _define(str | None, help="The case: which equation. [default: the collection's]"),
    "scale": _define(str | None, help="The size of the problem. [default: the collection's]"),
    "small_scale": _define(str | None, help="The size of the problem. [default: the collection's small one]"),
    "epochs": _define(int | None, help="Steady epochs to measure of each arm in each block."),
    "length": _define(int | None, help="Epochs of each training. [default: the trainer's own]"),
    "blocks": _define(
        int | None,
        help="Blocks, each with new processes: the unit of replication. [default: 3 or more, until all is clear]",
    ),
    "seeds": _define(int | None, "--seeds", help=f"Trainings of each arm, each with its own seed. [default: {SEEDS}]"),
    "gate_blocks": _define(
        int | None, help="Blocks, each with new processes. [default: 3 or more, until the result is clear]"
    ),
    "budget": _define(
        str | None,
        metavar="TIME",
        help="Time limit of the whole command, such as 90s or 2min. Running epochs are still completed.",
    ),
    "check_budget": _define(str | None, metavar="TIME", help=f"Time limit of the whole command. [default: {BUDGET}]"),
    "tolerance": _define(
        float, help="The largest difference that does not matter, as a share.", default=TOLERANCE, shown=True
    ),
    "seed": _define(int | None, help="Seed of the training and of the order of turns. [default: 0]"),
    "first_seed": _define(int | None, help="Seed of the first training and of the order of turns. [default: 0]"),
    "threads": _define(int | None, help="Threads of each arm. [default: all cores]"),
    "gate_threads": _define(int | None, help="Threads of each arm. [default: 1]"),
    "timeout": _define(float | None, help="Seconds without an answer after which an arm has failed. [default: 600]"),
    "gate_timeout": _define(
        float | None, help="Seconds without an answer after which an arm has failed. [default: 120]"
    ),
    "allow_nonfinite": _define(bool, "--allow-nonfinite", help="Continue when a loss is not finite.", default=False),
    "whole": _define(
        bool, "--whole", help="Time each command from start to end, and not by its epochs.", default=False
    ),
    "input": _define(
        Path | None, "--input", metavar="FILE", help="What commands read as standard input. [default: nothing]"
    ),
    "keep_caches": _define(
        bool,
        "--keep-caches",
        help="Let arms use your compile caches, as TorchInductor's, and not begin with empty ones.",
        default=False,
    ),
    "device": _define(
        str | None,
        metavar="DEVICE",
        help="The only device that arms see: cpu, or a GPU by number or UUID. [default: all that your settings allow]",
    ),
    "settings": _define(
        list[str] | None,
        "--set",
        metavar="NAME=VALUE",
        help="An argument of the arms that are classes or functions. Repeat it for several.",
    ),
    "labels": _define(list[str] | None, "--label", metavar="NAME", help="The name of an arm; one for each, in order."),
    "epoch_at": _define(
        list[str] | None,
        "--epoch-at",
        metavar="PLACE",
        help="Where the epochs of a command end, if it does not mark them: file.py:LINE of their loop, or"
        " file.py:Class.method or package.module:Class.method, each call of which ends one. Repeat it for more loops.",
    ),
    "fresh": _define(
        bool | None,
        "--fresh/--forked",
        help="Start each arm as a fresh process, or fork it from one that has imported its libraries; your own programs"
        " from the second block on."
        " [default: forked, where possible]",
    ),
    "gate_fresh": _define(
        bool | None,
        "--fresh/--forked",
        help="Start each arm as a fresh process, or fork it from one that has imported its libraries; your own programs"
        " from the second block on."
        " [default: forked, where possible; against a stored run, as that was]",
    ),
    # Whole trainings
    "evaluations": _define(int | None, help=f"Evaluations of each training, evenly spaced. [default: {EVALUATIONS}]"),
    "target": _define(
        str | None, metavar="METRIC=VALUE", help="Report when METRIC is at or below VALUE. Lower is better."
    ),
    # Ablation
    "start": _define(
        str | None,
        "--from",
        metavar="VARIANT",
        help="The variant without the changes. [default: --to without the changes that it declares]",
    ),
    "goal": _define(str | None, "--to", metavar="VARIANT", help="The variant with all changes."),
    # Profile
    "profiled": _define(str, "--variant", help="The variant: NAME, file.py:Name or package.module:Name.", default=...),
    "memory": _define(
        Memory,
        "--memory",
        help="exact: return freed memory to the system at once, so that peaks are repeatable; slower.",
        default=Memory.USUAL,
        shown=True,
    ),
    "watch": _define(
        list[str] | None,
        metavar="PASS",
        help="A pass to run: phases, memory, operations, or file.py:Name or package.module:Name of your own probe."
        " Repeat it for several. [default: the first three]",
    ),
    "trace": _define(
        Path | None, metavar="FILE", help="Write a timeline to this file, for Perfetto or chrome://tracing."
    ),
    # Self-check
    "checked": _define(
        str | None, "--variant", help="The variant to check with. [default: the first that compare runs]"
    ),
    # Gate: options that are not given come from pyproject.toml or the stored runs
    "variant": _define(list[str] | None, help="A variant to gate, like an argument. Repeat it for several."),
    "base": _define(str | None, metavar="REV", help="The git revision to compare with."),
    "stored": _define(
        list[Path] | None,
        "--baseline",
        metavar="RUN",
        help="A stored run to compare with. Repeat it for a more certain result.",
    ),
    "head": _define(str | None, metavar="REV", help="The git revision to check. [default: the working tree]"),
    "tolerances": _define(
        list[str] | None,
        "--tolerance",
        metavar="[METRIC=]VALUE",
        help="How much worse a metric may get: 0.05, traces=1, losses=rounding, quality=off. [times: 0.03]",
    ),
    "unsure": _define(
        str | None, metavar="fail|warn|pass", help="The result when the gate cannot tell. [default: fail]"
    ),
    "allow": _define(list[str] | None, metavar="WHAT", help="A difference to a stored run to accept, such as seed."),
    # Input and output
    "resume": _define(Path | None, metavar="RUN", help="Complete an interrupted run, by its plan."),
    "claims": _define(Path | None, metavar="FILE", help="Check the run against the claims in a TOML file."),
    "out": _define(Path | None, help="The directory for the run. [default: reports/RUN]"),
    "json": _define(str | None, metavar="FILE", help="Write the summary as JSON; - is stdout."),
    "verbose": _define(
        int,
        "-v",
        "--verbose",
        help="Log processes and decisions to standard error; -vv also logs every order.",
        default=0,
        count=True,
    ),
}
Claims, Json = OPTIONS["claims"].kind, OPTIONS["json"].kind
Formats = Annotated[
    str, typer.Option("--format", metavar="LIST", help=f"Formats to write next to the record, of {', '.join(FORMATS)}.")
]

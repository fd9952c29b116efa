"""The options of all commands, each said once: by the field of `Request` that it fills, or by a name of its own where a
command says something else of that field."""

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
    """One option: its type with its help, and its default."""

    kind: Any
    default: Any = None


class Memory(StrEnum):
    """How a profile watches memory."""

    USUAL = "usual"
    EXACT = "exact"


def _option(kind: Any, *flags: str, help: str = "", default: Any = None, shown: bool = False, **more: Any) -> Choice:
    """`shown`: typer adds the default to the help."""
    return Choice(Annotated[kind, typer.Option(*flags, help=help or None, show_default=shown, **more)], default)


OPTIONS: dict[str, Choice] = {
    "names": Choice(
        Annotated[list[str] | None, typer.Argument(help="Variants: NAME, file.py:Name or package.module:Name.")]
    ),
    "baseline": _option(str | None, help="Relate the others to this one. [default: the first]"),
    "case": _option(str | None, help="Which equation. [default: their collection's]"),
    "scale": _option(str | None, help="How large. [default: their collection's]"),
    "small_scale": _option(str | None, help="How large. [default: their collection's small one]"),
    "epochs": _option(int | None, help="Steady epochs to measure of each arm, in each block."),
    "length": _option(int | None, help="Epochs of each training. [default: a trainer's own]"),
    "blocks": _option(
        int | None, help="Blocks: fresh processes, the unit of replication. [default: until it is clear, 3 to 6]"
    ),
    "seeds": _option(
        int | None, "--seeds", help=f"Trainings of each arm, each from a seed of its own. [default: {SEEDS}]"
    ),
    "gate_blocks": _option(int | None, help="Fresh processes of each arm. [default: until it is clear, 3 to 8]"),
    "budget": _option(
        str | None,
        metavar="TIME",
        help="What the whole command may take, such as 90s or 2min. Epochs that are under way then are waited for.",
    ),
    "check_budget": _option(str | None, metavar="TIME", help=f"What the whole command may take. [default: {BUDGET}]"),
    "tolerance": _option(float, help="The difference that does not matter, as a share.", default=TOLERANCE, shown=True),
    "seed": _option(int | None, help="Of the training, and of the order of turns. [default: 0]"),
    "first_seed": _option(int | None, help="The first seed, and of the order of turns. [default: 0]"),
    "threads": _option(int | None, help="Threads of each arm. [default: all cores]"),
    "gate_threads": _option(int | None, help="Threads of each arm. [default: 1]"),
    "timeout": _option(float | None, help="Seconds without an answer after which an arm is given up. [default: 600]"),
    "gate_timeout": _option(float | None, help="Seconds without an answer after which an arm failed. [default: 120]"),
    "allow_nonfinite": _option(bool, "--allow-nonfinite", help="Go on when a loss is not finite.", default=False),
    "fresh": _option(
        bool | None,
        "--fresh/--forked",
        help="Start each arm as a process of its own, or fork all from one that has imported their framework."
        " [default: forked, where that can be]",
    ),
    "gate_fresh": _option(
        bool | None,
        "--fresh/--forked",
        help="As for compare. [default: forked, where that can be; as a stored run was]",
    ),
    # Of whole trainings.
    "evaluations": _option(
        int | None, help=f"Evaluations of each training, equally far apart. [default: {EVALUATIONS}]"
    ),
    "target": _option(str | None, metavar="METRIC=VALUE", help="When is METRIC at or below VALUE? Lower is better."),
    # Of an ablation.
    "start": _option(
        str | None,
        "--from",
        metavar="VARIANT",
        help="Without the changes. [default: --to with none of those that it declares]",
    ),
    "goal": _option(str | None, "--to", metavar="VARIANT", help="With all of them."),
    # Of a profile.
    "profiled": _option(str, "--variant", help="A variant: NAME, file.py:Name or package.module:Name.", default=...),
    "memory": _option(
        Memory,
        "--memory",
        help="exact: have memory that is freed handed back at once, so that peaks repeat; slower.",
        default=Memory.USUAL,
        shown=True,
    ),
    "watch": _option(
        list[str] | None,
        metavar="PASS",
        help="What to watch by, a pass each: phases, memory, operations, or file.py:Name or package.module:Name of a"
        " probe of your own. [default: the first three]",
    ),
    "trace": _option(
        Path | None, metavar="FILE", help="Write what happened when here, for Perfetto or chrome://tracing."
    ),
    # Of a self-check.
    "checked": _option(str | None, "--variant", help="Check with this one. [default: the first that is compared]"),
    # Of a gate: what is not given is in pyproject.toml, or in the stored runs.
    "variant": _option(list[str] | None, help="A variant to gate, as an argument would be."),
    "base": _option(str | None, metavar="REV", help="The git revision to hold it against."),
    "stored": _option(
        list[Path] | None,
        "--baseline",
        metavar="RUN",
        help="A stored run to hold it against; several tell more.",
    ),
    "head": _option(str | None, metavar="REV", help="What wants to pass. [default: the working tree]"),
    "tolerances": _option(
        list[str] | None,
        "--tolerance",
        metavar="[METRIC=]VALUE",
        help="How much worse a metric may get: 0.05, traces=1, losses=rounding, quality=off. [times: 0.03]",
    ),
    "unsure": _option(str | None, metavar="fail|warn|pass", help="What to do then. [default: fail]"),
    "allow": _option(list[str] | None, metavar="WHAT", help="A difference to a stored run that does not matter."),
    # Where a run comes from and goes to.
    "resume": _option(Path | None, metavar="RUN", help="Complete a run that was cut off, by its plan."),
    "claims": _option(Path | None, metavar="FILE", help="Hold the claims of a TOML file against the run."),
    "out": _option(Path | None, help="The run's own directory. [default: reports/RUN]"),
    "json": _option(str | None, metavar="FILE", help="Write the summary as JSON; - is stdout."),
}
Claims, Json = OPTIONS["claims"].kind, OPTIONS["json"].kind
Formats = Annotated[
    str, typer.Option("--format", metavar="LIST", help=f"What to write beside the record, of {', '.join(FORMATS)}.")
]

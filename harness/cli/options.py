"""The options that commands share, each said once."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from harness.report.formats.formats import ALL

Names = Annotated[list[str] | None, typer.Argument(help="Variants: NAME, file.py:Name or package.module:Name.")]
Case = Annotated[str | None, typer.Option(help="Which equation. [default: case1]", show_default=False)]
Scale = Annotated[str | None, typer.Option(help="How large. [default: laptop]", show_default=False)]
SmallScale = Annotated[str | None, typer.Option(help="How large. [default: smoke]", show_default=False)]
Epochs = Annotated[int | None, typer.Option(help="Steady epochs to measure of each arm, in each block.")]
From = Annotated[
    str | None,
    typer.Option(
        "--from",
        metavar="VARIANT",
        help="Without the changes. [default: --to with none of those that it declares]",
        show_default=False,
    ),
]
To = Annotated[str | None, typer.Option("--to", metavar="VARIANT", help="With all of them.", show_default=False)]
Blocks = Annotated[
    int | None,
    typer.Option(
        help="Blocks: fresh processes, the unit of replication. [default: until it is clear, 3 to 6]",
        show_default=False,
    ),
]
Budget = Annotated[
    str | None,
    typer.Option(
        metavar="TIME",
        help="What the whole command may take, such as 90s or 2min. Epochs that are under way then are waited for.",
    ),
]
Tolerance = Annotated[float, typer.Option(help="The difference that does not matter, as a share.")]
Seed = Annotated[int, typer.Option(help="Of the training, and of the order of turns.")]
Threads = Annotated[int | None, typer.Option(help="Threads of each arm. [default: all cores]", show_default=False)]
Timeout = Annotated[float, typer.Option(help="Seconds without an answer after which an arm is given up.")]
AllowNonfinite = Annotated[bool, typer.Option("--allow-nonfinite", help="Go on when a loss is not finite.")]
Fresh = Annotated[
    bool,
    typer.Option(
        "--fresh/--forked",
        help="Start each arm as a process of its own, or fork all from one that has imported their framework.",
    ),
]
Resume = Annotated[
    Path | None,
    typer.Option(metavar="RUN", help="Complete a run that was cut off, by its plan.", show_default=False),
]
Claims = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Hold the claims of a TOML file against the run.", show_default=False),
]
Out = Annotated[Path | None, typer.Option(help="The run's own directory. [default: reports/RUN]", show_default=False)]
Formats = Annotated[
    str, typer.Option("--format", metavar="LIST", help=f"What to write beside the record, of {', '.join(ALL)}.")
]
Json = Annotated[str | None, typer.Option("--json", metavar="FILE", help="Write the summary as JSON; - is stdout.")]


class Remembering(StrEnum):
    """How a profile watches memory."""

    USUAL = "usual"
    EXACT = "exact"


Memory = Annotated[
    Remembering,
    typer.Option(help="exact: have memory that is freed handed back at once, so that peaks repeat; slower."),
]
Trace = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Write what happened when here, for Perfetto or chrome://tracing."),
]

# Of a gate: what nobody says is in pyproject.toml, or in the stored runs.
Gated = Annotated[
    list[str] | None, typer.Option(help="A variant to gate, as an argument would be.", show_default=False)
]
Base = Annotated[
    str | None, typer.Option(metavar="REV", help="The git revision to hold it against.", show_default=False)
]
StoredRuns = Annotated[
    list[Path] | None,
    typer.Option(metavar="RUN", help="A stored run to hold it against; several tell more.", show_default=False),
]
Head = Annotated[
    str | None,
    typer.Option(metavar="REV", help="What wants to pass. [default: the working tree]", show_default=False),
]
GateBlocks = Annotated[
    int | None,
    typer.Option(help="Fresh processes of each arm. [default: until it is clear, 3 to 8]", show_default=False),
]
Tolerances = Annotated[
    list[str] | None,
    typer.Option(
        metavar="[METRIC=]VALUE",
        help="How much worse a metric may get: 0.05, traces=1, losses=rounding, quality=off. [times: 0.03]",
        show_default=False,
    ),
]
WhenUnsure = Annotated[
    str | None, typer.Option(metavar="fail|warn|pass", help="What to do then. [default: fail]", show_default=False)
]
Allow = Annotated[
    list[str] | None,
    typer.Option(metavar="WHAT", help="A difference to a stored run that does not matter.", show_default=False),
]
GateSeed = Annotated[int | None, typer.Option(help="Of the training, and of the order of turns.")]
GateThreads = Annotated[int | None, typer.Option(help="Threads of each arm. [default: 1]", show_default=False)]
GateTimeout = Annotated[
    float | None,
    typer.Option(help="Seconds without an answer after which an arm failed. [default: 120]", show_default=False),
]
GateFresh = Annotated[
    bool | None,
    typer.Option(
        "--fresh/--forked",
        help="As for compare. [default: forked, where that can be; as a stored run was]",
        show_default=False,
    ),
]

"""The options of a command, given in a shell, in Python or in a file. None means that an option was not given."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Request:
    """The options of all commands. Each command uses some of them; see `commands.base`."""

    names: tuple[str, ...] = ()
    """The variants: NAME, file.py:Name or package.module:Name."""
    baseline: str | None = None
    """The variant that the others are compared with."""
    case: str | None = None
    scale: str | None = None
    epochs: int | None = None
    """The number of epochs for each arm and block; for whole trainings, the length of each."""
    blocks: int | None = None
    """The number of blocks; for whole trainings, the number of seeds."""
    budget: str | None = None
    """The maximum duration of the whole command, such as `90s` or `2min`."""
    tolerance: float = 0.03
    """The relative difference that does not matter, as a fraction."""
    seed: int | None = None
    threads: int | None = None
    timeout: float | None = None
    """The seconds without an answer after which an arm is given up."""
    allow_nonfinite: bool = False
    fresh: bool | None = None
    """Whether each arm starts as a fresh process instead of being forked."""
    keep_caches: bool = False
    """Whether arms use the user's compile caches, and not empty ones of their own."""
    device: str | None = None
    """The only device that arms see: "cpu", or a GPU by number or UUID."""
    input: Path | None = None
    """The file that command lines read as their standard input."""
    epoch_at: tuple[str, ...] = ()
    """Where epochs of a command line end: each is `file.py:LINE`, `file.py:Class.method` or
    `package.module:Class.method`."""
    whole: bool = False
    """Whether command lines are measured as a whole, from start to end, and not by their epochs."""
    settings: tuple[str, ...] = ()
    """Arguments of the arms that are classes or functions, each as `NAME=VALUE`."""
    labels: tuple[str, ...] = ()
    """The labels of the arms, in their order; empty for the usual ones."""
    # Whole trainings
    evaluations: int | None = None
    """The number of evaluations in each training."""
    target: str | None = None
    """The goal of the trainings, as `METRIC=VALUE`."""
    # Ablation
    start: str | None = None
    """The variant without the changes."""
    goal: str | None = None
    """The variant with all changes."""
    # Profile
    exact_memory: bool = False
    """Whether freed memory is returned to the system at once, so that peaks are repeatable."""
    watch: tuple[str, ...] | None = None
    """The passes: a name, or `file.py:Name` or `package.module:Name` of a probe."""
    # Gate
    base: str | None = None
    """The git revision that the head is compared with."""
    head: str | None = None
    """The git revision to check; None means the working tree."""
    stored: tuple[Path, ...] = ()
    """Stored runs that the head is compared with instead of a revision."""
    tolerances: tuple[str, ...] = ()
    """Tolerances, each as `METRIC=VALUE`, or as a number such as `0.05`."""
    unsure: str | None = None
    """Whether an unsure check fails the gate, warns or passes."""
    allow: tuple[str, ...] = ()
    """The kinds of difference to a stored run that are accepted; see `record.compatibility.KINDS`."""

"""What a command is asked for, from a shell, from Python or by a file: None is what nobody said."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Request:
    """Everything that any command can be asked for. Each command takes some of it: see `commands.base`."""

    names: tuple[str, ...] = ()
    """Variants: NAME, file.py:Name or package.module:Name."""
    baseline: str | None = None
    """The one that the others are related to."""
    case: str | None = None
    scale: str | None = None
    epochs: int | None = None
    """Of each arm in each block; of whole trainings, the length of each."""
    blocks: int | None = None
    """Of whole trainings, the seeds."""
    budget: str | None = None
    """What the whole command may take, such as `90s` or `2min`."""
    tolerance: float = 0.03
    """The difference that does not matter, as a share."""
    seed: int | None = None
    threads: int | None = None
    timeout: float | None = None
    """Seconds without an answer after which an arm is given up."""
    allow_nonfinite: bool = False
    fresh: bool | None = None
    """Whether each arm starts as a process of its own, or is forked."""
    # Of whole trainings.
    evaluations: int | None = None
    target: str | None = None
    """`METRIC=VALUE`."""
    # Of an ablation.
    start: str | None = None
    """The variant without the changes."""
    goal: str | None = None
    """The one with all of them."""
    # Of a profile.
    exact_memory: bool = False
    watch: tuple[str, ...] | None = None
    """Its passes, by name or as `file.py:Name` or `package.module:Name` of a probe."""
    # Of a gate.
    base: str | None = None
    """The git revision that the head is held against."""
    head: str | None = None
    """The git revision that wants to pass; None is the working tree."""
    stored: tuple[Path, ...] = ()
    """Stored runs that it is held against in place of a revision."""
    tolerances: tuple[str, ...] = ()
    """`0.05` or `METRIC=VALUE`."""
    unsure: str | None = None
    allow: tuple[str, ...] = ()
    """Differences to a stored run that do not matter."""

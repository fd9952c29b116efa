"""The plan of a run: it is fixed before anything runs and is written to the first line of the record."""

import os
from typing import Any

import msgspec

from harness.catalog.command_lines import CommandLine
from harness.plan.cells import Ablation
from harness.plan.gate_rules import Gate, Triple
from harness.worker.wire.evidence import MEMORY, OPERATIONS, PHASES

PROBES = PHASES, MEMORY, OPERATIONS
"""The built-in probes of a profile; each has a separate pass."""
WHOLE = "the whole program"
UNSEEN = "the whole program, because no epoch was seen"
"""What marks the epoch of a program that is measured as a whole."""
EXACTLY = "exactly"
"""The name of a gate's counting pass, which uses no probe that costs time."""
ANOTHER_SEED = "another seed"
"""The name of the pass that runs the first epochs from another seed, without any probe."""
AMPLE = 180.0
"""The budget in seconds from which on a comparison samples as it would without a budget. With less it samples fewer
epochs of each kind and measures no rates of large products and sums: the time is better spent on more blocks."""
ROUNDS = 12
"""The default number of rounds of a block, for each kind of epoch if arms can seek. With `--epochs`, slices are kept
short enough for this many rounds in lockstep, or for half as many of each kind, because a trimmed mean needs some
rounds to trim."""
FEWEST_EPOCHS = 24
"""The minimum number of epochs of a kind in a block without `--epochs`, in however many rounds. With fewer, the work
that an arm does in every tenth epoch would be observed only by chance."""
COUNTED_FROM = 45.0
"""The budget in seconds from which on a comparison counts operations and times lines, which takes some seconds."""


class Arm(msgspec.Struct, frozen=True):
    """A participant in a run: a variant with its settings, git revision and label."""

    label: str
    variant: str
    settings: dict[str, Any] = {}
    revision: str | None = None
    """The git revision of its code; None means the working tree."""
    slowdown: float = 0.0
    """A planted slowdown, which the run should detect: the fraction of its time by which each epoch is lengthened."""
    command: CommandLine | None = None
    """The program, if the arm is a command line; `variant` is then the line as it was given."""


class Target(msgspec.Struct, frozen=True):
    """The goal of trainings: a metric at or below a value. Lower is better for every metric."""

    metric: str
    value: float


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that decides what a run does."""

    command: str
    arms: tuple[Arm, ...]
    baseline: str
    case: str | None
    """The equation to train; None if none was chosen and no arm lists its cases."""
    scale: str | None
    """The size of the training; None if none was chosen and no arm lists its scales."""
    epochs: int | None
    """The number of steady epochs for each arm and block, divided among the kinds; without `seek`, of epochs in order.
    None means enough to fill ten slices of each kind, at the arms' pace. If whole trainings run, the length of each;
    None then means each training's own length."""
    blocks: int
    """The maximum number of blocks. If the run adapts, the first looks may choose another."""
    rounds: int = ROUNDS
    """The number of rounds of a block, unless arms train to their end. If the run adapts, looks may choose fewer for
    the blocks that follow."""
    adapts: bool = False
    """Whether the numbers of blocks and of rounds follow from what blocks take and how much they scatter."""
    seed: int
    threads: int
    timeout: float = 600.0
    """The seconds in which an arm must build, or run one slice, before it is given up."""
    slice_seconds: float = 0.1
    """The least total time of a turn's counted epochs, in seconds; see `turn_length`."""
    settling_seconds: float = 0.1
    """The least total time of a turn's settling epochs, in seconds; see `turn_length`."""
    allow_nonfinite: bool = False
    fewest: int = 1
    """The minimum number of blocks. After these the run may stop if its verdicts are clear or cannot become clear."""
    tolerance: float = 0.03
    """The relative difference that does not matter, as a fraction: ratios between 1 / (1 + tolerance) and
    1 + tolerance are equivalent."""
    budget: float | None = None
    """The maximum duration of the whole command, including its start, in seconds."""
    patience: float | None = None
    """The seconds after which the run adds no blocks beyond the minimum, even if verdicts are unsure."""
    evaluations: int | None = None
    """If whole trainings run, the number of parts each is divided into; it is evaluated after each part. Else None."""
    target: Target | None = None
    counts_operations: bool = False
    """Whether arms count their operations in the first block, which takes each arm some seconds."""
    states_objectives: bool = False
    """Whether arms state the terms of their loss in their first blocks."""
    notes_phases: bool = False
    """Whether to record the phase of an epoch in which a function is traced."""
    exact_memory: bool = False
    """Whether the memory pass returns all freed memory to the system at once, so that peaks are repeatable."""
    references: tuple[str, ...] = ()
    """The labels of the arms that are not trainings, but references to compare trainings with."""
    keep_caches: bool = False
    """Whether arms use the user's compile caches that lie in the folder for temporary files. Otherwise each process
    begins with empty ones, so that all compile the same."""
    device: str | None = None
    """The only device that arms see: "cpu", or a GPU by number or UUID. None if they see those that the user's settings
    allow."""
    probes: tuple[str, ...] = ()
    """The probes that observe each arm after the timed epochs of the first block, each in a separate pass; see
    `worker.passes`."""
    tries_another_seed: bool = False
    """Whether the first epochs of each arm run from another seed too, after those passes, to see whether it changes
    anything."""
    preload: tuple[str, ...] = ()
    """The modules that are imported in the process from which a block's arms, except references, are forked, if the
    system supports that. Empty if each arm starts as a fresh process."""
    warms: bool = False
    """Whether arms, except references, are forked from the second block on, from processes that have imported what the
    arms imported in the first one, if that is seen to be safe. Otherwise they start as fresh processes."""
    ablation: Ablation | None = None
    """The changes to ablate, if the run is an ablation; each arm then has some of them applied."""
    gate: Gate | None = None
    """The arms that a gate compares, and their tolerances; None if the run is not for a gate."""

    def labels(self, block: int) -> list[str]:
        """Return the labels of the arms that take part in a block."""
        return self.ablation.labels(block) if self.ablation else [arm.label for arm in self.arms]

    def __post_init__(self) -> None:
        """Check the consistency of the fields, since a record may contain anything. Raises ValueError."""
        if self.ablation and 0 < len(self.ablation.orders) < self.blocks:
            raise ValueError("an ablation must have an order for every block, or no orders")

    @property
    def trains(self) -> bool:
        """Whether whole trainings run, with a different seed for each block; otherwise epochs are sampled."""
        return self.evaluations is not None

    @property
    def whole(self) -> bool:
        """Whether programs are measured as a whole, each run as one epoch."""
        return any(arm.command is not None and arm.command.whole for arm in self.arms)

    def as_wholes(self) -> "Plan":
        """Return the plan that measures the programs as a whole, because no epoch of one of them was seen."""
        arms = [
            msgspec.structs.replace(arm, command=msgspec.structs.replace(arm.command, whole=UNSEEN))
            for arm in self.arms
            if arm.command
        ]
        return msgspec.structs.replace(self, arms=tuple(arms))

    @property
    def may_warm(self) -> bool:
        """Whether processes may be forked from the second block on. A program that is timed as a whole has to import
        its libraries, and whole trainings have another seed in each block."""
        return self.warms and not (self.whole or self.trains or self.profiles)

    @property
    def profiles(self) -> bool:
        """Whether one variant is profiled, with any number of passes."""
        return self.notes_phases or bool(self.probes)

    def of(self, triple: Triple) -> "Plan":
        """Return the part of a gate's plan that concerns one variant."""
        own = tuple(arm for arm in self.arms if arm.label in triple.arms)
        return msgspec.structs.replace(self, arms=own, baseline=triple.baseline)

    def seed_of(self, block: int) -> int:
        """Return the random seed of a block."""
        return self.seed + block if self.trains else self.seed

    @property
    def another_seed(self) -> int:
        """The seed with which that of the plan is compared."""
        return self.seed + 1

    def length_of(self, label: str) -> int | None:
        """Return the number of epochs to train an arm for; None if the plan does not set it."""
        return self.epochs if self.trains and label not in self.references else None


def usable_cores() -> list[int]:
    """Return the indices of the processors that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))

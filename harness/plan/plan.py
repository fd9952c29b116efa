"""What will run: fixed before anything runs, and written to the record's first line."""

import os
from typing import Any

import msgspec

from harness.plan.cells import Ablation
from harness.plan.gate_rules import Gate, Triple
from harness.worker.wire.evidence import MEMORY, OPERATIONS, PHASES

PROBES = PHASES, MEMORY, OPERATIONS
"""What a profile watches by: a pass each."""
EXACTLY = "exactly"
"""A gate's pass, in which nothing is watched that costs time: it counts."""
AMPLE = 180.0
"""Seconds of budget from which on a comparison samples what it would without one. With less it samples fewer epochs of
each kind, and counts no operations: blocks, of which there are then more, are a better use for the time."""


class Arm(msgspec.Struct, frozen=True):
    """A variant taking part: which one, with what settings, from which git revision, under what label."""

    label: str
    variant: str
    settings: dict[str, Any] = {}
    revision: str | None = None
    """None is the working tree."""
    slowdown: float = 0.0
    """A planted one: the share of each epoch's time by which it is drawn out, so that there is something to find."""


class Target(msgspec.Struct, frozen=True):
    """What trainings are to reach: a metric at or below a value. Lower is better for every metric."""

    metric: str
    value: float


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that decides what a run does."""

    command: str
    arms: tuple[Arm, ...]
    baseline: str
    case: str | None
    """None where nobody asked for one and no arm says that it has any; likewise `scale`."""
    scale: str | None
    epochs: int | None
    """Steady epochs an arm and block, shared among the kinds; without `seek`, epochs in order. None: as many as fill
    ten slices of each kind, by the arms' pace. Where whole trainings run, the length of each; None: its own."""
    blocks: int
    """At most."""
    seed: int
    threads: int
    timeout: float = 600.0
    """Seconds that an arm may take to build, or to run one slice, before it is given up."""
    slice_seconds: float = 0.1
    """What the counted epochs of a turn last at least; `settling_seconds`, those before them: see `turn_length`."""
    settling_seconds: float = 0.1
    allow_nonfinite: bool = False
    fewest: int = 1
    """Blocks before it may stop: because all is clear, or cannot become so."""
    tolerance: float = 0.03
    """The difference that does not matter, as a share: what lies between 1 / (1 + tolerance) and 1 + tolerance."""
    budget: float | None = None
    """Seconds that the whole command may take, its start included."""
    patience: float | None = None
    """Seconds after which it runs no more blocks than the fewest, for the sake of those that are unsure."""
    evaluations: int | None = None
    """Where whole trainings run, how many parts each is divided into, to be evaluated after every one; else None."""
    target: Target | None = None
    counts_operations: bool = False
    """Whether arms count their operations in the first block, which takes some seconds of each."""
    states_objectives: bool = False
    """Whether arms state the terms of their loss in their first blocks."""
    notes_phases: bool = False
    """Whether it is noted in which phase of an epoch a function is traced."""
    exact_memory: bool = False
    """Whether the pass that watches memory has all that is freed handed back at once, so that peaks repeat."""
    references: tuple[str, ...] = ()
    """Labels of the arms that are no trainings, but what to hold those against."""
    probes: tuple[str, ...] = ()
    """What each arm is watched by once the blocks are done: a pass each, see `worker.passes`."""
    preload: tuple[str, ...] = ()
    """The modules that a process has imported before the arms of a block, references apart, are forked from it, if the
    system can do that; empty where each starts as a process of its own."""
    ablation: Ablation | None = None
    """Where changes are taken apart, which; each arm has then made some of them."""
    gate: Gate | None = None
    """Which arms belong together, and what they may differ by; None where nobody asked for that."""

    def labels(self, block: int) -> list[str]:
        """The arms that take part in a block."""
        return self.ablation.labels(block) if self.ablation else [arm.label for arm in self.arms]

    def __post_init__(self) -> None:
        """A record may hold anything. Raises ValueError for what no plan can be."""
        if self.ablation and 0 < len(self.ablation.orders) < self.blocks:
            raise ValueError("an ablation has an order for every block, or none at all")

    @property
    def trains(self) -> bool:
        """Whether whole trainings run, each block from a seed of its own; else epochs are sampled."""
        return self.evaluations is not None

    def of(self, triple: Triple) -> "Plan":
        """The part of a gate's plan that is about one variant."""
        own = tuple(arm for arm in self.arms if arm.label in triple.arms)
        return msgspec.structs.replace(self, arms=own, baseline=triple.base or triple.head)

    def seed_of(self, block: int) -> int:
        return self.seed + block if self.trains else self.seed

    def length_of(self, label: str) -> int | None:
        """The length that an arm is to train for, where the plan says so."""
        return self.epochs if self.trains and label not in self.references else None


def usable_cores() -> list[int]:
    """The processors this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))

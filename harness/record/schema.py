"""What a record is made of: one type a line, each written as one JSON object with its tag under `line`."""

from typing import Annotated, Any, Literal

import msgspec

from harness.plan.plan import Plan
from harness.record import evidence
from harness.worker.wire.evidence import Variables
from harness.worker.wire.messages import Description, Idle

SCHEMA = 2
TIMELINE = "timeline.json"
"""The file beside a record in which a profile draws what happened when."""
MEMORY_LINE = "block0-memory.dat"
"""The file among a record's logs in which a profile keeps the memory of its process over time."""


class Epoch(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """As `worker.wire.messages.Epoch`."""

    index: int
    kind: str
    wall: Annotated[float, msgspec.Meta(gt=0)]
    """Seconds."""
    cpu: float
    """Processor seconds over all threads of the process."""
    losses: dict[str, float | None]
    """As the trainer returned them; None for one that was not finite."""
    first: bool = False
    """The first epoch of its kind in this process: it may trace and compile."""
    sizes: dict[str, float] = {}
    """The trainer's `state()` just before it; empty where that is what it was before the slice's previous epoch."""
    evidence: dict[str, Any] = {}
    """What probes saw, by the probe's name; see `record.evidence` for those that are known here."""

    def __post_init__(self) -> None:
        """Evidence that is known is checked, and has its type. Raises ValueError."""
        if self.evidence:
            evidence.check(self.evidence)


class Header(msgspec.Struct, frozen=True, kw_only=True, tag_field="line", tag="header"):
    schema: int
    run: str
    started: str
    """Local time, ISO 8601, with its offset from UTC."""
    plan: Plan
    machine: dict[str, Any]
    versions: dict[str, str]
    commit: str | None
    code: str | None = None
    """Another one where the working directory's code is another, or a variant's: see `engine.revisions.repository`."""


class BlockStart(msgspec.Struct, frozen=True, tag_field="line", tag="block start"):
    block: int
    group: int
    """Arms of one group are related to each other. A block is one group, unless memory demands a pair for each arm."""
    order: list[str]
    """Labels, in the order in which the processes are started."""
    one_by_one: bool = False
    """Whether not even these fit in memory together, so that each runs its epochs before the next one starts."""


class ArmReady(msgspec.Struct, frozen=True, kw_only=True, tag_field="line", tag="arm ready"):
    block: int
    group: int
    arm: str
    pid: int
    build_seconds: float
    """From the start of the process until its trainer was built; where it was forked, the imports came before."""
    description: Description
    environment: dict[str, str]
    """What was set before the framework was loaded."""
    versions: dict[str, str]
    """Of the numerical libraries that it had loaded, by module."""
    started: Literal["fresh", "forked"] = "fresh"
    """Forked: from a process of this block that had imported the plan's `preload`, and done nothing else. Its peak
    memory begins with what that one had allocated; pages of libraries count only once it uses them itself, so peaks of
    forked and of fresh arms are not to be compared."""
    seeded: dict[str, str] = {}
    """By the module that has a random generator, what that was set to."""
    unavailable: dict[str, str] = {}
    """What cannot be watched in it, and why, as far as that was known by then: see the one at its end."""


class Slice(msgspec.Struct, frozen=True, kw_only=True, tag_field="line", tag="slice"):
    block: int
    group: int
    round: int
    """Round 0 is what runs apart from the turns: first epochs and shapes, and the epoch after a refinement."""
    position: int
    """This arm's turn within the round."""
    arm: str
    epochs: list[Epoch]
    idle: Idle | None = None
    """What it did before, while it was others' turn."""
    probe: str | None = None
    """What these epochs were watched by; what they took is then not what they take."""
    settling: int = 0
    """How many of these, the last ones, only settled: the slice of the same turn follows."""
    between: float | None = None
    """Seconds of the order with which these epochs were run that were no epoch's: `seek`, `state`, and harness itself.
    With the walls of all epochs they make the wall clock of the arm's turns. None where the order had another slice
    too, which has it, and of records from before it was kept."""


class Objective(msgspec.Struct, frozen=True, tag_field="line", tag="objective"):
    """What the terms of an arm's loss were before any training, on a batch that is the same for every arm."""

    block: int
    group: int
    arm: str
    terms: dict[str, float | None]
    """As `objective()` returned them; None for one that was not finite."""


class Work(msgspec.Struct, frozen=True, kw_only=True, tag_field="line", tag="work"):
    """How much an arm's epochs compute. It is the same in every block, so an arm counts once."""

    block: int
    group: int
    arm: str
    flops: dict[str, float]
    """Floating-point operations of an epoch's matrix products, by the kinds for which they could be counted."""
    unavailable: str | None = None
    """Why those of the other kinds could not."""
    gemm_flops_per_second: Annotated[float, msgspec.Meta(gt=0)] | None = None
    """What large matrix products reach in the same process; None where no framework's can be counted."""
    parts: dict[str, dict[str, float]] = {}
    """The operations of each kind by `tf.name_scope`; empty for what is in none."""
    variables: Variables | None = None
    """None where that was not asked, or no framework says."""


class Evaluation(msgspec.Struct, frozen=True, tag_field="line", tag="evaluation"):
    """What a training had come to, between two of its slices."""

    block: int
    group: int
    arm: str
    epochs: int
    """How many it had been trained for."""
    metrics: dict[str, float | None]
    """As the trainer returned them, lower being better; None for one that was not finite."""


class Stored(msgspec.Struct, frozen=True, kw_only=True, tag_field="line", tag="stored"):
    """What an earlier run measured of a variant, by which a gate judges its head."""

    run: str
    arm: str
    """The head that it is for; in its own run it may have had another label."""
    seconds: dict[str, float]
    """By what is timed, see `analysis.gate.stored`."""
    epochs: list[Epoch]
    """Of one process, in order."""
    peak_rss_bytes: int | None = None
    peak_tensor_bytes: int | None = None
    flops: dict[str, float] = {}
    metrics: dict[str, float | None] = {}
    unavailable: dict[str, str] = {}
    counted: bool = False
    """Whether those epochs are a gate's, which ran them to be counted."""
    once: float = 0.0
    """The share of its training that went to tracing and compiling."""


class ArmEnd(msgspec.Struct, frozen=True, kw_only=True, tag_field="line", tag="arm end"):
    block: int
    group: int
    arm: str
    status: str
    """`ok`, `failed`, or `regrouped`: ended early, because the group's arms did not fit in memory together."""
    reason: str | None = None
    moment: str | None = None
    """When it failed: `while it was built`, `in epoch 3`, ..."""
    last_lines: list[str] = []
    """The last lines that it printed, where it failed."""
    peak_rss_bytes: int | None = None
    peak_tensor_bytes: int | None = None
    unavailable: dict[str, str] = {}
    """What could not be watched in it, and why."""
    versions: dict[str, str] = {}
    """Of what it had loaded by then; `seeded` likewise."""
    seeded: dict[str, str] = {}


class BlockEnd(msgspec.Struct, frozen=True, tag_field="line", tag="block end"):
    block: int
    seconds: float | None = None
    """Wall-clock time from its start, that of starting its processes included."""


class BlockAgain(msgspec.Struct, frozen=True, tag_field="line", tag="block again"):
    """A block begins again, through no fault of its arms. What stands above of it is of no account."""

    block: int
    why: str


class Look(msgspec.Struct, frozen=True, tag_field="line", tag="look"):
    """What was decided after a block."""

    block: int
    go_on: bool
    why: str


class Resume(msgspec.Struct, frozen=True, tag_field="line", tag="resume"):
    """A run that was cut off goes on. What stands above of a block that did not end is of no account: it runs again."""

    started: str
    machine: dict[str, Any]
    commit: str | None


class Footer(msgspec.Struct, frozen=True, tag_field="line", tag="footer"):
    status: str
    """`complete`, `out of time` (its budget ended within a block), or `interrupted`."""
    ended: str


Measured = ArmReady | Objective | Slice | Evaluation | Work | ArmEnd
"""What one arm did."""
Line = Header | Stored | BlockStart | Measured | BlockAgain | BlockEnd | Look | Resume | Footer

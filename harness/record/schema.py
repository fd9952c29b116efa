"""The types of a record's lines. Each line is one JSON object, which names its type in the field `line`."""

from enum import StrEnum
from typing import Annotated, Any, Literal, NamedTuple

import msgspec

from harness.plan.plan import Plan
from harness.record import evidence
from harness.worker.wire.evidence import Between, LineUse, OneByOne, TensorPeak, Timed, Variables
from harness.worker.wire.messages import Description, Idle

SCHEMA = 2
TIMELINE = "timeline.json"
"""The file next to a record in which a profile stores its timeline."""
RSS_SAMPLES = "block0-memory.dat"
"""The file among a record's logs in which a profile stores the memory of its process over time."""


class Epoch(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One epoch that ran: the same as `worker.wire.messages.Epoch`."""

    index: int
    """The place of the epoch in the schedule, from 0."""
    kind: str
    """The trainer's kind of this epoch; kinds cost differently."""
    wall: Annotated[float, msgspec.Meta(gt=0)]
    """Wall-clock time in seconds."""
    cpu: float
    """CPU time in seconds, over all threads of the process."""
    losses: dict[str, float | None]
    """The losses that the trainer returned; None for a loss that was not finite."""
    first: bool = False
    """Whether it is the first epoch of its kind in this process, which may trace and compile."""
    sizes: dict[str, float] = {}
    """The trainer's `state()` just before the epoch; empty if it has not changed since the slice's previous epoch."""
    evidence: dict[str, Any] = {}
    """What probes observed, by the probe's name; see `record.evidence` for the built-in probes."""

    def __post_init__(self) -> None:
        """Check the evidence of built-in probes and convert it to its type. Raises ValueError."""
        if self.evidence:
            evidence.check(self.evidence)


class Header(msgspec.Struct, frozen=True, kw_only=True, tag_field="line", tag="header"):
    """The first line of a record: the plan, and where it runs."""

    schema: int
    run: str
    """The name of the run."""
    started: str
    """The local time of the start in ISO 8601, with its offset from UTC."""
    plan: Plan
    machine: dict[str, Any]
    """Facts about the machine, such as its processor."""
    versions: dict[str, str]
    """The installed versions, by package."""
    commit: str | None
    """The git commit of the working directory; None outside a repository."""
    code: str | None = None
    """A hash of the code in the working directory and of the variants' files; see `engine.revisions.repository`."""


class BlockStart(msgspec.Struct, frozen=True, tag_field="line", tag="block start"):
    """A group of a block starts. Later lines refer to it by its block and group, both counted from 0."""

    block: int
    group: int
    """The number of the group. Only arms of one group are compared with each other. A block has one group for timed
    epochs, or several if memory requires a pair for each arm or a gate has several variants. Passes under a probe are
    further groups."""
    order: list[str]
    """The labels of the group's arms, in the order in which their processes start."""
    one_by_one: bool = False
    """Whether even these arms do not fit in memory together, so that each runs its epochs before the next starts."""
    repeatable: bool = False
    """Whether frameworks are asked for kernels that repeat themselves on GPUs. That is so only in the pass in which a
    gate counts and compares losses, never where epochs are timed."""


class ArmReady(msgspec.Struct, frozen=True, kw_only=True, tag_field="line", tag="arm ready"):
    """The process of an arm has built its trainer."""

    block: int
    group: int
    arm: str
    pid: int
    build_seconds: float
    """Seconds from the start of the process until its trainer was built. A forked process starts after the imports."""
    description: Description
    """What the trainer reports about itself, such as its schedule."""
    environment: dict[str, str]
    """The environment variables that were set before the framework was loaded."""
    versions: dict[str, str]
    """The versions of the numerical libraries that the process had loaded, by module."""
    started: Literal["fresh", "forked"] = "fresh"
    """How the process started. A forked one comes from a process that had imported the plan's `preload`, or what the
    arm's first process imported, and done nothing else. Its peak memory starts with what that process had allocated,
    and pages of libraries count only once it uses them itself. So peaks of forked and fresh arms are not comparable."""
    not_forkable: str = ""
    """Why no later process may be forked in its place from one that has imported its libraries; empty if one may, or if
    that was not considered."""
    seeded: dict[str, str] = {}
    """How each random generator was seeded, by the module of the generator."""
    unavailable: dict[str, str] = {}
    """What cannot be observed in the process, with the reasons known so far; see also `ArmEnd.unavailable`."""
    python: str = ""
    """The version of its interpreter; empty in older records."""
    prefix: str = ""
    """The folder of its interpreter's environment; empty in older records."""


class GpuState(NamedTuple):
    """The clock of a GPU at one moment."""

    gpu: int
    """Its number."""
    clock: int
    """The clock of its multiprocessors, in MHz."""
    highest: int
    """The highest clock that it allows, in MHz."""
    slowed_by: list[str]
    """What held the clock down: heat, power, or nothing."""


class Slice(msgspec.Struct, frozen=True, kw_only=True, tag_field="line", tag="slice"):
    """Epochs that one arm ran in one go."""

    block: int
    group: int
    round: int
    """The round. Round 0 is for epochs that count towards no round: first epochs and shapes, the epoch after a
    refinement, and settling epochs."""
    position: int
    """The place of the arm's turn within the round."""
    arm: str
    epochs: list[Epoch]
    idle: Idle | None = None
    """What the process did before, while it was other arms' turn."""
    probe: str | None = None
    """The probe or pass that observed these epochs; their times then include its cost. None for timed epochs."""
    settling: int = 0
    """The number of epochs at the end of this slice that only let the arm settle; the counted slice of the same turn
    follows."""
    between: float | None = None
    """Seconds of the arm's turn outside its epochs: in `seek`, in `state` and in harness itself. Together with the wall
    times of all epochs it makes the wall-clock time of the arm's turns. None if another slice of the same turn has it,
    and in records made before it was stored."""
    pending: float | None = None
    """Seconds of the wall times of the turn's epochs in which their work was waited for after they had returned. None
    if another slice of the same turn has it, and in records made before it was stored."""
    gpus: list[GpuState] = []
    """The clocks of the machine's GPUs at the end of the turn. Empty if another slice of the same turn has them."""
    early: bool = False
    """Whether epochs of the turn returned long before their work was done: only their time together is known, and each
    has an equal share of it."""


class Objective(msgspec.Struct, frozen=True, tag_field="line", tag="objective"):
    """The terms of an arm's loss before any training, on a batch that is the same for every arm."""

    block: int
    group: int
    arm: str
    terms: dict[str, float | None]
    """The terms that `objective()` returned; None for a term that was not finite."""


class Work(msgspec.Struct, frozen=True, kw_only=True, tag_field="line", tag="work"):
    """The amount of computation in an arm's epochs. It is the same in every block, so each arm is counted once."""

    block: int
    group: int
    arm: str
    flops: dict[str, float]
    """The floating-point operations in an epoch's matrix products, by kind, for the kinds that could be counted."""
    unavailable: str | None = None
    """The reason why the other kinds, or a part of the incomplete ones, could not be counted."""
    incomplete: list[str] = []
    """The kinds of which a part is not counted, so that they do more than is said."""
    gemm_flops_per_second: Annotated[float, msgspec.Meta(gt=0)] | None = None
    """The rate of large matrix products in the same process; None if no framework's operations can be counted."""
    parts: dict[str, dict[str, float]] = {}
    """The operations of each kind, by `tf.name_scope`; the key is empty for operations outside any scope."""
    lines: dict[str, list[LineUse]] = {}
    """The operations of each kind, by line of the user's own code, the most first; empty if no framework tells them."""
    timed: dict[str, Timed] = {}
    """The epoch of each kind in which the operations of lines were timed."""
    untimed: str | None = None
    """The reason why the time of lines is unknown."""
    between: dict[str, list[Between]] = {}
    """The lines that run between the operations of these epochs, the most first; empty if too few samples tell."""
    one_by_one: dict[str, OneByOne] = {}
    """The operations that run one by one, if the framework has another way."""
    memory_bytes_per_second: Annotated[float, msgspec.Meta(gt=0)] | None = None
    """The rate at which the same process adds large vectors, reads and writes together."""
    sources: dict[str, dict[int, str]] = {}
    """The text of the lines that are named and of some around them, by file and number; empty in older records."""
    tensors: dict[str, TensorPeak] = {}
    """The peak memory of tensors that no allocator counts, by kind of epoch."""
    no_tensors: str | None = None
    """The reason why there is none."""
    variables: Variables | None = None
    """The variables of the training; None if they were not requested or no framework reports them."""

    @property
    def complete_flops(self) -> dict[str, float]:
        """The operations of the kinds that were counted in full, and can be compared."""
        return {kind: number for kind, number in self.flops.items() if kind not in self.incomplete}


class Evaluation(msgspec.Struct, frozen=True, tag_field="line", tag="evaluation"):
    """The quality of a training, evaluated between two of its slices."""

    block: int
    group: int
    arm: str
    epochs: int
    """The number of epochs it had been trained for."""
    metrics: dict[str, float | None]
    """The metrics that the trainer returned, of which lower is better; None for a metric that was not finite."""


class Stored(msgspec.Struct, frozen=True, kw_only=True, tag_field="line", tag="stored"):
    """The measurements of a variant in an earlier run, which a gate compares its head with."""

    run: str
    """The name of the earlier run."""
    arm: str
    """The label of the head that these measurements are for; the earlier run may have used another label."""
    seconds: dict[str, float]
    """The times in seconds, by what was timed; see `analysis.gate.stored`."""
    epochs: list[Epoch]
    """The epochs of one process, in order."""
    peak_rss_bytes: int | None = None
    peak_tensor_bytes: int | None = None
    flops: dict[str, float] = {}
    metrics: dict[str, float | None] = {}
    figures: dict[str, float] = {}
    """The values of the other metrics that a gate can compare exactly, such as those that users registered."""
    unavailable: dict[str, str] = {}
    counted: bool = False
    """Whether `epochs` comes from the counting pass of a gate."""
    once: float = 0.0
    """The fraction of its training time spent on tracing and compiling."""


class ArmEnd(msgspec.Struct, frozen=True, kw_only=True, tag_field="line", tag="arm end"):
    """The process of an arm has ended."""

    block: int
    group: int
    arm: str
    status: str
    """`ok`, `failed`, or `regrouped`: ended early, because the group's arms did not fit in memory together. `tried`: it
    failed from another seed than that of the run, which is no failure of the arm."""
    reason: str | None = None
    """Why it failed or ended early."""
    moment: str | None = None
    """When it failed: `while it was being built`, `in epoch 3`, ..."""
    last_lines: list[str] = []
    """The last lines of its output, if it failed."""
    peak_rss_bytes: int | None = None
    """The peak resident memory of the process; None if it was not measured."""
    peak_tensor_bytes: int | None = None
    """The peak memory of the framework's tensors; None if it was not measured."""
    gpu_bytes: dict[int, int] = {}
    """The memory that the process held at its end, its context included, as the driver counts it, by the number of the
    GPU. Empty if it used none, or the driver does not tell."""
    unavailable: dict[str, str] = {}
    """What could not be observed in the process, and why."""
    versions: dict[str, str] = {}
    """The versions of the numerical libraries that the process had loaded by its end, by module."""
    seeded: dict[str, str] = {}
    """How each random generator that it had loaded by its end was seeded, by the module of the generator."""
    threads: dict[str, int] = {}
    """The number of threads that each framework said it used by its end, by the name of the framework."""
    threads_set_by: dict[str, str] = {}
    """The line of the program that had set it, as `file:line`, by the name of the framework."""
    arithmetic: dict[str, str] = {}
    """What decided, by its end, in which arithmetic the frameworks computed: precision, TF32, deterministic kernels."""
    after_seconds: float | None = None
    """Seconds that its program ran after its last epoch. None if it did not run to its own end."""
    loop: str | None = None
    """The loop in which its program computed gradients, as `file:line`, if it ran as a whole because no epoch was seen;
    None if no such loop was seen either."""
    trained: bool = False
    """Whether its program trained to its own end; its epochs are then all that it has."""


class BlockEnd(msgspec.Struct, frozen=True, tag_field="line", tag="block end"):
    """A block is complete."""

    block: int
    seconds: float | None = None
    """Wall-clock time of the block in seconds, including the start of its processes."""


class BlockAgain(msgspec.Struct, frozen=True, tag_field="line", tag="block again"):
    """A block starts again, although its arms did not fail. Its earlier lines are void."""

    block: int
    why: str
    """The reason for the new start."""


class LookReason(StrEnum):
    """Why a run goes on or stops after a block."""

    ALL_BLOCKS = "all planned blocks are done"
    BUDGET = "another block exceeds the budget"
    FEWEST = "fewer blocks than were asked for"
    NO_VERDICT_YET = "too few blocks for a verdict"
    NOTHING_TO_COMPARE = "nothing to compare"
    BASELINE_FAILED = "the baseline failed"
    OTHERS_FAILED = "all arms but the baseline failed"
    ARM_FAILED = "an arm failed, and all are needed"
    CLEAR = "every verdict is clear"
    BETWEEN_LOOKS = "the next look is later"
    UNSURE = "verdicts are unsure"
    HOPELESS = "verdicts would stay unsure"
    PATIENCE = "verdicts are unsure, but another block takes too long"
    NO_TIMES = "no time is gated"
    REGRESSED = "a time has regressed"


class Look(msgspec.Struct, frozen=True, tag_field="line", tag="look"):
    """The decision after a block whether to run another one."""

    block: int
    go_on: bool
    reason: LookReason | None = None
    """The reason for the decision; None in older records."""
    names: list[str] = []
    """The arms, or in an ablation the changes, that the reason is about."""
    number: int | None = None
    """What the reason counts: blocks that are done, or after which the next look is, verdicts, or times of a gate."""
    why: str = ""
    """The reason in words, in older records."""
    most: int | None = None
    """The maximum number of blocks from here on; None if it does not change."""
    rounds: int | None = None
    """The number of rounds of the blocks from here on; None if it does not change."""
    seconds: float | None = None
    """Seconds until verdicts that are unsure will probably be clear; None if that is not foreseen."""


class Resume(msgspec.Struct, frozen=True, tag_field="line", tag="resume"):
    """An interrupted run resumes. Earlier lines of a block that did not end are void, because the block runs again."""

    started: str
    machine: dict[str, Any]
    commit: str | None


class Footer(msgspec.Struct, frozen=True, tag_field="line", tag="footer"):
    """The last line of a record, unless the run was killed."""

    status: str
    """`complete`, `out of time` (its budget ended within a block), or `interrupted`."""
    ended: str
    """The local time of the end in ISO 8601, with its offset from UTC."""


Measured = ArmReady | Objective | Slice | Evaluation | Work | ArmEnd
"""The lines that describe one arm."""
Line = Header | Stored | BlockStart | Measured | BlockAgain | BlockEnd | Look | Resume | Footer

"""The summary of a run: what `--json` writes for other programs, and what every report is made from."""

from collections.abc import Mapping
from typing import Any

import msgspec

from harness.analysis.comparison.exact import Exact
from harness.analysis.comparison.losses import Relation
from harness.analysis.comparison.shares_of_changes import Attribution
from harness.analysis.comparison.tracing import TracingChange
from harness.analysis.comparison.unsound import Unsound
from harness.analysis.comparison.why import Why
from harness.analysis.epochs.accounting import Accounted
from harness.analysis.epochs.accounts import Scope
from harness.analysis.epochs.projection import Seconds
from harness.analysis.gate.judge import GateVerdict
from harness.analysis.machine.facts import Finding
from harness.analysis.machine.gpu_clocks import Clocks
from harness.analysis.machine.selfcheck import SelfCheck
from harness.analysis.metrics.base import Measured
from harness.analysis.metrics.claims import Checked
from harness.analysis.metrics.registry import METRICS
from harness.analysis.profile.bounds import Bound
from harness.analysis.profile.growth import Growth
from harness.analysis.profile.operations import Profile
from harness.analysis.profile.phases import Phase
from harness.analysis.profile.tracings import Compiled, Traced
from harness.analysis.stats.ratios import Ratio
from harness.analysis.training.convergence import Convergence
from harness.analysis.training.seeds import SeedIgnored
from harness.plan.gate_rules import EPOCH_TIME, FLOPS, TOTAL_TIME
from harness.worker.wire.evidence import Between, LineUse, TensorPeak, Timed, Variables

SCHEMA = 3


class Profiled(msgspec.Struct, frozen=True):
    """The data of a profile's tables. A field is empty if nothing happened or nothing was observed: see
    `ArmSummary.unavailable`."""

    traces: list[Traced]
    compilations: list[Compiled]
    phases: list[Phase]
    """Phases by kind of epoch."""
    operations: dict[str, Profile]
    """The time of operations by kind of epoch, by type and by part of the step."""
    parts: dict[str, dict[str, float]]
    """Floating-point operations of matrix products by kind of epoch, and by part of the step."""
    growth: dict[str, Growth]
    """The growth of resident memory from epoch to epoch, by kind."""
    variables: Variables | None
    """The bytes of the trainer's variables."""


class ProfileFinding(msgspec.Struct, frozen=True):
    """A finding of a profile; see `rules.Found`."""

    rule: str
    text: str
    seconds: float | None
    share: float
    most_share: float | None


class ArmSummary(msgspec.Struct, frozen=True):
    """One arm. What was not measured is None (null in JSON), never 0."""

    name: str
    status: str
    """`ok`, `failed`, `cut off` (the run ended before it did), or `not run`."""
    reason: str | None
    verdict: str | None
    """`faster`, `slower`, `same` or `unsure`, from three blocks on."""
    metrics: dict[str, Measured] = {}
    """Every metric by its public name, such as `epoch_time` or `quality.error`: see `analysis.metrics`."""
    commonest: str | None = None
    """The most frequent kind of epoch, which `epoch_time` and `flops` are about."""
    gemm_flops_per_second: float | None = None
    """The rate of large matrix products in the arm's process."""
    memory_bytes_per_second: float | None = None
    """The rate at which large vectors are added in the arm's process, reads and writes together."""
    gemm_share: float | None = None
    """The rate of epochs of the commonest kind, relative to `gemm_flops_per_second`."""
    gemm_share_by_kind: dict[str, float] | None = None
    """`gemm_share` for each kind of epoch."""
    incomplete_flops: list[str] = []
    """The kinds of epoch of whose operations only a part is counted: `flops` says at least how many they are."""
    lines: dict[str, list[LineUse]] = {}
    """What its own lines do, the most first, by kind of epoch; empty if no framework tells it."""
    timed: dict[str, Timed] = {}
    """The epoch of each kind in which the operations of lines were timed."""
    untimed: str | None = None
    """Why the time of its lines is not known."""
    bounds: dict[str, dict[str, Bound]] = {}
    """What limits the speed of its lines, by kind of epoch and `file:line`, where that is known."""
    between: dict[str, list[Between]] = {}
    """The lines that run between operations, the most first, by kind of epoch; empty if too few samples tell."""
    sources: dict[str, dict[int, str]] = {}
    """The text of these lines and of some around them, by file and number; empty if it was not recorded."""
    why: Why | None = None
    """Where the difference from the baseline comes from, by line; None if that is not known, or if there is none."""
    tracings: list[TracingChange] = []
    """What it and the baseline trace and compile after first epochs, as shares of the difference between all epochs of
    one process; empty unless both ran the same epochs."""
    losses: str | None = None
    """Its losses compared with the baseline's: a sentence that begins with `same bit for bit`, `drifts from epoch K by
    X`, `the same, one epoch later`, `different objective (TERM RATIO)` or, if the baseline disagrees with itself, `not
    repeatable here`."""
    losses_relation: Relation | None = None
    """The same answer as an enum, for programs."""
    losses_epochs: int | None = None
    """How many epochs both ran in the same order from the first one on: those that were compared."""
    unsound: list[Unsound] = []
    """What is wrong with its losses: not finite, constant or rising."""
    seed_ignored: SeedIgnored | None = None
    """The epochs in which a second seed changed nothing; None if it did, or if only one seed ran. Whole trainings have
    `convergence.ignores_seed` instead."""
    marked_by: str | None = None
    """What marks the epochs of a program: the place of its loop, or an adapter. None for a trainer."""
    loop: str | None = None
    """The loop in which its program computed gradients, as `file:line`, if it ran as a whole because no epoch was seen;
    None if no such loop was seen either."""
    python: str | None = None
    """The version of its interpreter."""
    prefix: str | None = None
    """The folder of its interpreter's environment."""
    loaded: dict[str, str] = {}
    """The numerical libraries that it loaded, with their versions."""
    not_forkable: str | None = None
    """Why its later processes were not forked from one that has imported its libraries, which takes less time; None if
    they were, or if that was not considered."""
    after_seconds: float | None = None
    """Seconds that its program ran after its last epoch, in the first process that ran to its end."""
    unreached: dict[str, int] = {}
    """The kinds of epochs of its schedule that never ran, each with the first epoch of that kind."""
    threads: dict[str, int] = {}
    """The number of threads that each framework said it used, by its name, where that is not what was set."""
    threads_set_by: dict[str, str] = {}
    """The line that set its number of threads, as `file:line`, by the name of the framework."""
    cores_busy: float | None = None
    """The average number of processors that computed in epochs other than first ones; None if there were none."""
    arithmetic: dict[str, str] = {}
    """What decided in which arithmetic its frameworks computed: precision, TF32, deterministic kernels."""
    caches: dict[str, str] = {}
    """The compile caches of the user that it used, and whether they were filled, by environment variable."""
    tensors_followed: TensorPeak | None = None
    """Where its tensors were at their peak and how that was counted, if no allocator did."""
    idle_share: float | None = None
    """The share of a processor that it used while other arms had their turn."""
    pending_share: float | None = None
    """The share of its time in which its work was waited for after its epochs had returned. None unless they returned
    long before their work was done, so that only turns could be timed."""
    gpu_clocks: Clocks | None = None
    """The clocks of GPUs at the end of its turns; None if it held no memory on one."""
    gpu_bytes: int | None = None
    """The most memory that one of its processes held on GPUs when it ended, its context included."""
    from_cache: int = 0
    """How many compiled functions of one process came from a cache on disk, so that its first epochs were cheaper."""
    exact: Exact | None = None
    """Deterministic counts next to the baseline's."""
    smallest_visible_ratio: float | None = None
    """The smallest difference that these blocks could have detected, as a ratio above 1."""
    unavailable: dict[str, str] = {}
    """What could not be observed in its processes, with the reason."""
    findings: list[ProfileFinding] = []
    """The findings of a profile, the most important first."""
    profile: Profiled | None = None
    accounting: Accounted | None = None
    """How the epochs of one process were counted. None for whole trainings, where every epoch was timed."""
    convergence: Convergence | None = None
    """The results of its whole trainings, if such ran. An infinite time, meaning never, is null in JSON."""

    def measured(self, name: str) -> Measured:
        """One metric. Its value is None if it was not measured."""
        return self.metrics.get(name) or Measured(None, METRICS[name].unit)

    def value(self, name: str) -> float | None:
        return self.measured(name).value

    @property
    def ratio(self) -> Ratio | None:
        """The cost relative to the baseline, below 1 is faster. The summary's `scope` says what the cost is of."""
        return self.measured(TOTAL_TIME).ratio

    @property
    def ratio_by_kind(self) -> Mapping[str, Ratio]:
        return self.measured(EPOCH_TIME).ratio_by_kind or {}

    @property
    def total_time(self) -> Seconds | None:
        """The time of one training if its schedule is known, else of the epochs that ran."""
        found = self.measured(TOTAL_TIME)
        return None if found.value is None else Seconds(found.value, found.low, found.high)

    @property
    def epoch_times(self) -> Mapping[str, float]:
        """Median seconds of an epoch run in turns, by kind."""
        return self.measured(EPOCH_TIME).by_kind or {}

    @property
    def flops(self) -> Mapping[str, float]:
        """Floating-point operations of an epoch's matrix products, by kind."""
        return self.measured(FLOPS).by_kind or {}


class Summary(msgspec.Struct, frozen=True):
    schema: int
    run: str
    command: str
    case: str | None
    scale: str | None
    baseline: str
    blocks: int
    """The number of completed blocks."""
    partial: bool
    out_of_time: bool
    """Whether the budget ended within a block."""
    budget: float | None
    """The seconds that the whole command was allowed."""
    counts_operations: bool
    """Whether operations were counted and lines timed, as far as they can be."""
    stopped: str | None
    """Why the run stopped before the last possible block."""
    tolerance: float
    """The difference that does not matter, as a share. Arms within it are the same."""
    looks: int
    """After how many blocks it might have stopped. Intervals are widened so that all looks together miss in 5 %."""
    paired: bool
    """Whether the arms did not fit in memory together, so that each was measured in a pair with the baseline."""
    one_by_one: list[str]
    """Arms that did not fit in memory together with the baseline, so that they ran before or after it. In whole
    trainings, arms that were trained alone."""
    whole: bool
    """Whether times and ratios are of whole schedules."""
    scope: Scope
    """What `ratio` is of: a whole `schedule`; the `epochs` that ran; or an average `epoch` of a long training, if the
    length of the training is not known. `total_time` is then of the epochs that ran."""
    threads: int
    seed: int
    machine: dict[str, Any]
    versions: dict[str, str]
    """The installed packages."""
    loaded: dict[str, str]
    """The numerical libraries that the arms loaded."""
    commit: str | None
    fitness: list[Finding]
    """The properties of the machine, what they mean for the measurement, and what to do."""
    selfcheck: SelfCheck | None
    """Whether the machine is fit for measuring, if this is a self-check. None if an arm failed."""
    arms: list[ArmSummary]
    ablation: Attribution | None = None
    """The share of each change, if this is an ablation. Each arm then has some of the changes."""
    claims: list[Checked] = []
    """The claims that were tested against the run, with the results."""
    gate: GateVerdict | None = None
    """Whether the head passes, if this is a gate."""
    repeatable_counting: bool = False
    """Whether the pass of a gate that counts asked frameworks for kernels that repeat themselves. Timed turns never
    do."""

    def to_json(self) -> bytes:
        return msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n"

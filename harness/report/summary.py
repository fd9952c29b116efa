"""What a run came to: what other programs read (`--json`), and what every report here is made from."""

from collections.abc import Mapping
from typing import Any

import msgspec

from harness.analysis.comparison.shares_of_changes import Attribution
from harness.analysis.comparison.exact import Exact
from harness.analysis.comparison.losses import Relation
from harness.analysis.epochs.accounting import Accounted
from harness.analysis.epochs.accounts import Scope
from harness.analysis.epochs.projection import Seconds
from harness.analysis.gate.judge import GateVerdict
from harness.analysis.machine.facts import Finding
from harness.analysis.machine.selfcheck import SelfCheck
from harness.analysis.metrics.base import Measured
from harness.analysis.metrics.claims import Checked
from harness.analysis.metrics.registry import METRICS
from harness.analysis.profile import rules
from harness.analysis.profile.growth import Growth
from harness.analysis.profile.operations import Profile
from harness.analysis.profile.phases import Phase
from harness.analysis.profile.tracings import Compiled, Traced
from harness.analysis.stats.ratios import Ratio
from harness.analysis.training.convergence import Convergence
from harness.plan.gate_rules import EPOCH_TIME, FLOPS, TOTAL_TIME
from harness.worker.wire.evidence import Variables

SCHEMA = 2


class Profiled(msgspec.Struct, frozen=True):
    """What a profile's tables are made of. Empty is what was not seen, or was not there: see `unavailable`."""

    traces: list[Traced]
    compilations: list[Compiled]
    phases: list[Phase]
    """By kind of epoch."""
    operations: dict[str, Profile]
    """The time of each kind's operations, by their type and by the part of the step."""
    parts: dict[str, dict[str, float]]
    """Floating-point operations of each kind's matrix products, by part."""
    growth: dict[str, Growth]
    """Of resident memory, from epoch to epoch of each kind."""
    variables: Variables | None
    """Bytes."""


class ArmSummary(msgspec.Struct, frozen=True):
    """One arm. What was not measured is null, never 0."""

    name: str
    status: str
    """`ok`, `failed`, `cut off` (the run ended before it did), or `not run`."""
    reason: str | None
    verdict: str | None
    """`faster`, `slower`, `same` or `unsure`, from three blocks on."""
    metrics: dict[str, Measured] = {}
    """Every metric by its public name, of a family each name, such as `quality.error`: see `analysis.metrics`."""
    commonest: str | None = None
    """The kind of epoch that `epoch_time` and `flops` are about, and of which a schedule has most."""
    gemm_flops_per_second: float | None = None
    """What large matrix products reach in the arm's process."""
    gemm_share: float | None = None
    """The rate that those epochs reach, relative to it."""
    gemm_share_by_kind: dict[str, float] | None = None
    losses: str | None = None
    """Beside the baseline's, a sentence that begins with `same bit for bit`, `drifts from epoch K by X`, `different
    objective (TERM RATIO)` or, where the baseline does not come to the same itself, `not repeatable here`."""
    losses_relation: Relation | None = None
    """The same, for programs."""
    losses_epochs: int | None = None
    """How many epochs both ran in the same order from the first on, which is what that rests on."""
    idle_share: float | None = None
    """How much of a processor it used while it was others' turn."""
    exact: Exact | None = None
    """What is deterministic, beside the baseline's."""
    smallest_visible_ratio: float | None = None
    """The smallest difference that these blocks could have shown, as a ratio above 1."""
    unavailable: dict[str, str] = {}
    """What could not be watched in its processes, and why."""
    findings: list[rules.Found] = []
    """What a profile would tell first."""
    profile: Profiled | None = None
    accounting: Accounted | None = None
    """What the epochs of one process counted as; null where whole trainings ran, whose every epoch is counted."""
    convergence: Convergence | None = None
    """What its whole trainings came to, where whole trainings ran; an infinite time, which is never, is null."""

    def measured(self, name: str) -> Measured:
        """One metric; without a value where it was not measured."""
        return self.metrics.get(name) or Measured(None, METRICS[name].unit)

    def value(self, name: str) -> float | None:
        return self.measured(name).value

    @property
    def ratio(self) -> Ratio | None:
        """The cost relative to the baseline, of what the summary's `scope` says: below 1 is faster."""
        return self.measured(TOTAL_TIME).ratio

    @property
    def ratio_by_kind(self) -> Mapping[str, Ratio]:
        return self.measured(EPOCH_TIME).ratio_by_kind or {}

    @property
    def total_time(self) -> Seconds | None:
        """What one training takes, by its whole schedule; or what the epochs took that ran."""
        found = self.measured(TOTAL_TIME)
        return None if found.value is None else Seconds(found.value, found.low, found.high)

    @property
    def epoch_times(self) -> Mapping[str, float]:
        """Seconds of an epoch run in turns, by kind: medians."""
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
    """Blocks that were completed."""
    partial: bool
    out_of_time: bool
    """Whether its budget ended within a block."""
    budget: float | None
    """Seconds that the whole command was allowed."""
    stopped: str | None
    """Why there were no more blocks."""
    tolerance: float
    """The difference that does not matter, as a share: what is the same lies within it."""
    looks: int
    """After how many blocks it might have stopped; so sure is each look that all of them together miss in 5 %."""
    paired: bool
    """Whether memory did not hold all arms at once, so that each was measured beside the baseline alone."""
    one_by_one: list[str]
    """Arms that memory did not even hold beside the baseline, so that they were measured before or after it; of whole
    trainings, those that trained alone."""
    whole: bool
    """Whether what was projected are whole schedules."""
    scope: Scope
    """What `ratio` is about: a whole `schedule`; the `epochs` that ran; or an `epoch`, on the average over a long
    training, of arms of which nobody said how long they are. `projected_seconds` is of the epochs that ran then."""
    threads: int
    seed: int
    machine: dict[str, Any]
    versions: dict[str, str]
    """What is installed."""
    loaded: dict[str, str]
    """The numerical libraries that the arms had loaded."""
    commit: str | None
    fitness: list[Finding]
    """What the machine's facts mean for what was measured, and what to do about them."""
    selfcheck: SelfCheck | None
    """Whether the machine is fit to measure on, where that was asked; null too where an arm failed."""
    arms: list[ArmSummary]
    ablation: Attribution | None = None
    """What each change earned, where changes were taken apart; each arm has then made some of them."""
    claims: list[Checked] = []
    """The claims that were held against the run, and what it says of them."""
    gate: GateVerdict | None = None
    """Whether the head may pass, where that was asked."""

    def to_json(self) -> bytes:
        return msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n"

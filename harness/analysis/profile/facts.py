"""What the findings of a profile are about."""

from dataclasses import dataclass

from harness.analysis.profile.bounds import Bound
from harness.analysis.profile.charges import Charge
from harness.analysis.profile.few_threads import FewThreads
from harness.analysis.profile.growth import Growth
from harness.analysis.profile.more_operations import Rise
from harness.analysis.profile.phases import Phase
from harness.analysis.profile.started import Starting
from harness.analysis.profile.tracings import Compiled, Traced
from harness.analysis.profile.uncompiled import Broken, GivenUp, Uncaptured
from harness.worker.wire.evidence import Between, Caller, LineUse, OneByOne, OptimizerUse


@dataclass(frozen=True)
class Retraced:
    """A function is traced again and again for one cause."""

    trace: Traced
    epochs: int
    """The number of epochs that ran."""


@dataclass(frozen=True)
class NewTraces:
    """Many epochs trace something new, each function once or for another cause."""

    costliest: Traced
    functions: int
    """The number of functions or causes."""
    tracing: int
    """The number of epochs that trace something new, first epochs of their kind left out."""
    epochs: int
    """The number of all such epochs."""


@dataclass(frozen=True)
class Recompiled:
    """A function is compiled for each new shape, though nothing is traced."""

    compiled: Compiled


@dataclass(frozen=True)
class Arithmetic:
    """A part of the computation has most of the arithmetic of an epoch."""

    kind: str
    part: str
    flops: float
    of_flops: float
    """Those of the whole epoch."""
    time_share: float | None
    """The part's share of the time of the epoch's operations; None if it was not observed."""


@dataclass(frozen=True)
class Unweighted:
    """A term of the loss is computed where its weight is 0."""

    term: str
    kinds: tuple[str, ...]
    share_of_epochs: float | None
    """Of the schedule; None if it is unknown."""
    seconds: float | None
    """What the term takes of them; None if unknown."""
    of_seconds: float
    """What those epochs that ran take."""


@dataclass(frozen=True)
class Heavy:
    """A phase takes much of an epoch and is not the step that trains."""

    phase: Phase
    """Of the kind in which it has the largest share."""
    share: float
    also: tuple[str, ...]
    """Other kinds of which it takes nearly as much."""


@dataclass(frozen=True)
class Growing:
    """Memory grows from epoch to epoch."""

    kind: str
    growth: Growth


@dataclass(frozen=True)
class MoreOperations:
    """Each epoch runs more operations than the one before."""

    kind: str
    rise: Rise


@dataclass(frozen=True)
class HostBound:
    """An accelerator does nothing for much of an epoch."""

    kind: str
    idle: float
    """The share of the epoch in which none of its operations ran."""
    device: str


@dataclass(frozen=True)
class Dominating:
    """One line takes most of an epoch."""

    kind: str
    use: LineUse
    way: Caller | None
    """The line that leads to most of it."""
    share: float
    of_flops: float | None
    """Its share of the epoch's arithmetic; None if that has none."""
    bound: Bound | None = None
    """What limits its speed; None if that is not known."""


@dataclass(frozen=True)
class OutsideOperations:
    """One line takes much of an epoch, and no operation of a framework runs meanwhile."""

    kind: str
    line: Between
    share: float
    """Of the epoch."""


@dataclass(frozen=True)
class OpByOp:
    """Most operations of an epoch run one by one from Python."""

    kind: str
    counts: OneByOne


@dataclass(frozen=True)
class SpareOptimizers:
    """Several optimizers keep the same for the same parameters."""

    use: OptimizerUse


Fact = (
    Retraced
    | NewTraces
    | Recompiled
    | Dominating
    | OutsideOperations
    | OpByOp
    | FewThreads
    | Starting
    | Arithmetic
    | Unweighted
    | Heavy
    | Growing
    | MoreOperations
    | SpareOptimizers
    | HostBound
    | Broken
    | Uncaptured
    | GivenUp
)


@dataclass(frozen=True)
class Found:
    rule: str
    fact: Fact
    charge: Charge | None = None
    """What tracing or compiling costs, if the finding is about that."""
    seconds: float | None = None
    """The lower bound of its cost, in the epochs that ran; None for findings that are not about time."""
    share: float = 0.0
    """The share of the time of those epochs: of all epochs for tracing or compiling, otherwise of steady epochs, each
    kind counted as often as the schedule has it."""
    most_share: float | None = None
    """The upper bound of the share, if it is known and differs."""

    @property
    def weight(self) -> float:
        """The share by which findings are ordered."""
        return self.share if self.most_share is None else self.most_share

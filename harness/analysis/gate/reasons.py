"""Why a check of a gate has its answer, with the figures that a sentence about it needs."""

from dataclasses import dataclass
from enum import StrEnum

from harness.analysis.comparison.losses import Losses
from harness.worker.wire.evidence import Compilation, Trace


class Reason(StrEnum):
    """What decided a check, apart from its figures."""

    NOT_MEASURED = "not measured"
    NOT_COMPLETED = "the counting pass was not completed"
    UNAVAILABLE = "could not be observed"
    """`detail` is the reason that the process gave."""
    ONLY_IN_BASE = "measured in the base only"
    """`detail` is the reason that the head's process gave, if it gave one."""
    BASE_RUNS_DIFFER = "two runs of the base differ"
    """`numbers` are their values, counted over `epochs` if it is known."""
    BASE_TIMES_DIFFER = "the times of two runs of the base differ"
    """`numbers` is the difference as a logarithm."""
    NO_COMMON_EPOCH = "no epoch in common"
    COUNTED = "counted"
    """In `epochs`; `added` has what the head did more often than the base."""
    NO_SUCH_EPOCH = "the head ran no such epoch"
    LOSSES = "losses"
    """`losses` has their relation."""
    NO_LOSS_IN_BASE = "the base's runs have no loss in common"
    NO_COMMON_LOSS = "base and head have no loss in common"
    NO_EVALUATION = "the head has no evaluate()"
    OTHER_LENGTH = "evaluated after other numbers of epochs"
    """`numbers` are those of base and head."""
    NOT_REPORTED = "the head does not report it"
    NOT_FINITE_IN_BASE = "not finite in the base"
    NOT_FINITE_IN_HEAD = "not finite in the head"
    SOME_RUNS = "larger in some runs only"
    """`numbers` are those runs and all runs."""
    TOO_FEW_BLOCKS = "too few blocks"
    WIDE = "the interval is too wide"
    ONLY_STORED = "measured in stored runs only"
    ONE_STORED = "one stored run gives no verdict on a time"
    NOT_STORED = "no stored run has it"
    STORED_RUNS_SCATTER = "the scatter of stored runs"
    """`numbers` are their number and the smallest visible difference as a share."""
    BUSY = "something else was computing"
    BLOCKS_DIFFER = "the head's blocks differ as much"


@dataclass(frozen=True)
class Added:
    """A trace or compilation that occurs more often in the head than in the base."""

    more: int
    """How many times more."""
    index: int
    """The epoch of the first additional one."""
    event: Trace | Compilation


@dataclass(frozen=True, kw_only=True)
class Why:
    """Why a check has its answer."""

    reason: Reason
    numbers: tuple[float, ...] = ()
    epochs: int | None = None
    detail: str | None = None
    added: tuple[Added, ...] = ()
    losses: Losses | None = None
    one_stored_run: bool = False
    """Whether it is unsure because one stored run does not show if two of them agree."""

    @classmethod
    def unavailable(cls, detail: str | None) -> "Why | None":
        """Return the reason that a process gave; None if it gave none."""
        return cls(reason=Reason.UNAVAILABLE, detail=detail) if detail else None

"""Why a check of a gate has its answer, in words."""

from collections.abc import Sequence

from harness import rounding
from harness.analysis.gate.reasons import Added, Reason, Why
from harness.analysis.stats.levels import FIRST_LOOK
from harness.report.wording import words
from harness.report.wording.losses import describe_losses
from harness.worker.wire.evidence import Compilation

_MAX_NAMED = 3
"""The largest number of functions that a sentence names."""
_PLAIN = {
    Reason.NOT_MEASURED: "it was not measured",
    Reason.NOT_COMPLETED: "the pass that counts it was not completed",
    Reason.NO_COMMON_EPOCH: "base and head have no epoch in common",
    Reason.NO_SUCH_EPOCH: "the head ran no such epochs",
    Reason.NO_LOSS_IN_BASE: "two runs of the base have no metric in common",
    Reason.NO_COMMON_LOSS: "base and head have no metric in common",
    Reason.NO_EVALUATION: "the base has an evaluate(), the head has none",
    Reason.NOT_REPORTED: "the head does not report it",
    Reason.NOT_FINITE_IN_BASE: "it is not finite in the base",
    Reason.NOT_FINITE_IN_HEAD: "it is no longer finite",
    Reason.TOO_FEW_BLOCKS: f"it needs {FIRST_LOOK} blocks",
    Reason.WIDE: "its interval is too wide",
    Reason.ONLY_STORED: "a stored run has it but this one does not",
    Reason.ONE_STORED: "one stored run gives no verdict on a time: store several",
    Reason.NOT_STORED: "no stored run has it",
    Reason.BUSY: "something else was computing on this machine",
    Reason.BLOCKS_DIFFER: "its blocks differ by as much",
}


def describe_why(why: Why) -> str:
    """Describe why a check has its answer."""
    one_run = "one stored run does not show whether two agree"
    if not why.one_stored_run:
        return _describe_reason(why)
    return one_run if why.reason == Reason.ONE_STORED else f"{_describe_reason(why)}, and {one_run}"


def _describe_reason(why: Why) -> str:
    match why:
        case Why(reason=Reason.UNAVAILABLE, detail=str(detail)):
            return detail
        case Why(reason=Reason.ONLY_IN_BASE, detail=detail):
            return f"it was measured in the base but not in the head{f': {detail}' if detail else ''}"
        case Why(reason=Reason.BASE_RUNS_DIFFER, numbers=(one, other), epochs=None):
            return f"two runs of the base differ in it: {rounding.number(one)} and {rounding.number(other)}"
        case Why(reason=Reason.BASE_RUNS_DIFFER, numbers=(one, other)):
            return f"two runs of the base differ in it: {one:.0f} and {other:.0f} in {_count_epochs(why)}"
        case Why(reason=Reason.BASE_TIMES_DIFFER, numbers=(difference,)):
            return f"two runs of the base differ by {rounding.percent(abs(difference))}"
        case Why(reason=Reason.COUNTED, added=added):
            return f"in {_count_epochs(why)}{f': {_describe_added(added)}' if added else ''}"
        case Why(reason=Reason.LOSSES, losses=losses) if losses:
            return f"{describe_losses(losses)}, in {losses.epochs} epochs"
        case Why(reason=Reason.OTHER_LENGTH, numbers=(base, head)):
            return f"the base ran {base:.0f} epochs, the head {head:.0f}"
        case Why(reason=Reason.SOME_RUNS, numbers=(some, runs)):
            return f"it is larger in {some:.0f} of {runs:.0f} runs"
        case Why(reason=Reason.STORED_RUNS_SCATTER, numbers=(runs, share)):
            visible = rounding.percent(share)
            return f"{runs:.0f} stored runs scatter so much that only {visible} would have been detected"
        case _:
            return _PLAIN[why.reason]


def _count_epochs(why: Why) -> str:
    return words.many(why.epochs or 0, "epoch")


def _describe_added(added: Sequence[Added]) -> str:
    """Describe which functions were traced or compiled more often, where and why."""
    named = "; ".join(map(_describe_event, added[:_MAX_NAMED]))
    more = len(added) - _MAX_NAMED
    return f"{named}; and {more} more" if more > 0 else named


def _describe_event(one: Added) -> str:
    event = one.event
    where = f"{event.function} ({event.where}) {words.many(one.more, 'time')} more, first in epoch {one.index}"
    if isinstance(event, Compilation):
        return f"{where}, {'for another shape, without a trace' if event.recompiled else 'for the first time'}"
    if event.cause is None:
        return where
    advice = f" ({event.cause.advice})" if event.cause.advice else ""
    return f"{where}: {event.cause.text}{advice}"

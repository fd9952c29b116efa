"""Why a run went on or stopped after a block, in words."""

from harness import rounding
from harness.analysis.stats.levels import FIRST_LOOK
from harness.plan.plan import Plan
from harness.record.schema import Look, LookReason
from harness.report.wording import words


def describe_look(look: Look, plan: Plan, most: int) -> str:
    """Describe why a run of `plan` with at most `most` blocks went on or stopped."""
    names = words.listed(look.names)
    are = "is" if len(look.names) == 1 else "are"
    match look.reason:
        case None:
            return look.why
        case LookReason.ALL_BLOCKS:
            return "the only block is done" if look.number == 1 else f"all {look.number} blocks are done"
        case LookReason.BUDGET:
            return f"another block would not fit into the budget of {_format_seconds(plan.budget)}"
        case LookReason.FEWEST:
            return f"at least {plan.fewest} blocks are needed"
        case LookReason.NO_VERDICT_YET:
            return f"a verdict needs {FIRST_LOOK} blocks"
        case LookReason.NOTHING_TO_COMPARE:
            return "there is nothing to compare"
        case LookReason.BASELINE_FAILED:
            return f"{names}, the baseline, failed, so there is nothing to compare"
        case LookReason.OTHERS_FAILED:
            return f"{names} failed, so there is nothing left to compare with {plan.baseline}"
        case LookReason.ARM_FAILED:
            return f"{names} failed, and all arms are needed"
        case LookReason.CLEAR:
            return "the verdict is clear" if look.number == 1 else "every verdict is clear"
        case LookReason.BETWEEN_LOOKS:
            return f"the next look is after {look.number} blocks"
        case LookReason.UNSURE:
            soon = f", probably clear in {rounding.seconds(look.seconds)}" if look.seconds else ""
            return f"{names} {are} unsure{soon}"
        case LookReason.HOPELESS:
            return f"{names} would stay unsure in {most} blocks"
        case LookReason.PATIENCE:
            limit = _format_seconds(plan.patience)
            return f"{names} {are} unsure, but another block would end after {limit} (--budget, --blocks)"
        case LookReason.NO_TIMES:
            return "no time is gated"
        case LookReason.REGRESSED:
            return "a time has regressed"


def _format_seconds(limit: float | None) -> str:
    return rounding.exact_seconds(limit or 0.0)

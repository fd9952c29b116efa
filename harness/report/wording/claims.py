"""Why a claim has its verdict, in words."""

from harness.analysis.metrics.claims import Checked, ClaimReason, ClaimWhy
from harness.analysis.stats.levels import FIRST_LOOK
from harness.report.wording import words
from harness.report.wording.losses import describe_losses


def describe_claim(one: Checked) -> str:
    """Describe why a claim has its verdict; empty if its figures show it."""
    match one.why:
        case ClaimWhy(reason=ClaimReason.NO_ARM, arms=arms):
            return f"it has no {' and no '.join(arms)}"
        case ClaimWhy(reason=ClaimReason.FAILED, arms=arms):
            return f"{words.listed(arms)} failed"
        case ClaimWhy(reason=ClaimReason.NOT_RECORDED, detail=detail):
            return f"{one.claim.metric} was not recorded for both arms{f': {detail}' if detail else ''}"
        case ClaimWhy(reason=ClaimReason.TOO_FEW_BLOCKS):
            return f"a verdict needs {FIRST_LOOK} blocks"
        case ClaimWhy(reason=ClaimReason.NO_LOSSES):
            return "their losses are not in the record"
        case ClaimWhy(losses=losses) if losses:
            return describe_losses(losses)
        case _:
            return ""

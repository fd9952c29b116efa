import pytest

from harness.analysis.comparison.losses import Losses, Relation
from harness.analysis.metrics.claims import Checked, ClaimAnswer, ClaimReason, ClaimWhy
from harness.plan.claims import Claim, ClaimRelation
from harness.report.wording.claims import describe_claim

CLAIM = Claim(words="ten times less", metric="traces", relation=ClaimRelation.LESS, arm="b")


@pytest.mark.parametrize(
    ("why", "expected"),
    [
        (None, ""),
        (ClaimWhy(reason=ClaimReason.NO_ARM, arms=("x", "y")), "it has no x and no y"),
        (ClaimWhy(reason=ClaimReason.FAILED, arms=("b",)), "b failed"),
        (ClaimWhy(reason=ClaimReason.NOT_RECORDED), "traces was not recorded for both arms"),
        (
            ClaimWhy(reason=ClaimReason.NOT_RECORDED, detail="those of JAX are not observed"),
            "traces was not recorded for both arms: those of JAX are not observed",
        ),
        (ClaimWhy(reason=ClaimReason.TOO_FEW_BLOCKS), "a verdict needs 3 blocks"),
        (ClaimWhy(reason=ClaimReason.NO_LOSSES), "their losses are not in the record"),
        (
            ClaimWhy(reason=ClaimReason.LOSSES, losses=Losses(relation=Relation.SAME, epochs=4, baseline="a")),
            "same bit for bit",
        ),
    ],
)
def test_a_claim_has_its_reason(why, expected):
    assert describe_claim(Checked(claim=CLAIM, baseline="a", verdict=ClaimAnswer.UNKNOWN, why=why)) == expected

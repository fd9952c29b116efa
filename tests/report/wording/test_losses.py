from math import inf

import pytest

from harness.analysis.comparison.lags import Lag
from harness.analysis.comparison.losses import Divergence, Losses, Relation, Term
from harness.report.wording.losses import describe_losses

ONCE = Divergence(place=2, index=7, at_first=1.04e-7, largest=0.98e-7, largest_in=7)
GROWS = Divergence(place=2, index=7, at_first=1e-7, largest=3e-6, largest_in=8)
ALONE = ", judged from one process of each"


def described(relation, **changes):
    return describe_losses(Losses(relation=relation, epochs=4, baseline="a", **changes))


def test_equal_losses():
    assert described(Relation.SAME) == "same bit for bit"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"divergence": ONCE}, "drifts from epoch 7 by 1e-07"),
        ({"divergence": GROWS}, "drifts from epoch 7 by 1e-07, up to 3e-06 at epoch 8"),
        (
            {"divergence": Divergence(0, 0, inf, inf, 0)},
            "drifts from epoch 0, where only one of them is finite",
        ),
        (
            {"divergence": Divergence(0, 0, 1e-7, inf, 4)},
            "drifts from epoch 0 by 1e-07, and at epoch 4 only one of them is finite",
        ),
        ({"divergence": ONCE, "alone": True}, f"drifts from epoch 7 by 1e-07{ALONE}"),
        ({"divergence": ONCE, "agreed": 1}, "drifts from epoch 7 by 1e-07; two processes of a agree over only 1 epoch"),
        (
            {"divergence": ONCE, "varying": "a", "own_divergence": GROWS},
            "drifts from epoch 7 by 1e-07, far more than two processes of a do",
        ),
    ],
)
def test_drift_has_its_first_and_its_largest_difference(changes, expected):
    assert described(Relation.DRIFTS, **changes) == expected


@pytest.mark.parametrize(
    ("value", "baseline", "expected"),
    [
        (0.74, 2.0, "0.37x"),
        (50.3, 2.0, "25x"),
        (1.0003, 1.0, "1.0003x"),
        (0.0, 2.0, "0 in place of 2"),
        (-2.0, 2.0, "-2 in place of 2"),
        (2.0, 0.0, "2 in place of 0"),
        (None, 2.0, "not finite"),
        (2.0, None, "finite"),
    ],
)
def test_a_term_is_named_with_its_ratio(value, baseline, expected):
    term = Term("physics", value, baseline)
    assert described(Relation.OTHER_OBJECTIVE, term=term) == f"different objective (physics {expected})"
    assert described(Relation.OTHER_OBJECTIVE, term=term, alone=True).endswith(f"{expected}){ALONE}")
    own = described(Relation.NOT_REPEATABLE, term=term, varying="b")
    assert own == f"not repeatable here: two processes of b differ in physics ({expected})"


def test_an_objective_that_differs_by_far_more_than_the_baseline_itself():
    found = described(Relation.OTHER_OBJECTIVE, term=Term("bc", 0.5, 1.0), varying="a")
    assert found == "different objective (bc 0.5x), far more than two processes of a do"


def test_a_baseline_that_does_not_repeat_itself():
    found = described(Relation.NOT_REPEATABLE, divergence=ONCE, varying="a", own_divergence=GROWS)
    expected = "two processes of a differ from epoch 7 by 1e-07, up to 3e-06 at epoch 8"
    assert found == f"not repeatable here: {expected}"


def test_losses_that_are_the_same_but_not_finite():
    assert described(Relation.SAME, finite=10) == "same bit for bit in the 10 epochs in which they are finite"
    assert described(Relation.SAME, finite=0) == "same bit for bit, but not finite in any epoch"


def test_losses_that_are_the_same_in_another_epoch():
    assert described(Relation.DRIFTS, divergence=ONCE, lag=Lag(1, 0.0)) == "the same, one epoch later"
    assert (
        described(Relation.DRIFTS, divergence=ONCE, lag=Lag(-1, 1e-6))
        == "the same, one epoch earlier, up to 1e-06 apart"
    )

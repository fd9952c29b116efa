import random

import pytest

from harness.analysis.gate.peaks import compare_peaks
from harness.analysis.gate.reasons import Reason, Why
from harness.plan.gate_rules import Tolerances, Triple
from harness.record.schema import ArmEnd

MB = 1_000_000


def answer(*runs, tolerance=0.1):
    """Of the peaks of base, base again and head in each run, in MB."""
    alone = Tolerances({"peak_memory": tolerance})
    triple = Triple("pinn", "head", "base", "again", alone)
    made = [
        tuple(
            ArmEnd(block=0, group=0, arm=arm, status="ok", peak_rss_bytes=size and int(size * MB))
            for arm, size in zip(triple.arms, run, strict=True)
        )
        for run in runs
    ]
    return compare_peaks(made, triple)[0]


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        ([(500, 501, 500)] * 4, "ok"),
        ([(500, 501, 540)] * 4, "ok"),
        ([(500, 501, 560)] * 4, "regressed"),
        ([(500, 500, 560)] * 3 + [(500, 500, 500)], "unsure"),
        ([(500, 500, 560)] * 2 + [(500, 500, 500)] * 2, "ok"),
        ([(500, 600, 590)] * 4, "ok"),
        ([(500, 501, 400)] * 4, "improved"),
        ([(20, 20, 23.9)] * 4, "ok"),
        ([(20, 20, 24.1)] * 4, "regressed"),
        ([(None, 20, 24.1)] * 4, "not measured"),
        ([(None, 20, 24.1), (20, 20, 24.1)], "regressed"),
    ],
)
def test_a_higher_peak_in_every_run_is_a_regression(runs, expected):
    assert answer(*runs).answer == expected


def test_random_peaks_are_almost_never_a_regression():
    coin = random.Random(0)
    verdicts = [answer(*[[coin.choice((300, 400)) for _ in range(3)] for _ in range(4)]).answer for _ in range(2000)]
    assert verdicts.count("regressed") <= 4
    assert verdicts.count("unsure") / 2000 < 0.02


def test_does_not_pass_if_the_heads_peak_is_unobserved():
    assert (answer((500, 500, None)).answer, answer((500, 500, None)).why.reason) == ("unsure", Reason.ONLY_IN_BASE)
    assert answer().why == Why(reason=Reason.NOT_COMPLETED)
    assert answer().answer == "unsure"

import pytest

from harness.analysis.comparison.losses import Losses, Relation
from harness.analysis.gate.reasons import Added, Reason, Why
from harness.report.wording.checks import describe_why
from harness.worker.wire.evidence import Cause, Compilation, Trace

SHAPE = Cause("shape", "argument x: shape (8, 3) -> (7, 3)", "keep the shape fixed")
TRACED = Added(1, 7, Trace("step", "pinn.py:12", 0.1, SHAPE))
SAME = Losses(relation=Relation.SAME, epochs=40, baseline="stored")


def added(*events):
    return describe_why(Why(reason=Reason.COUNTED, epochs=10, added=events))


def test_an_additional_trace_has_its_epoch_cause_and_advice():
    expected = "in 10 epochs: step (pinn.py:12) 1 time more, first in epoch 7: argument x: shape (8, 3) -> (7, 3)"
    assert added(TRACED) == f"{expected} (keep the shape fixed)"
    assert (
        added(Added(2, 5, Trace("step", "pinn.py:10")))
        == "in 10 epochs: step (pinn.py:10) 2 times more, first in epoch 5"
    )


@pytest.mark.parametrize(
    ("recompiled", "how"), [(True, "for another shape, without a trace"), (False, "for the first time")]
)
def test_an_additional_compilation_has_its_kind(recompiled, how):
    one = Added(1, 4, Compilation("spread", "pinn.py:30", 0.1, recompiled))
    assert added(one) == f"in 10 epochs: spread (pinn.py:30) 1 time more, first in epoch 4, {how}"


def test_names_three_functions_at_most():
    assert added(*[TRACED] * 5).endswith("; and 2 more")


@pytest.mark.parametrize(
    ("why", "expected"),
    [
        (Why(reason=Reason.NOT_COMPLETED), "the pass that counts it was not completed"),
        (Why(reason=Reason.UNAVAILABLE, detail="those of JAX are not observed"), "those of JAX are not observed"),
        (Why(reason=Reason.ONLY_IN_BASE), "it was measured in the base but not in the head"),
        (Why(reason=Reason.ONLY_IN_BASE, detail="x"), "it was measured in the base but not in the head: x"),
        (
            Why(reason=Reason.BASE_RUNS_DIFFER, numbers=(1.25, 1.5)),
            "two runs of the base differ in it: 1.25 and 1.50",
        ),
        (
            Why(reason=Reason.BASE_RUNS_DIFFER, numbers=(3, 4), epochs=10),
            "two runs of the base differ in it: 3 and 4 in 10 epochs",
        ),
        (Why(reason=Reason.BASE_TIMES_DIFFER, numbers=(-0.05,)), "two runs of the base differ by 5 %"),
        (Why(reason=Reason.COUNTED, epochs=1), "in 1 epoch"),
        (Why(reason=Reason.LOSSES, losses=SAME), "same bit for bit, in 40 epochs"),
        (Why(reason=Reason.OTHER_LENGTH, numbers=(10, 8)), "the base ran 10 epochs, the head 8"),
        (Why(reason=Reason.SOME_RUNS, numbers=(3, 4)), "it is larger in 3 of 4 runs"),
        (Why(reason=Reason.TOO_FEW_BLOCKS), "it needs 3 blocks"),
        (
            Why(reason=Reason.STORED_RUNS_SCATTER, numbers=(5, 0.12)),
            "5 stored runs scatter so much that only 12 % would have been detected",
        ),
        (Why(reason=Reason.ONE_STORED), "one stored run gives no verdict on a time: store several"),
        (Why(reason=Reason.ONE_STORED, one_stored_run=True), "one stored run does not show whether two agree"),
        (
            Why(reason=Reason.NOT_FINITE_IN_HEAD, one_stored_run=True),
            "it is no longer finite, and one stored run does not show whether two agree",
        ),
    ],
)
def test_a_reason_is_described_with_its_figures(why, expected):
    assert describe_why(why) == expected


def test_every_reason_has_words():
    figures = {
        Reason.BASE_RUNS_DIFFER: (1.0, 2.0),
        Reason.BASE_TIMES_DIFFER: (0.1,),
        Reason.OTHER_LENGTH: (10, 8),
        Reason.SOME_RUNS: (3, 4),
        Reason.STORED_RUNS_SCATTER: (5, 0.1),
    }
    for reason in Reason:
        why = Why(reason=reason, numbers=figures.get(reason, ()), epochs=2, detail="x", losses=SAME)
        assert describe_why(why)

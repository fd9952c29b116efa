from dataclasses import replace

import pytest
from epochs import epoch_of

from harness.analysis.gate.counted import counts
from harness.plan.gate_rules import Tolerances, Triple
from harness.plan.plan import Arm, Plan
from harness.record.schema import ArmEnd, Evaluation, Header, Slice, Work
from harness.record.store import Record
from harness.worker.wire.evidence import Cause, Compilation, Trace

ARMS = BASE, AGAIN, HEAD = "base", "again", "head"
SHAPE = Cause("shape", "argument x: shape (8, 3) -> (7, 3)", "keep the shape fixed")
STEP = Trace("step", "pinn.py:10", 0.1, Cause("first", "its first tracing"))


def epochs(*, traces=None, compilations=None, losses=None, number=10, name="loss"):
    """Epochs in order; what they traced, compiled and lost by index."""
    return [
        epoch_of(
            index,
            "epoch",
            0.1,
            0.1,
            {name: (losses or {}).get(index, 1.0)},
            traces=(traces or {0: [STEP]}).get(index, []),
            compilations=(compilations or {}).get(index, []),
        )
        for index in range(number)
    ]


def found(head, base=None, again=None, **tolerances):
    """The checks of a head, by metric and part; each arm has epochs, flops, metrics, and a status at its end."""
    wanted = Tolerances(tolerances)
    plan = Plan(
        command="gate",
        arms=tuple(Arm(arm, arm) for arm in ARMS),
        baseline=BASE,
        case=None,
        scale=None,
        epochs=None,
        blocks=3,
        seed=0,
        threads=1,
    )
    record = Record(
        [
            Header(
                schema=1,
                run="made",
                started="2026-01-01T00:00:00+00:00",
                plan=plan,
                machine={},
                versions={},
                commit=None,
            )
        ]
    )
    usual = {"epochs": epochs(), "flops": {"epoch": 10.0}, "metrics": {"error": 1.0}, "status": "ok"}
    for arm, own in zip(ARMS, (base or {}, again or base or {}, head), strict=True):
        one = usual | own
        record.add(Slice(block=0, group=0, round=0, position=0, arm=arm, epochs=one["epochs"]))
        record.add(Work(block=0, group=0, arm=arm, flops=one["flops"]))
        if one["metrics"]:
            record.add(Evaluation(0, 0, arm, len(one["epochs"]), one["metrics"]))
        record.add(ArmEnd(block=0, group=0, arm=arm, status=one["status"]))
    checks = counts(record, Triple("pinn", HEAD, BASE, AGAIN, wanted))
    return {check.part or check.metric: check for check in checks}


def test_only_what_is_gated_is_checked():
    assert found({}) == {}
    assert list(found({}, traces=0, quality=0.0)) == ["traces", "error"]


def test_a_retrace_more_is_named_with_its_cause_and_its_epoch():
    moved = replace(STEP, where="pinn.py:12")
    more = Trace("step", "pinn.py:12", 0.1, SHAPE)
    check = found({"epochs": epochs(traces={0: [moved], 7: [more]})}, traces=0)["traces"]
    assert (check.answer, check.base, check.head) == ("regressed", 1, 2)
    assert check.why == (
        "in 10 epochs: step (pinn.py:12) 1 time more, first in epoch 7:"
        " argument x: shape (8, 3) -> (7, 3) (keep the shape fixed)"
    )
    assert found({"epochs": epochs(traces={0: [moved], 7: [more]})}, traces=1)["traces"].answer == "ok"


def test_of_traces_that_both_have_only_the_ones_more_are_named():
    again = Trace("step", "pinn.py:10", 0.1, SHAPE)
    base = {"epochs": epochs(traces={0: [STEP], 3: [again]})}
    head = {"epochs": epochs(traces={0: [STEP], 3: [again], 5: [again], 6: [again]})}
    assert "step (pinn.py:10) 2 times more, first in epoch 5" in found(head, base, traces=0)["traces"].why
    assert found(base, head, traces=0)["traces"].answer == "improved"


def test_a_compilation_more_is_named():
    silent = Compilation("spread", "pinn.py:30", 0.1, recompiled=True)
    check = found({"epochs": epochs(compilations={4: [silent]})}, compilations=0)["compilations"]
    assert check.answer == "regressed"
    assert "spread (pinn.py:30) 1 time more, first in epoch 4, for another shape" in check.why


def test_only_epochs_that_both_ran_count():
    late = {"epochs": epochs(traces={0: [STEP], 15: [Trace("step", "pinn.py:10", 0.1, SHAPE)]}, number=20)}
    assert found(late, traces=0)["traces"].answer == "ok"


@pytest.mark.parametrize(
    ("metric", "arm"),
    [
        ("traces", {"epochs": epochs(traces={0: [STEP], 5: [STEP]})}),
        ("losses", {"epochs": epochs(losses={5: 1.1})}),
        ("error", {"metrics": {"error": 1.2}}),
    ],
)
def test_where_two_runs_of_the_base_differ_nothing_is_said(metric, arm):
    gated = {"traces": 0, "losses": "same", "quality": 0.05}
    assert found({"epochs": epochs(losses={5: 1.2})}, {}, arm, **gated)[metric].answer == "unsure"


def test_what_was_not_measured_is_said_to_be_so():
    nothing = {"flops": {}, "metrics": {}}
    checks = found(nothing, nothing, flops=0.0, quality=0.0)
    assert {check.answer for check in checks.values()} == {"not measured"}
    base = {"flops": {"epoch": 10.0, "refine": 20.0}}
    checks = found({"flops": {"epoch": 10.0}}, base, flops=0.0)
    assert (checks["epoch"].answer, checks["refine"].answer) == ("ok", "not measured")
    uncounted = found({"flops": {"refine": 20.0}}, base, flops=0.0)
    assert (uncounted["epoch"].answer, uncounted["refine"].answer) == ("unsure", "ok")


@pytest.mark.parametrize(
    ("head", "gated", "part"),
    [
        ({"flops": {}}, {"flops": 0.0}, "flops"),
        ({"metrics": {}}, {"quality": 0.05}, "quality"),
        ({"metrics": {"other": 1.0}}, {"quality": 0.05}, "error"),
        ({"epochs": epochs(number=8)}, {"quality": 0.05}, "quality"),
        ({"epochs": epochs(name="total")}, {"losses": "same"}, "losses"),
        ({"epochs": epochs()[5:]}, {"traces": 0}, "traces"),
    ],
)
def test_what_the_base_has_and_the_head_lacks_is_no_reason_to_pass(head, gated, part):
    check = found(head, **gated)[part]
    assert check.answer == "unsure"
    assert check.why


def test_a_pass_that_was_not_completed_is_no_reason_to_pass():
    assert found({"status": "failed"}, traces=0)["traces"].answer == "unsure"


def test_operations_are_compared_exactly():
    assert found({"flops": {"epoch": 10.0 + 1e-6}}, flops=0.0)["epoch"].answer == "regressed"
    assert found({"flops": {"epoch": 10.4}}, flops=0.05)["epoch"].answer == "ok"


@pytest.mark.parametrize(
    ("losses", "wanted", "answer"),
    [
        ({}, "same", "ok"),
        ({5: 1.0 + 1e-9}, "same", "regressed"),
        ({5: 1.0 + 1e-9}, "rounding", "ok"),
        ({5: 1.0 + 1e-9, 6: 1.5}, "rounding", "ok"),
        ({5: 1.1}, "rounding", "regressed"),
        ({5: 1.1}, "any", "ok"),
    ],
)
def test_losses_are_the_same_unless_they_may_differ(losses, wanted, answer):
    assert found({"epochs": epochs(losses=losses)}, losses=wanted)["losses"].answer == answer


@pytest.mark.parametrize(
    ("base", "head", "answer"),
    [
        (1.0, 1.04, "ok"),
        (1.0, 1.06, "regressed"),
        (1.0, 0.5, "improved"),
        (1.0, None, "regressed"),
        (None, 1.0, "not measured"),
        (-1.0, -1.04, "ok"),
        (-1.0, -0.9, "regressed"),
        (0.0, 0.0, "ok"),
    ],
)
def test_quality_may_get_worse_by_its_tolerance(base, head, answer):
    own = {"metrics": {"error": base}}
    assert found({"metrics": {"error": head}}, own, own, quality=0.05)["error"].answer == answer

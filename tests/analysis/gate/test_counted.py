from dataclasses import replace

import pytest
from epochs import epoch_of

from harness.analysis.gate.counted import counts
from harness.analysis.gate.counted_arm import CountedArm
from harness.analysis.gate.reasons import Added, Reason, Why
from harness.plan.gate_rules import Tolerances, Triple
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
    usual = {"epochs": epochs(), "flops": {"epoch": 10.0}, "metrics": {"error": 1.0}, "status": "ok"}
    arms = []
    for arm, own in zip(ARMS, (base or {}, again or base or {}, head), strict=True):
        one = usual | own
        arms.append(
            CountedArm(
                label=arm,
                completed=one["status"] == "ok",
                epochs=one["epochs"],
                flops=one["flops"],
                quality=one["metrics"],
                evaluated_after=len(one["epochs"]),
            )
        )
    checks = counts(Triple("pinn", HEAD, BASE, AGAIN, wanted), *arms)
    return {check.part or check.metric: check for check in checks}


def test_checks_only_gated_metrics():
    assert found({}) == {}
    assert list(found({}, traces=0, quality=0.0)) == ["traces", "error"]


def test_reports_an_extra_retrace_with_cause_and_epoch():
    moved = replace(STEP, where="pinn.py:12")
    more = Trace("step", "pinn.py:12", 0.1, SHAPE)
    check = found({"epochs": epochs(traces={0: [moved], 7: [more]})}, traces=0)["traces"]
    assert (check.answer, check.base, check.head) == ("regressed", 1, 2)
    assert check.why == Why(reason=Reason.COUNTED, epochs=10, added=(Added(1, 7, more),))
    assert found({"epochs": epochs(traces={0: [moved], 7: [more]})}, traces=1)["traces"].answer == "ok"


def test_reports_only_extra_traces():
    again = Trace("step", "pinn.py:10", 0.1, SHAPE)
    base = {"epochs": epochs(traces={0: [STEP], 3: [again]})}
    head = {"epochs": epochs(traces={0: [STEP], 3: [again], 5: [again], 6: [again]})}
    assert found(head, base, traces=0)["traces"].why.added == (Added(2, 5, again),)
    assert found(base, head, traces=0)["traces"].answer == "improved"


def test_reports_an_extra_compilation():
    silent = Compilation("spread", "pinn.py:30", 0.1, recompiled=True)
    check = found({"epochs": epochs(compilations={4: [silent]})}, compilations=0)["compilations"]
    assert check.answer == "regressed"
    assert check.why.added == (Added(1, 4, silent),)


def test_checks_only_epochs_run_by_both():
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
def test_no_finding_if_two_base_runs_differ(metric, arm):
    gated = {"traces": 0, "losses": "same", "quality": 0.05}
    assert found({"epochs": epochs(losses={5: 1.2})}, {}, arm, **gated)[metric].answer == "unsure"


def test_reports_what_was_not_measured():
    nothing = {"flops": {}, "metrics": {}}
    checks = found(nothing, nothing, flops=0.0, quality=0.0)
    assert {check.answer for check in checks.values()} == {"not measured"}
    base = {"flops": {"epoch": 10.0, "refine": 20.0}}
    checks = found({"flops": {"epoch": 10.0}}, base, flops=0.0)
    assert (checks["epoch"].answer, checks["refine"].answer) == ("ok", "not measured")
    uncounted = found({"flops": {"refine": 20.0}}, base, flops=0.0)
    assert (uncounted["epoch"].answer, uncounted["refine"].answer) == ("unsure", "ok")


@pytest.mark.parametrize(
    ("head", "gated", "part", "reason"),
    [
        ({"flops": {}}, {"flops": 0.0}, "flops", Reason.ONLY_IN_BASE),
        ({"metrics": {}}, {"quality": 0.05}, "quality", Reason.NO_EVALUATION),
        ({"metrics": {"other": 1.0}}, {"quality": 0.05}, "error", Reason.NOT_REPORTED),
        ({"epochs": epochs(number=8)}, {"quality": 0.05}, "quality", Reason.OTHER_LENGTH),
        ({"epochs": epochs(name="total")}, {"losses": "same"}, "losses", Reason.NO_COMMON_LOSS),
        ({"epochs": epochs()[5:]}, {"traces": 0}, "traces", Reason.NO_COMMON_EPOCH),
    ],
)
def test_does_not_pass_if_the_head_lacks_a_measurement(head, gated, part, reason):
    check = found(head, **gated)[part]
    assert (check.answer, check.why.reason) == ("unsure", reason)


def test_does_not_pass_if_a_pass_was_incomplete():
    check = found({"status": "failed"}, traces=0)["traces"]
    assert (check.answer, check.why.reason) == ("unsure", Reason.NOT_COMPLETED)


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
def test_losses_must_be_equal_unless_allowed_to_differ(losses, wanted, answer):
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
def test_quality_may_worsen_within_its_tolerance(base, head, answer):
    own = {"metrics": {"error": base}}
    assert found({"metrics": {"error": head}}, own, own, quality=0.05)["error"].answer == answer

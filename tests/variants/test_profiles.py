"""Profiles of the built-in variants, which have known faults."""

import pytest
from planned import planned

from harness.analysis.profile.rules import Evidence, findings
from harness.engine.session import measure
from harness.report.summarize import summarize

pytestmark = pytest.mark.slow

OF_TIMES = {"arithmetic", "outside operations"}
"""The rules that compare shares of an epoch's time, which other load on the machine shifts."""


def findings_by_rule(out, name):
    """What a profile of `name` found, the most important fact for each rule; without phases that take much of an
    epoch, which at this scale is up to the machine: drawing the points takes between a quarter and a third."""
    plan = planned("profile", name, scale="smoke")
    record = measure(plan, out, lambda event, record: None)
    summary = summarize(record)
    assert summary.arms[0].status == "ok"
    assert summary.arms[0].unavailable.keys() <= {"peak of tensors"}  # none is large enough to be counted
    found = {one.rule: one.fact for one in reversed(findings(Evidence.of(record, name)))}
    found.pop("heavy", None)
    return found


def test_the_original_retraces_as_its_batch_grows_and_spends_its_time_on_the_integration_grid(tmp_path):
    found = findings_by_rule(tmp_path / "run", "original")
    assert found.keys() - {"outside operations"} == {"retraced", "arithmetic", "unweighted"}
    trace = found["retraced"].trace
    assert (trace.function, trace.where.partition(":")[0]) == ("BreakagePinn._step", "variants/breakage/pinn.py")
    assert trace.cause.text.startswith("argument points[0]: shape (64,) -> (72,)")
    assert found["arithmetic"].part == "physics/residual/birth_integral/integration_grid"
    idle = found["unweighted"]
    assert (idle.term, idle.kinds, idle.share_of_epochs) == ("physics", ("data",), pytest.approx(0.3, abs=0.005))


@pytest.mark.parametrize("name", ["fast", "tuned"])
def test_reports_nothing_for_variants_without_faults(tmp_path, name):
    assert findings_by_rule(tmp_path / "run", name).keys() <= OF_TIMES


def test_shared_times_reports_only_the_unweighted_loss(tmp_path):
    assert findings_by_rule(tmp_path / "run", "shared-times").keys() == {"unweighted"}

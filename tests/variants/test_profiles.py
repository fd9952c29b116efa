"""Profiles of the built-in variants, which have known faults."""

import pytest
from planned import planned

from harness.engine.session import measure
from harness.report.summarize import summarize

pytestmark = pytest.mark.slow


def findings_by_rule(out, name):
    """The findings of a profile of `name`, each by its rule."""
    plan = planned("profile", name, scale="smoke")
    summary = summarize(measure(plan, out, lambda event, record: None))
    assert summary.arms[0].status == "ok"
    assert summary.arms[0].unavailable.keys() <= {"peak of tensors"}  # none is large enough to be counted
    return {found.rule: found.text for found in reversed(summary.arms[0].findings)}


def test_the_original_retraces_as_its_batch_grows_and_spends_its_time_on_the_integration_grid(tmp_path):
    found = findings_by_rule(tmp_path / "run", "original")
    assert found.keys() == {"retraced", "arithmetic", "unweighted"}
    assert "BreakagePinn._step (variants/breakage/pinn.py" in found["retraced"]
    assert "argument points[0]: shape (64,) -> (72,)" in found["retraced"]
    assert "is in physics/residual/birth_integral/integration_grid: " in found["arithmetic"]
    assert found["unweighted"].startswith("30 % of epochs compute a physics loss whose weight is 0 (kind data)")


@pytest.mark.parametrize("name", ["fast", "tuned"])
def test_reports_nothing_for_variants_without_faults(tmp_path, name):
    assert findings_by_rule(tmp_path / "run", name) == {}


def test_shared_times_reports_only_the_unweighted_loss(tmp_path):
    assert findings_by_rule(tmp_path / "run", "shared-times").keys() == {"unweighted"}

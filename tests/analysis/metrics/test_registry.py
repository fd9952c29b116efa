"""Metrics: each with one name, and one that a test adds is had by claims, gates, CSV and JSON."""

import csv
import io
import json

import pytest
from epochs import epoch_of
from simulated import DATA, FULL, REFINE, record

from harness.analysis.gate.check import OK, REGRESSED
from harness.analysis.gate.counted import counts
from harness.analysis.metrics.base import Measured, Metric, Unit
from harness.analysis.metrics.claims import CONFIRMED, REFUTED, check
from harness.analysis.metrics.registry import METRICS, metric_of
from harness.commands.gate_settings import GateOptions, read
from harness.errors import BadInput
from harness.plan.claims import Claim
from harness.plan.gate_rules import Tolerances, Triple
from harness.plan.plan import Arm, Plan
from harness.record.schema import ArmEnd, Header, Slice
from harness.record.store import Record
from harness.report.formats import spreadsheet
from harness.report.summarize import summarize

COSTS = {"a": {DATA: 0.1, REFINE: 1.0, FULL: 0.2}, "b": {DATA: 0.1, REFINE: 1.0, FULL: 0.1}}
GATED = ["total_time", "epoch_time", "first_epoch_time", "peak_memory", "peak_tensors", "traces", "retraces"]


def test_every_name_stands_for_one_metric_and_so_does_every_former_one():
    names = [name for metric in METRICS.values() for name in (metric.name, *metric.formerly)]
    assert len(set(names)) == len(names)
    for name in names:
        metric, member = metric_of(f"{name}.x" if METRICS.get(name, METRICS["traces"]).members else name, "here")
        assert name in (metric.name, *metric.formerly)
        assert member == ("x" if metric.members else "")


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [
        ("total_tme", "did you mean 'total_time'?"),
        ("quality", "did you mean 'quality.NAME'?"),
        ("traces.x", "did you mean 'traces'?"),
    ],
)
def test_what_is_no_metric_is_refused_with_the_nearest_that_is(name, suggestion):
    with pytest.raises(BadInput) as refused:
        metric_of(name, "the claim 'x'")
    assert str(refused.value).startswith(f"the claim 'x': there is no metric {name!r}; ")
    assert suggestion in str(refused.value)


def test_a_gates_defaults_are_those_of_the_metrics():
    gated = {name: metric for name, metric in METRICS.items() if metric.gated}
    assert list(gated)[: len(GATED)] == GATED
    assert GateOptions().tolerances("any").values == {name: metric.tolerance for name, metric in gated.items()}


def test_json_and_csv_have_each_metric_under_its_name():
    run = record(COSTS, noise=0.01)
    summary = summarize(run)
    b = json.loads(summary.to_json())["arms"][1]
    assert b["metrics"]["total_time"]["ratio"]["estimate"] == pytest.approx(summary.arms[1].ratio.estimate)
    assert b["metrics"]["epoch_time"]["by_kind"][FULL] == pytest.approx(0.1, rel=0.05)
    assert b["metrics"]["peak_memory"] == {
        "value": 10**9 + 2,
        "unit": "bytes",
        **dict.fromkeys(["low", "high", "by_kind", "ratio", "ratio_by_kind", "unavailable"]),
    }
    first, second = csv.DictReader(io.StringIO(spreadsheet.render(summary)))
    assert float(second["total_time ratio"]) == pytest.approx(summary.arms[1].ratio.estimate)
    assert first["total_time ratio"] == ""
    assert second["peak_memory (bytes)"] == str(10**9 + 2)
    assert float(second[f"epoch_time {FULL} (s)"]) == pytest.approx(0.1, rel=0.05)


def _longest(arm):
    """Of the epochs of one block, in milliseconds, as a number that does not vary from block to block."""
    return Measured(round(1000 * max(epoch.wall for epoch in arm.one_block)), Unit.COUNT)


LONGEST = Metric(
    name="longest_epoch",
    title="longest epoch",
    unit=Unit.COUNT,
    deterministic=True,
    measure=_longest,
    gated=True,
    tolerance=5,
)


@pytest.fixture
def longest(monkeypatch):
    monkeypatch.setitem(METRICS, LONGEST.name, LONGEST)


@pytest.mark.usefixtures("longest")
def test_a_metric_that_is_added_is_in_json_csv_and_claims():
    costs = {"a": {DATA: 0.1, FULL: 0.2}, "b": {DATA: 0.1, FULL: 0.4}}
    run = record(costs)
    more = Claim("b has a longer one", "longest_epoch", "b", "more", factor=1.5)
    less = Claim("b has a shorter one", "longest_epoch", "b", "less")
    assert [one.verdict for one in check([more, less], run)] == [CONFIRMED, REFUTED]
    summary = summarize(run)
    assert [arm.value("longest_epoch") for arm in summary.arms] == [200, 400]
    assert json.loads(summary.to_json())["arms"][1]["metrics"]["longest_epoch"]["value"] == 400
    assert [row["longest_epoch (count)"] for row in csv.DictReader(io.StringIO(spreadsheet.render(summary)))] == [
        "200",
        "400",
    ]


@pytest.mark.usefixtures("longest")
@pytest.mark.parametrize(("head", "answer"), [(0.104, OK), (0.108, REGRESSED)])
def test_a_metric_that_is_added_can_be_gated(tmp_path, head, answer):
    (tmp_path / "pyproject.toml").write_text("[tool.harness.gate.tolerance]\nlongest_epoch = 6\n")
    assert read(tmp_path).tolerances("any")["longest_epoch"] == 6
    arms = {"head": head, "base": 0.1, "base again": 0.1}
    plan = Plan(
        command="gate",
        arms=tuple(Arm(arm, arm) for arm in arms),
        baseline="base",
        case=None,
        scale=None,
        epochs=None,
        blocks=3,
        seed=0,
        threads=1,
    )
    run = Record(
        [Header(schema=2, run="made", started="", plan=plan, machine={}, versions={}, commit=None)]
        + [
            Slice(block=0, group=0, round=0, position=0, arm=arm, epochs=[epoch_of(0, "epoch", wall, wall, {})])
            for arm, wall in arms.items()
        ]
        + [ArmEnd(block=0, group=0, arm=arm, status="ok") for arm in arms]
    )
    (found,) = counts(run, Triple("v", "head", "base", "base again", Tolerances({"longest_epoch": 6})))
    assert (found.metric, found.answer, found.base, found.head) == ("longest_epoch", answer, 100, round(1000 * head))

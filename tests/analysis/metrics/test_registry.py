"""Metrics: each has one name, and an added one appears in claims, gates, CSV and JSON."""

import csv
import io
import json
from dataclasses import replace

import msgspec
import pytest
from epochs import epoch_of
from simulated import DATA, FULL, REFINE, record

from harness.analysis.gate.check import NOT_MEASURED, OK, REGRESSED, UNSURE
from harness.analysis.gate.counted import counts
from harness.analysis.gate.counted_arm import CountedArm
from harness.analysis.gate.judge import gate_verdict
from harness.analysis.gate.stored import stored
from harness.analysis.metrics.base import Measured, Metric, Unit
from harness.analysis.metrics.claims import CONFIRMED, REFUTED, check
from harness.analysis.metrics.registry import METRICS, metric_of, register
from harness.commands.gate_settings import GateOptions, read
from harness.errors import BadInput
from harness.plan.claims import Claim
from harness.plan.gate_rules import Gate, Tolerances, Triple
from harness.plan.plan import EXACTLY
from harness.record.schema import ArmEnd, BlockStart, Slice, Stored
from harness.report.formats import spreadsheet
from harness.report.summarize import summarize

COSTS = {"a": {DATA: 0.1, REFINE: 1.0, FULL: 0.2}, "b": {DATA: 0.1, REFINE: 1.0, FULL: 0.1}}
GATED = ["total_time", "epoch_time", "first_epoch_time", "peak_memory", "peak_tensors", "traces", "retraces"]


def test_current_and_former_names_are_unique():
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
def test_unknown_metric_error_suggests_the_nearest(name, suggestion):
    with pytest.raises(BadInput) as refused:
        metric_of(name, "the claim 'x'")
    assert str(refused.value).startswith(f"the claim 'x': there is no metric {name!r}; ")
    assert suggestion in str(refused.value)


def test_gate_defaults_come_from_metrics():
    gated = {name: metric for name, metric in METRICS.items() if metric.gated}
    assert list(gated)[: len(GATED)] == GATED
    assert GateOptions().tolerances("any").values == {name: metric.tolerance for name, metric in gated.items()}


def test_json_and_csv_contain_each_metric_by_name():
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
def test_added_metric_appears_in_json_csv_and_claims():
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
def test_added_metric_can_be_gated(tmp_path, head, answer):
    (tmp_path / "pyproject.toml").write_text("[tool.harness.gate.tolerance]\nlongest_epoch = 6\n")
    assert read(tmp_path).tolerances("any")["longest_epoch"] == 6
    triple = Triple("v", "head", "base", "base again", Tolerances({"longest_epoch": 6}))
    gate = Gate((triple,), base="base", head="head")
    arms = {"base": 0.1, "base again": 0.1, "head": head}
    run = record({arm: {FULL: 0.1} for arm in arms})
    run.head = msgspec.structs.replace(
        run.header, plan=msgspec.structs.replace(run.plan, command="gate", baseline="base", gate=gate)
    )
    for line in [
        BlockStart(0, 1, list(arms)),
        *(
            Slice(
                block=0,
                group=1,
                round=0,
                position=0,
                arm=arm,
                epochs=[epoch_of(0, FULL, wall, wall, {})],
                probe=EXACTLY,
            )
            for arm, wall in arms.items()
        ),
        *(ArmEnd(block=0, group=1, arm=arm, status="ok") for arm in arms),
    ]:
        run.add(line)
    (found,) = gate_verdict(run).checks
    assert (found.metric, found.answer, found.base, found.head) == ("longest_epoch", answer, 100, round(1000 * head))
    assert stored(run, "head").figures["longest_epoch"] == round(1000 * head)


@pytest.mark.usefixtures("longest")
def test_a_metric_that_is_added_is_compared_with_stored_runs():
    def of_stored(label, value):
        figures = {} if value is None else {"longest_epoch": value}
        return CountedArm.of_stored(Stored(run="earlier", arm="v", seconds={}, epochs=[], figures=figures), label)

    def check_of(base, head):
        triple = Triple("v", "head", None, None, Tolerances({"longest_epoch": 6}))
        (found,) = counts(
            triple, of_stored("stored", base), of_stored("stored, another", base), of_stored("head", head)
        )
        return found.answer

    assert [check_of(100, 106), check_of(100, 107), check_of(100, None)] == [OK, REGRESSED, UNSURE]
    assert check_of(None, 100) == NOT_MEASURED  # a stored run of an earlier version


def test_a_gated_metric_with_noise_is_refused():
    noisy = replace(LONGEST, name="noisy", deterministic=False)
    with pytest.raises(BadInput, match=r"^The metric 'noisy' cannot be gated: .* not deterministic\."):
        register(noisy)
    assert "noisy" not in METRICS


def test_a_metric_that_gates_have_a_comparison_for_can_be_replaced(monkeypatch):
    monkeypatch.setitem(METRICS, "total_time", METRICS["total_time"])
    other = replace(METRICS["total_time"], title="time")
    register(other)
    assert METRICS["total_time"] is other

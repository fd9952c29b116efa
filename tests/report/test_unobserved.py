"""Unobserved metrics have no number in any report, and the reason is given once."""

import csv
import io
import json

from epochs import epoch_of
from msgspec.structs import replace
from shown import as_markdown, contents
from simulated import FULL, record

from harness.plan.gate_rules import Gate, Tolerances, Triple
from harness.record.schema import ArmEnd, BlockStart, Slice, Work
from harness.report.formats import page, spreadsheet
from harness.report.layouts.comparison import sentences
from harness.report.sections import comparison
from harness.report.summarize import summarize
from harness.report.wording.checks import describe_why
from harness.worker.wire.evidence import Trace

WHY = "those of JAX are not observed"
JAX = dict.fromkeys(["traces", "compilations"], WHY)
NO_TENSORS = {"peak of tensors": "TensorFlow was not loaded"}


def run_with(unavailable, seconds=None):
    """A comparison of `a` and `b`; the metrics that could not be observed are given by arm."""
    run = record(seconds or {"a": {FULL: 0.2}, "b": {FULL: 0.1}})
    run.ends[:] = [replace(end, unavailable=unavailable.get(end.arm, {})) for end in run.ends]
    for arm in ("a", "b"):  # whatever is in the record
        run.slices.insert(
            0,
            Slice(
                block=0,
                group=0,
                round=0,
                position=0,
                arm=arm,
                epochs=[epoch_of(0, FULL, 0.1, 0.1, {"loss": 1.0}, first=True)],
            ),
        )
    return run


def test_unobserved_traces_are_missing_and_never_called_equal():
    run = run_with({"a": JAX | NO_TENSORS, "b": JAX | NO_TENSORS})
    summary = summarize(run)
    for arm in json.loads(summary.to_json())["arms"]:
        for what in ("traces", "retraces", "compilations"):
            assert (arm["metrics"][what]["value"], arm["metrics"][what]["unavailable"]) == (None, WHY)
        if arm["exact"]:
            assert (arm["exact"]["traces"], arm["exact"]["retraces"]) == (None, None)
    assert comparison.counts(summary) is None
    assert [row[2:4] for row in comparison.costs(summary).rows] == [["-", "-"]] * 2
    csv_rows = list(csv.DictReader(io.StringIO(spreadsheet.render(summary))))
    assert {row[f"{what} (count)"] for row in csv_rows for what in ("traces", "retraces", "compilations")} == {""}
    note = f"Not available here: traces and compilations, because {WHY}."
    assert list(sentences(summary)).count(note) == 1
    assert as_markdown(run).count(WHY) == 1
    assert page.render(contents(run)).count(WHY) == 1


def test_compares_operations_counted_in_both():
    run = run_with({"b": JAX})
    for arm, flops in (("a", 1e9), ("b", 2e9)):
        run.add(Work(block=0, group=0, arm=arm, flops={FULL: flops}))
    summary = summarize(run)
    assert comparison.counts(summary).rows == [["b", "10", "-", "-", "full 2.00x"]]
    assert summary.arms[0].value("traces") == 0
    assert f"Not available here: traces and compilations of b, because {WHY}." in sentences(summary)


def test_without_an_availability_entry_traces_count_as_observed():
    run = run_with({})
    run.slices[0].epochs[0].evidence["traces"] = [Trace("f", "x.py:1")]
    summary = summarize(run)
    assert [arm.value("traces") for arm in summary.arms] == [0, 1]
    assert comparison.counts(summary).rows[0][2] == "0 -> 1"
    assert not any("Not available" in one for one in sentences(summary))


def gated(unavailable):
    """The gate's checks of traces, compilations and peak tensors if they could not be observed."""
    arms = "base", "base again", "head"
    run = record({arm: {FULL: 0.1} for arm in arms})
    wanted = Tolerances({"traces": 0, "compilations": 0, "peak_tensors": 0.1})
    gate = Gate((Triple("pinn", "head", "base", "base again", wanted),), base="base", head="head")
    run.head = replace(run.header, plan=replace(run.plan, command="gate", gate=gate))
    for arm in arms:
        run.add(
            Slice(
                block=0,
                group=1,
                round=0,
                position=0,
                arm=arm,
                epochs=[epoch_of(0, FULL, 0.1, 0.1, {})],
                probe="exactly",
            )
        )
        run.add(ArmEnd(block=0, group=1, arm=arm, status="ok", unavailable=unavailable.get(arm, {})))
    run.starts.append(BlockStart(0, 1, list(arms)))
    checks = summarize(run).gate.checks
    return {check.metric: (check.answer, check.base, check.why and describe_why(check.why)) for check in checks}


def test_a_gate_does_not_pass_unobserved_metrics():
    arms = "base", "base again", "head"
    checks = gated(dict.fromkeys(arms, JAX | NO_TENSORS))
    assert checks == {
        "traces": ("not measured", None, WHY),
        "compilations": ("not measured", None, WHY),
        "peak_tensors": ("not measured", None, "TensorFlow was not loaded"),
    }
    assert gated({"head": JAX})["compilations"] == ("unsure", None, WHY)
    assert gated({})["compilations"][:2] == ("ok", 0)

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
from harness.worker.wire.evidence import TensorPeak, Trace

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


def gated(unavailable, works=()):
    """The gate's checks of traces, compilations and peak tensors if they could not be observed. `works` are what was
    counted apart."""
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
    for work in works:
        run.add(work)
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


NO_ALLOCATOR = {"peak of tensors": "PyTorch does not count it on CPUs"}


def followed(arm, size, group=0, **options):
    peaks = {
        FULL: TensorPeak(size // 2, "followed", "x.py:1", "small"),
        "other": TensorPeak(size, "followed", "x.py:9"),
    }
    return Work(block=0, group=group, arm=arm, flops={FULL: 1.0}, tensors=peaks if size else {}, **options)


def test_tensors_that_no_allocator_counts_have_the_peak_of_an_epoch_that_ran_apart():
    run = run_with({"a": NO_ALLOCATOR, "b": NO_ALLOCATOR})
    run.add(followed("a", 4_000_000))
    run.add(followed("b", 0, no_tensors="a sparse tensor was used"))
    summary = summarize(run)
    assert [arm.value("peak_tensors") for arm in summary.arms] == [4_000_000, None]
    table = comparison.costs(summary)
    assert [row[5] for row in table.rows] == ["4.00 MB", "-"]
    assert table.note.endswith("Peak of tensors of a: followed, not by an allocator.")
    (why,) = (one for one in sentences(summary) if "Not available" in one)
    assert why == "Not available here: peak of tensors of b, because a sparse tensor was used."
    assert json.loads(summary.to_json())["arms"][0]["tensors_followed"] == [4_000_000, "followed", "x.py:9", ""]


def test_an_allocator_takes_precedence_over_what_was_followed():
    run = run_with({})
    run.ends[:] = [replace(end, peak_tensor_bytes=7_000_000) for end in run.ends]
    run.add(followed("a", 4_000_000))
    first = summarize(run).arms[0]
    assert (first.value("peak_tensors"), first.tensors_followed) == (7_000_000, None)


def test_a_gate_compares_what_was_followed_and_says_why_it_was_not():
    arms = dict.fromkeys(["base", "base again", "head"], NO_ALLOCATOR)
    for more, answer in ((1.5, "regressed"), (1.0, "ok"), (0.5, "improved")):
        works = [followed("base", 100_000_000, 1), followed("head", int(more * 100_000_000), 1)]
        assert gated(arms, works)["peak_tensors"] == (answer, 100_000_000, None)
    works = [followed(arm, 0, 1, no_tensors="it computes on an accelerator") for arm in ("base", "head")]
    assert gated(arms, works)["peak_tensors"] == ("not measured", None, "it computes on an accelerator")
    assert gated(arms)["peak_tensors"] == ("not measured", None, NO_ALLOCATOR["peak of tensors"])

import json

import pytest
from epochs import epoch_of
from simulated import DATA, FULL, REFINE, record

from harness.record.schema import ArmEnd, Objective, Resume, Slice, Work
from harness.report.summarize import summarize
from harness.worker.wire.evidence import Trace

ARMS = {"a": {DATA: 0.1, REFINE: 1.0, FULL: 0.2}, "b": {DATA: 0.1, REFINE: 1.0, FULL: 0.1}}
KEYS = [
    *("name", "status", "reason", "verdict", "metrics", "commonest"),
    *("gemm_flops_per_second", "memory_bytes_per_second", "gemm_share", "gemm_share_by_kind", "incomplete_flops"),
    *("lines", "timed", "untimed", "bounds", "between", "sources", "why", "tracings"),
    *("losses", "losses_relation", "losses_epochs"),
    *("unsound", "seed_ignored"),
    *("marked_by", "loop", "python", "prefix", "loaded"),
    *(
        "not_forkable",
        "after_seconds",
        "unreached",
        "threads",
        "threads_set_by",
        "cores_busy",
        "arithmetic",
        "caches",
        "tensors_followed",
        "idle_share",
        "pending_share",
        "gpu_clocks",
        "gpu_bytes",
        "from_cache",
        "exact",
        "smallest_visible_ratio",
    ),
    *("unavailable", "findings", "profile", "accounting", "convergence"),
]
METRICS = [
    *("total_time", "epoch_time", "first_epoch_time", "peak_memory", "peak_tensors"),
    *("traces", "retraces", "compilations", "flops"),
]


def as_json(run):
    return json.loads(summarize(run).to_json())


def test_summary_has_every_arm_in_order_and_every_key():
    summary = as_json(record(ARMS))
    assert summary["schema"] == 3
    assert [arm["name"] for arm in summary["arms"]] == ["a", "b"]
    assert all(list(arm) == KEYS for arm in summary["arms"])
    assert all(list(arm["metrics"]) == METRICS for arm in summary["arms"])
    assert summary["blocks"] == 3
    assert not summary["partial"]


def test_the_baseline_has_no_ratio_and_the_other_has_one_by_kind_in_schedule_order():
    a, b = as_json(record(ARMS))["arms"]
    assert a["metrics"]["total_time"]["ratio"] is None
    assert a["metrics"]["epoch_time"]["ratio_by_kind"] is None
    epochs = b["metrics"]["epoch_time"]
    assert list(epochs["ratio_by_kind"]) == [DATA, REFINE, FULL]
    assert epochs["ratio_by_kind"][FULL]["estimate"] == pytest.approx(0.5)
    # 40 data epochs and a refinement alike, 60 full ones in half the time
    assert b["metrics"]["total_time"]["ratio"]["estimate"] == pytest.approx((4 + 1 + 6) / (4 + 1 + 12))
    assert epochs["by_kind"] == pytest.approx(ARMS["b"])
    assert (a["verdict"], b["verdict"]) == (None, "faster")
    assert b["smallest_visible_ratio"] == pytest.approx(1.03, abs=1e-6)


def test_peak_memory_excludes_passes_with_probes():
    run = record(ARMS)
    own = as_json(run)["arms"][1]["metrics"]["peak_memory"]["value"]
    assert own > 10**9
    run.add(
        Slice(
            block=0, group=1, round=0, position=0, arm="b", epochs=[epoch_of(0, DATA, 0.1, 0.1, {})], probe="operations"
        )
    )
    run.add(ArmEnd(block=0, group=1, arm="b", status="ok", peak_rss_bytes=10 * own))
    assert as_json(run)["arms"][1]["metrics"]["peak_memory"]["value"] == own


def test_unmeasured_values_are_null():
    b = as_json(record(ARMS))["arms"][1]
    metrics = b["metrics"]
    assert [metrics[name]["value"] for name in ("peak_tensors", "flops")] == [None, None]
    assert [metrics["flops"][key] for key in ("by_kind", "unavailable")] == [None, None]
    assert [b[key] for key in KEYS if "gemm" in key] == [None] * 3
    assert [b["losses"], b["losses_relation"], b["losses_epochs"]] == [None] * 3
    assert not any(name.startswith("quality.") for name in metrics)
    assert metrics["peak_memory"]["value"] == 10**9 + 2


def test_operations_are_of_the_kind_used_for_epoch_time():
    run = record({"a": ARMS["a"], "b": {DATA: 0.1, FULL: 0.1}}, rounds=11)  # one more round of full epochs than of data
    run.add(
        Work(
            block=0,
            group=0,
            arm="b",
            flops={DATA: 1e9, FULL: 4e9, "late": 9e9},
            unavailable="no tf.function was called",
            gemm_flops_per_second=1e11,
        )
    )
    a, b = as_json(run)["arms"]
    epochs, flops = b["metrics"]["epoch_time"], b["metrics"]["flops"]
    assert b["commonest"] == FULL
    assert epochs["value"] == pytest.approx(epochs["by_kind"][FULL])
    assert flops["value"] == 4e9
    assert flops["by_kind"] == {DATA: 1e9, FULL: 4e9, "late": 9e9}
    assert flops["unavailable"] == "no tf.function was called"
    assert b["gemm_flops_per_second"] == 1e11
    assert b["gemm_share"] == pytest.approx(4e9 / 0.1 / 1e11)
    assert b["gemm_share_by_kind"] == pytest.approx({DATA: 0.1, FULL: 0.4})
    assert a["metrics"]["flops"]["value"] is None


def test_losses_are_compared_with_the_baselines():
    run = record(ARMS)
    for arm, loss in (("a", 1.0), ("b", 1.5)):
        run.slices.insert(
            0,
            Slice(block=0, group=0, round=0, position=0, arm=arm, epochs=[epoch_of(0, DATA, 0.1, 0.1, {"loss": loss})]),
        )
    a, b = as_json(run)["arms"]
    assert [a["losses"], a["losses_epochs"]] == [None, None]
    assert [b["losses"], b["losses_epochs"]] == ["drifts from epoch 0 by 3e-01, judged from one process of each", 1]
    for arm, term in (("a", 1.0), ("b", 0.37)):
        run.add(Objective(0, 0, arm, {"physics": term}))
    assert b["losses_relation"] == "drifts"
    b = as_json(run)["arms"][1]
    assert b["losses"] == "perhaps a different objective (physics 0.37x), judged from one process of each"
    assert b["losses_relation"] == "different objective"


def test_traces_are_per_block_and_retraces_exclude_a_functions_first():
    run = record(ARMS)
    step, inner = Trace("step", "x.py:3", 0.5), Trace("inner", "x.py:9", 0.25)
    for block in (0, 1):
        run.add(
            Slice(
                block=block,
                group=0,
                round=1,
                position=0,
                arm="a",
                epochs=[epoch_of(5, DATA, 0.1, 0.1, {}, [step, inner, step])],
            )
        )
    a, b = summarize(run).arms
    assert (a.value("traces"), a.value("retraces")) == (3, 1)
    assert (b.value("traces"), b.value("retraces")) == (0, 0)


def test_a_failed_arm_says_when_and_why_and_without_a_baseline_no_ratios():
    run = record(ARMS)
    run.add(ArmEnd(block=2, group=0, arm="a", status="failed", reason="ValueError: boom", moment="in epoch 3"))
    a, b = summarize(run).arms
    assert (a.status, a.reason) == ("failed", "in epoch 3: ValueError: boom")
    assert b.ratio is None
    assert b.value("epoch_time") is not None


def test_says_if_a_run_never_reached_an_arm():
    run = record(ARMS)
    run.footer = None
    run.slices.clear()
    run.ends.clear()
    run.blocks_done.clear()
    summary = as_json(run)
    assert summary["partial"]
    assert [arm["status"] for arm in summary["arms"]] == ["not run", "not run"]
    assert [arm["metrics"]["traces"]["value"] for arm in summary["arms"]] == [None, None]


def test_includes_other_runs_present_at_resume():
    run = record(ARMS)
    assert "other_runs" not in as_json(run)["machine"]
    for others in ([7], [7, 8], []):
        run.add(Resume("2026-01-01T01:00:00+00:00", {"other_runs": others}, None))
    assert as_json(run)["machine"]["other_runs"] == [7, 8]

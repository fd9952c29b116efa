"""The content of charts, and that they can be drawn for any outcome of a run."""

import json

import pytest
import simulated
import trained
from epochs import epoch_of
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from shown import contents
from simulated import DATA, FULL, REFINE

from harness.analysis.profile.rss_samples import Sample
from harness.analysis.stats.ratios import Ratio
from harness.record.schema import ArmEnd, Slice
from harness.record.store import Record
from harness.report.charts import images
from harness.report.charts.memory import memory
from harness.report.charts.ratios import Row, ratios
from harness.report.charts.waterfall import Share, waterfall
from harness.worker.wire.evidence import Trace

BASE = {DATA: 0.1, REFINE: 1.0, FULL: 0.2}
HOSTILE = "'] || alert(1) || datum['<script>alert(1)</script>"


def run(arms, **options):
    return simulated.record(dict.fromkeys(arms, BASE), **options)


def charts(made, place="."):
    return {figure.name: figure for figure in contents(made, place).figures}


def failed(made, arm):
    made.add(ArmEnd(block=2, group=0, arm=arm, status="failed", reason="ValueError: boom", moment="in epoch 3"))
    return made


CURVES = {"net": trained.falling(1.0, 0.5, 0.2), "solver": trained.falling(0.1, 0.001)}
RUNS = {
    "two arms": run(["a", "b"]),
    "eleven arms": run([f"arm {number}" for number in range(11)], rounds=4),
    "long names": run(["a" * 300, "a" * 300 + "b", HOSTILE]),
    "a failed arm": failed(run(["a", "b", "c"]), "c"),
    "one block": run(["a", "b"], blocks=1),
    "one arm": run(["a"], blocks=1),
    "trainings": trained.record(
        CURVES, walls={"net": 4.0, "solver": 0.1}, target=("error", 0.1), references=("solver",)
    ),
}


@pytest.mark.parametrize("made", RUNS.values(), ids=RUNS)
def test_every_chart_renders_with_title_and_axis_names(made):
    found = charts(made)
    assert found
    for figure in found.values():
        picture = images.svg(figure)
        assert picture.startswith("<svg")
        assert figure.title.split()[0][:40] in picture
        assert "NaN" not in picture
        assert "undefined" not in picture
        assert "<script" not in picture


def test_user_supplied_names_are_data_and_never_expressions():
    for figure in charts(run(["a", HOSTILE])).values():
        spec = {key: value for key, value in figure.spec.items() if key not in ("datasets", "description")}
        assert HOSTILE in json.dumps(figure.spec["datasets"]).encode().decode()
        assert "alert" not in json.dumps(spec)


def test_forest_includes_failed_arms():
    made = failed(run(["a", "b", "c"]), "c")
    rows = charts(made)["ratios"].spec["datasets"]["arms"]
    assert [row["arm"] for row in rows] == ["a", "b", "c"]
    assert [row["verdict"] for row in rows] == ["baseline", "same", "no verdict"]
    assert rows[1]["result"] == "1.000x [1.000, 1.000], same"
    assert rows[2]["result"].endswith("failed in epoch 3")


def test_an_extreme_interval_is_clipped_to_the_axis():
    figure = ratios([Row("a", None, None, baseline=True), Row("b", Ratio(2.0, 1e-300, 1e300), None)], "a", "x", 0.03)
    row = figure.spec["datasets"]["arms"][1]
    assert 0.8 < row["low"] < 1
    assert 2 < row["high"] < 2.5
    assert ratios([Row("a", None, None, baseline=True)], "a", "x", 0.03) is None


def test_draws_each_tracing_epoch_and_medians_of_many_others():
    made = run(["a"], blocks=1, rounds=0)
    steady = [epoch_of(index, FULL, 0.1, 0.1, {}) for index in range(50, 5050)]
    made.add(
        Slice(
            block=0,
            group=0,
            round=1,
            position=0,
            arm="a",
            epochs=[*steady, epoch_of(5050, FULL, 0.3, 0.3, {}, [Trace("step", "x.py:3")])],
        )
    )
    points = charts(made)["epochs"].spec["datasets"]["points"]
    traced = [point for point in points if point["traced"] == "yes"]
    others = [point for point in points if point["traced"] == "no"]
    assert [point["index"] for point in sorted(traced, key=lambda one: one["index"])] == [0, 40, 41, 5050]
    assert len(others) <= 150
    assert sum(int(point["represents"].removeprefix("median of ")) for point in others) == 5000
    assert {point["value"] for point in others} == {100.0}  # ms


def test_trainings_have_a_line_per_seed_a_mean_and_reference_rules():
    found = charts(RUNS["trainings"])
    assert list(found) == ["error-by-epochs", "error-by-time", "epochs"]
    data = found["error-by-time"].spec["datasets"]
    assert {point["line"] for point in data["points"]} == {"seed 0", "seed 1", "seed 2", "mean"}
    assert {point["arm"] for point in data["points"]} == {"net"}
    assert [rule["says"] for rule in data["rules"]] == ["solver: 0.00100 in 100 ms", "target 0.1"]


def test_memory_chart_reads_samples_beside_the_record_and_keeps_peaks(tmp_path):
    (tmp_path / "logs").mkdir()
    lines = [f"MEM {100 + 900 * (number == 777)} {number / 20}" for number in range(5000)]
    (tmp_path / "logs" / "block0-memory.dat").write_text("\n".join(["CMDLINE a", *lines, "MEM 1"]))
    compared = run(["a"], blocks=1)
    profiled = Record([replace(compared.header, plan=replace(compared.plan, command="profile", probes=("phases",)))])
    profiled.slices, profiled.ends = compared.slices, compared.ends
    data = charts(profiled, tmp_path)["memory"].spec["datasets"]
    assert "memory" not in charts(compared, tmp_path)
    assert len(data["samples"]) <= 600
    assert data["peak"] == [{"seconds": 777 / 20, "memory": pytest.approx(1000 * 2**20 / 1e9), "says": "1.05 GB"}]
    assert memory([Sample(0.0, 1.0)], "a") is None


def test_waterfall_goes_from_one_recipe_to_the_other():
    figure = waterfall([Share("grid", -2.0, -2.1, -1.9), Share("loop", 0.5), Share("mean", 0.0)], "old", "new")
    first, grid, loop, mean, last = figure.spec["datasets"]["bars"]
    assert (first["change"], first["cost"]) == ("old", 1.0)
    assert grid["before"] == 1.0
    assert grid["cost"] == loop["before"] == pytest.approx(0.1353, abs=1e-4)
    assert grid["low"] < grid["cost"] < grid["high"]
    assert (loop["low"], loop["what"]) == (None, "slower")
    assert mean["cost"] == last["cost"] == pytest.approx(0.2231, abs=1e-4)
    assert images.svg(figure).startswith("<svg")
    assert waterfall([], "old", "new") is None


@given(st.data())
@settings(max_examples=20)
def test_charts_from_a_record_with_missing_lines(data):
    whole = run(["a", "b"], blocks=2, rounds=4)
    for lines in (whole.starts, whole.ready, whole.slices, whole.ends, whole.blocks_done):
        lines[:] = data.draw(st.lists(st.sampled_from(lines), unique_by=id)) if lines else []
    charts(whole)

"""Reports of whole trainings."""

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from shown import as_markdown, contents
from shown import on_terminal as shown_on_terminal
from trained import falling, record

from harness.record.events import Doing, Progress
from harness.record.schema import ArmEnd, BlockEnd, BlockStart
from harness.report.live.live import Display
from harness.report.summarize import summarize


def net(seed):
    return falling(*[(value * 2 ** (seed - 1)) for value in (1.0, 0.5, 0.2, 0.1)])


def quick(seed):
    return falling(1.0, 0.8, 0.4, 0.04 if seed else 0.3)


SOLVER = [(step, {"error": 0.1**step}) for step in (1, 2, 3, 4, 5, 6)]
WALLS = {"net": 4.0, "quick": 2.0, "solver": 0.25}


def run(curves=None, walls=WALLS, target=("error", 0.1), references=("solver",), **options):
    curves = curves or {"net": net, "quick": quick, "solver": SOLVER}
    references = [name for name in references if name in curves]
    return record(curves, walls=walls, target=target, references=tuple(references), **options)


def on_terminal(made):
    return shown_on_terminal(made, width=120)


def chosen(made):
    """The tables by their titles, each a dictionary of rows by their first cell."""
    return {
        table.title: [dict(zip(table.columns, row, strict=True)) for row in table.rows]
        for table in contents(made).tables
    }


def test_main_table_compares_arms_and_reference_steps():
    rows = chosen(run())["error of whole trainings"]
    first, second, *steps = rows
    # At its end 0.05, 0.1 and 0.2; after 30 s, which quick takes, it has trained 5 epochs of 4 s: 0.25, 0.5 and 1.
    # Their logarithms scatter by log 2, so the interval is a factor of exp(4.303 log 2 / sqrt 3) = 5.595 wide.
    assert first == {
        "arm": "net",
        "epochs": "15",
        "one training": "60.0 s",
        "at 15 epochs": "0.100 [0.0179, 0.559]",
        "after 30.0 s": "0.500 [0.0894, 2.80] (epoch 5)",
    }
    assert (second["arm"], second["one training"]) == ("quick", "30.0 s")
    assert [(row["arm"], row["epochs"], row["one training"]) for row in steps] == [
        ("solver (reference)", f"step {step}", "250 ms") for step in (3, 4, 5, 6)
    ]
    assert [row["after 30.0 s"] for row in steps] == ["0.00100", "0.000100", "1e-05", "1e-06"]


def test_shows_each_arm_at_its_own_end_if_lengths_differ():
    rows = chosen(run({"net": net, "quick": falling(1.0, 0.4)}))["error of whole trainings"]
    assert [(row["epochs"], row["at 5 epochs"].split()[0], row["at its end"].split()[0]) for row in rows] == [
        ("15", "0.500", "0.100"),
        ("5", "0.400", "0.400"),
    ]


def test_omits_reference_steps_slower_than_the_fastest_training():
    rows = chosen(run(walls=WALLS | {"solver": 31.0}))["error of whole trainings"]
    assert {row["after 30.0 s"] for row in rows if "reference" in row["arm"]} == {"-"}


def test_time_to_target_has_an_interval_with_its_coverage():
    made = run()
    rows = [list(row.values()) for row in chosen(made)["To error <= 0.1"]]
    assert rows == [
        ["net", "60.0 s [40.0 s, never]", "15 [10, never]", "2 of 3 seeds"],
        ["quick", "30.0 s [30.0 s, never]", "15 [15, never]", "2 of 3 seeds"],
        ["solver (reference)", "250 ms", "1", "3 of 3 seeds"],
    ]
    assert "with a probability of 75 %" in " ".join(on_terminal(made).split())


def test_shows_the_first_common_metric_without_a_target():
    curves = {"net": [(5, {"own": 1.0, "error": 0.5})], "quick": [(5, {"error": 0.25})]}
    found = chosen(run(curves, target=None))
    assert list(found) == ["error of whole trainings", "Every metric at the end"]
    assert found["Every metric at the end"] == [
        {"metric": "own", "net": "1.00", "quick": "-"},
        {"metric": "error", "net": "0.500", "quick": "0.250"},
    ]


@pytest.mark.parametrize("render", [on_terminal, as_markdown])
def test_mentions_what_a_reader_could_miss(render):
    text = " ".join(render(run(fails=[("quick", 1)])).split())
    assert "quick failed from seed 1 in epoch 15: ValueError: boom" in text
    assert "lower is better" in text
    assert "seeds 0 to 2" in text
    assert "No training reached" not in text
    one = " ".join(render(run(seeds=1, target=("error", 1e-9), seed=4)).replace("\\", "").split())
    assert "No training reached error <= 1e-09." in one
    assert "One seed gives no interval" in one
    assert "; seed 4." in one
    cut = run(cut_off=[("net", 2)])
    assert "This run is partial: 0 seeds completed" in render(cut)


def test_cells_mark_missing_seeds_and_nonfinite_values():
    made = run({"net": lambda seed: falling(1.0, 0.5) if seed == 1 else net(seed), "quick": quick}, fails=[("net", 1)])
    (row, _) = chosen(made)["error of whole trainings"]
    assert row["epochs"] == "15, failed at 5"
    assert row["at 15 epochs"].endswith(", 2 of 3 seeds")
    unstable = run({"net": lambda seed: falling(1.0, None if seed else 0.5), "quick": quick})
    assert chosen(unstable)["Every metric at the end"][0]["net"] == "not finite in 2 of 3 seeds"


def test_two_seeds_are_shown_with_both_values_in_place_of_an_interval():
    made = run({"net": lambda seed: falling(1.0, 1e-6 if seed else 1.0), "quick": quick}, seeds=2, target=None)
    rows = chosen(made)["error of whole trainings"]
    assert rows[0]["at 5 epochs"] == "0.00100 (1e-06 and 1.00)"
    text = " ".join(on_terminal(made).split())
    assert "In parentheses: the values of two seeds, which are too few for an interval." in text
    assert "Two seeds give no interval: that needs at least three (--seeds)." in text
    assert "95 % interval" not in text


def test_marks_arms_that_trained_alone():
    made = run()
    made.add(BlockStart(0, 1, ["net"], one_by_one=True))
    text = " ".join(on_terminal(made).split())
    assert "each was trained alone" in text
    assert "took no turns" not in text


def test_summary_has_convergence_and_no_comparison():
    summary = json.loads(summarize(run()).to_json())
    found, second, solver = summary["arms"]
    for arm in (found, second):
        assert (arm["metrics"]["total_time"]["value"], arm["metrics"]["total_time"]["ratio"]) == (None, None)
        assert arm["metrics"]["epoch_time"]["ratio_by_kind"] is None
    assert summary["one_by_one"] == []
    assert found["metrics"]["quality.error"]["value"] == pytest.approx((0.05 + 0.1 + 0.2) / 3)
    converged = found["convergence"]
    assert converged["equal_epochs"]["limit"] == 15
    assert converged["equal_time"]["limit"] == pytest.approx(30.0)
    assert converged["final"]["metrics"]["error"]["geometric_mean"]["estimate"] == pytest.approx(0.1)
    # never is null
    assert converged["to_target"]["seconds"] == {"estimate": 60.0, "low": 40.0, "high": None, "coverage": 0.75}
    assert solver["convergence"]["reference"] is True


@given(st.data())
def test_report_from_a_record_with_missing_lines(data):
    whole = run()
    for lines in (whole.starts, whole.ready, whole.slices, whole.evaluations, whole.ends, whole.blocks_done):
        lines[:] = data.draw(st.lists(st.sampled_from(lines), unique_by=id))
    assert "net" in on_terminal(whole)
    assert "net" in as_markdown(whole)
    summarize(whole).to_json()


def follow(made, console):
    """Show a whole run live, seed by seed; the last picture, or all lines."""
    display = Display(made.plan, console)
    places = [(line.block, line.arm, getattr(line, "epochs", 0)) for line in made.evaluations]
    with display:
        for block in range(made.plan.blocks):
            display(next(line for line in made.starts if line.block == block), made)
            for line in (line for line in made.ready if line.block == block):
                display(line, made)
            for number in range(4):
                for line in (line for line in made.slices if (line.block, line.round) == (block, number)):
                    display(Progress(block, Doing.TRAINING, line.arm, number, 4), made)
                    display(line, made)
                for line in (line for line in made.evaluations if (line.block, line.epochs) == (block, 5 * number)):
                    display(line, made)
            for end in (end for end in made.ends if end.block == block):
                display(end, made)
            display(BlockEnd(block), made)
    assert places
    return console.file.getvalue()


def test_terminal_shows_progress_and_latest_metric():
    made = run({"net": net, "quick": quick})
    text = follow(made, Console(file=io.StringIO(), force_terminal=True, width=120))
    assert "seed 3 of 3" in text
    last = text.rpartition("seed 3 of 3")[2]
    assert "15 of 15" in last
    assert "error" in last
    assert "0.200" in last
    assert "whole schedule" not in text
    assert "30 of 15" not in text


def test_prints_occasional_progress_without_a_terminal():
    made = run({"net": net, "quick": quick})
    made.add(ArmEnd(block=0, group=0, arm="net", status="failed", reason="ValueError: boom", moment="in epoch 3"))
    text = follow(made, Console(file=io.StringIO(), force_terminal=False, width=200))
    assert "\x1b" not in text
    assert "seed 1/3: 2 of 4 parts" in text
    assert "net 0.250" in text
    assert "seed 2/3: net failed" not in text
    assert "seed 3/3: done; net 0.200; quick 0.0400" in text


def test_a_run_of_references_shows_the_result_of_each_step():
    rows = chosen(run({"solver": SOLVER}, target=None))["error of whole trainings"]
    assert [row["at its end"] for row in rows] == ["0.00100", "0.000100", "1e-05", "1e-06"]
    assert [row["one training"] for row in rows] == ["250 ms"] * 4

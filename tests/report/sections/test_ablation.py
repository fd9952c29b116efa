"""Reports of ablations: complete, partial, failed, with one block, with a huge ratio and with a tiny one."""

import io
import json

import pytest
from ablated import ablated
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console
from shown import as_markdown, contents, on_terminal

from harness.plan.cells import draw_orders
from harness.record.events import Doing, Progress
from harness.record.schema import Objective
from harness.report.live.live import Display
from harness.report.summarize import summarize


def both(run):
    """The report on a terminal and as Markdown, each on one line and without escapes."""
    texts = on_terminal(run, width=200), as_markdown(run)
    return [" ".join(text.replace("\\", "").split()) for text in texts]


def halves(*halving, others=1.0):
    """Each of these changes halves the cost; the others do nothing."""
    return lambda made: 0.5 ** len(made & set(halving)) * (others if made - set(halving) else 1.0)


def test_headline_names_the_change_with_the_largest_saving():
    run = ablated(("rar", "mean", "chunks"), halves("rar"), noise=0.001)
    for text in both(run):
        assert "Ablate start -> goal: case1 at smoke scale" in text
        assert "goal costs 0.5" in text
        assert " of start: rar (old rar -> new rar) gives 0.5" in text
        assert "100 % of the gain; " in text
        assert "; mean and chunks do not matter (each within 3 %)." in text
        assert "Shares multiply, logarithms add up." in text
        assert "on rows" not in text


def test_a_tiny_effect_has_no_percentages():
    for text in both(ablated(("a", "b"), lambda made: 0.999 if "a" in made else 1.0)):
        assert "goal costs the same as start, within 3 %, 0.999x [0.999, 0.999]: " in text
        assert "a and b do not matter (each within 3 %)." in text
        assert "so there are no shares in percent" in text
        assert "(old a -> new a) gives" not in text


def test_a_huge_ratio_is_written_readably():
    cost = lambda made: 1 / (90 if "a" in made else 1) / (2 if "b" in made else 1)  # noqa: E731
    for text in both(ablated(("a", "b"), cost)):
        assert "goal costs 180x [180, 180] less than start: " in text
        assert "a (old a -> new a) gives 0.0111x [0.0111, 0.0111], 87 % of the gain; " in text
        assert "b (old b -> new b) gives 0.500x [0.500, 0.500], 13 % of the gain." in text


def test_one_block_gives_an_estimate():
    for text in both(ablated(("a", "b"), halves("a"), blocks=1)):
        assert "goal costs 2.00" in text or "goal costs 0.500x of start (estimate)" in text
        assert "the largest share is that of a (old a -> new a), 0.500x." in text
        assert "One block gives an estimate only" in text
        assert "verdict |" not in text


def test_an_interrupted_run_says_how_far_it_got():
    for text in both(ablated(("a", "b"), halves("a"), cut_off=True)):
        assert "This run is partial: 2 blocks completed." in text
        assert "0.500x" in text


def test_names_a_failed_cell_and_imputes_nothing():
    for text in both(ablated(("a", "b"), halves("a"), failing=["b"])):
        assert "b failed in epoch 3: ValueError: no" in text
        assert "There are no shares of the changes: b failed, so no block is complete." in text
        assert "Effect of each change" not in text
        assert "alone, on start" in text


def test_lists_only_measured_sets_of_many_changes():
    names = tuple("abcdef")
    run = ablated(names, halves(*names), orders=draw_orders(names, 4, 0), blocks=2)
    labels = {label for block in range(2) for label in run.plan.labels(block)}
    assert labels < {arm.label for arm in run.plan.arms}
    for text in both(run):
        assert "Measured in the blocks whose orders have the change first or last." in text
        absent = next(arm.label for arm in run.plan.arms if arm.label not in labels and "+" in arm.label)
        present = next(label for label in labels if "+" in label)
        assert f" {absent} " not in text
        assert f" {present} " in text


@pytest.mark.parametrize(
    ("orders", "drawn"), [(False, {"waterfall", "ratios", "epochs"}), (True, {"waterfall", "epochs"})]
)
def test_draws_a_waterfall_from_start_to_goal(tmp_path, orders, drawn):
    names = tuple("abcdef" if orders else "ab")
    run = ablated(names, halves("a"), orders=draw_orders(names, 3, 0) if orders else ())
    figures = {figure.name: figure for figure in contents(run, tmp_path).figures}
    assert figures.keys() == drawn
    bars = figures["waterfall"].spec["datasets"]["bars"]
    assert [bar["change"] for bar in bars] == ["start", *names, "goal"]
    assert bars[1]["cost"] == pytest.approx(0.5)
    assert figures["epochs"].panels == 2


def test_live_view_shows_only_arms_of_the_current_block():
    names = tuple("abcdef")
    run = ablated(names, halves(*names), orders=draw_orders(names, 3, 0))
    console = Console(file=io.StringIO(), force_terminal=True, width=120)
    here, there = set(run.plan.labels(1)), {arm.label for arm in run.plan.arms}
    with Display(run.plan, console) as display:
        for label in here:
            display(Progress(1, Doing.FIRST_EPOCHS, label), run)
    shown = {line.split()[1] for line in console.file.getvalue().splitlines() if line.startswith("│ ")}
    assert here <= shown
    assert not (there - here) & shown


def test_names_a_change_that_alters_the_training():
    run = ablated(("mean", "rar"), halves("rar"))
    for arm in ("start", "rar"):
        run.add(Objective(0, 0, arm, {"physics": 1.0}))
    for arm in ("mean", "goal"):
        run.add(Objective(0, 0, arm, {"physics": 0.25}))
    other = "perhaps a different objective (physics 0.25x), judged from one process of each"
    for text in both(run):
        assert f"mean (old mean -> new mean) gives a {other}." in text


def test_a_change_against_the_overall_effect_has_no_percentage():
    run = ablated(("a", "b"), lambda made: (2.0 if "a" in made else 1.0) * (0.8 if "b" in made else 1.0))
    for text in both(run):
        assert "goal costs 1.600x [1.600, 1.600] of start: " in text
        assert "a (old a -> new a) costs 2.000x [2.000, 2.000], 147 % of the loss; " in text
        assert "b (old b -> new b) gives 0.800x [0.800, 0.800]." in text


def test_reports_two_redundant_changes():
    run = ablated(("a", "b"), lambda made: 0.5 if made else 1.0)
    for text in both(run):
        assert "a and b hinder each other, or save the same work: 2.000x" in text


@pytest.mark.parametrize("orders", [(), (tuple("ab"),) * 3])
def test_summary_contains_the_whole_ablation(orders):
    found = json.loads(summarize(ablated(("a", "b"), halves("a"), orders=orders)).to_json())["ablation"]
    assert [change["name"] for change in found["changes"]] == ["a", "b"]
    assert found["total"]["ratio"]["estimate"] == pytest.approx(0.5)
    assert found["epoch_seconds"] == pytest.approx((4 + 1 + 12) / 101)
    assert found["total"]["seconds"]["estimate"] == pytest.approx(-0.5 * found["epoch_seconds"])
    assert found["crossed"] == (not orders)


@settings(max_examples=20)
@given(st.data())
def test_report_from_a_record_with_missing_lines(data):
    names = tuple("abcde")
    orders = data.draw(st.sampled_from([(), draw_orders(names, 3, 0)]))
    whole = ablated(names if orders else names[:2], halves("a"), orders=orders)
    for lines in (whole.ready, whole.slices, whole.ends, whole.blocks_done):
        lines[:] = data.draw(st.lists(st.sampled_from(lines), unique_by=id)) if lines else []
    for text in both(whole):
        assert "Ablate start -> goal" in text

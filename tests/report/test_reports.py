"""The same findings on a terminal and as Markdown."""

import io

import pytest
from epochs import epoch_of
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from rich.console import Console
from shown import as_markdown, on_terminal
from simulated import DATA, FULL, REFINE, record

from harness.record.events import Doing, Progress
from harness.record.schema import ArmEnd, Objective, Slice, Work
from harness.report.formats import terminal
from harness.report.layouts.comparison import sentences
from harness.report.live.live import Display
from harness.report.summarize import summarize
from harness.report.table import Table
from harness.worker.wire.evidence import Trace

ARMS = {"original": {DATA: 0.1, REFINE: 1.0, FULL: 0.2}, "quick": {DATA: 0.1, REFINE: 1.0, FULL: 0.1}}


@pytest.mark.parametrize("width", [40, 80, 200])
def test_on_a_terminal_no_column_of_figures_breaks_a_word(width):
    console = Console(file=io.StringIO(), width=width)
    names = [f"variant-{number}" for number in range(9)]
    rows = [["misplaced_mass", *(f"{number}.23e-05" for number in range(9))], ["error", *["0.1"] * 9]]
    terminal.show_table(console, Table("Every metric", ["metric", *names], rows))
    text = console.file.getvalue()
    assert all(f" {word} " in text for word in [*names, *rows[0]])
    assert text.count("misplaced_mass") == text.count("Every metric") == {40: 9, 80: 2, 200: 1}[width]
    assert max(map(len, text.splitlines())) <= width


@pytest.mark.parametrize("render", [on_terminal, as_markdown])
def test_a_comparison_gives_each_arm_a_ratio_and_what_it_compares(render):
    text = " ".join(render(record(ARMS)).replace("\\", "").split())
    assert "0.647x [0.647, 0.647]" in text
    assert "case1 at smoke scale" in text
    assert "relative to original" in text
    assert "below 1 is faster" in text
    assert "3 blocks" in text


@pytest.mark.parametrize("render", [on_terminal, as_markdown])
def test_mentions_what_a_reader_could_miss(render):
    run = record(ARMS, blocks=1)
    assert "One block gives an estimate only" in render(run)
    run.footer = None
    run.add(
        ArmEnd(
            block=0,
            group=0,
            arm="quick",
            status="failed",
            reason="ValueError: boom",
            moment="in epoch 3",
            last_lines=["its last words"],
        )
    )
    text = render(run)
    assert "This run is partial: 1 block completed" in text
    assert "quick failed in epoch 3: ValueError: boom" in text


@pytest.mark.parametrize(("visible", "limit"), [(1.1, "a difference of 10 %"), (4.36, "only a factor of 4.36 or more")])
def test_an_unsure_verdict_says_what_was_detectable(visible, limit):
    summary = summarize(record(ARMS))
    baseline, quick = summary.arms
    unsure = replace(quick, verdict="unsure", smallest_visible_ratio=visible)
    assert f"quick: unsure; {limit} would have been detected." in sentences(replace(summary, arms=[baseline, unsure]))


def test_arms_without_turns_are_not_reported_as_equal():
    run = record(ARMS, rounds=0)
    assert "quick and original ran too few epochs to take turns" in " ".join(on_terminal(run).split())


def test_a_loop_of_unknown_length_is_not_called_a_whole_training():
    text = " ".join(on_terminal(record({"a": {DATA: 0.1}, "b": {DATA: 0.05}}, seekable=False)).split())
    assert "whole schedule" not in text
    assert "epochs took" in text
    assert "This is not a whole training." in text
    assert "0.500x ±0.0%" in text


@given(st.data())
def test_report_from_a_record_with_missing_lines(data):
    """As after data loss: what can be decoded is reported or left out, without an internal error."""
    whole = record(ARMS, blocks=2, rounds=4)
    for arm in ARMS:
        whole.add(Objective(0, 0, arm, {"physics": float(len(arm))}))
        whole.add(
            Work(
                block=0,
                group=0,
                arm=arm,
                flops={DATA: 1e9, FULL: 2e9},
                unavailable="a reason",
                gemm_flops_per_second=1e11,
            )
        )
    kept = (whole.starts, whole.ready, whole.slices, whole.ends, whole.blocks_done, whole.objectives, whole.works)
    for lines in kept:
        lines[:] = data.draw(st.lists(st.sampled_from(lines), unique_by=id)) if lines else []
    assert "original" in on_terminal(whole)
    assert "original" in as_markdown(whole)


def test_markdown_has_the_last_output_of_a_failed_arm():
    run = record(ARMS)
    run.add(
        ArmEnd(
            block=2,
            group=0,
            arm="quick",
            status="failed",
            reason="x",
            moment="in epoch 3",
            last_lines=["# not a heading", "`not code`"],
        )
    )
    assert "\n    # not a heading\n    `not code`\n" in as_markdown(run)


@pytest.mark.parametrize("render", [on_terminal, as_markdown])
def test_names_are_text_not_markup(render):
    name = "[bold]<script>|a_b_"
    text = render(record({"original": ARMS["original"], name: ARMS["quick"]}))
    assert name in text.replace("\\", "")
    if render is as_markdown:
        assert "<script>" not in text
        header, *rows = [line for line in text.splitlines() if line.startswith("|")][:4]
        assert all(row.replace("\\|", "").count("|") == header.count("|") for row in rows)


def test_a_profile_shows_kinds_traces_and_memory():
    run = record({"original": ARMS["original"]}, blocks=1)
    run.add(replace(run.header, plan=replace(run.plan, command="profile", probes=("phases",))))
    run.add(
        Slice(
            block=0,
            group=0,
            round=0,
            position=0,
            arm="original",
            epochs=[epoch_of(5, DATA, 0.1, 0.1, {}, [Trace("step", "x.py:3", 0.5)])],
        )
    )
    text = on_terminal(run, width=100)
    for expected in ("Profile original", "refine", "1.00 s", "step", "x.py:3", "500 ms", "peak memory", "1.00 GB"):
        assert expected in text


def follow(run, console):
    """Show a whole run live, with a progress event before each slice; the last picture, or all lines."""
    display = Display(run.plan, console)
    with display:
        for piece in run.slices:
            doing = Doing.TAKING_TURNS if piece.round else Doing.FIRST_EPOCHS
            display(Progress(piece.block, doing, piece.arm, piece.round, 12 if piece.round else 0), run)
            display(piece, run)
        for end in run.ends:
            display(end, run)
        for end in run.blocks_done:
            display(end, run)
    return console.file.getvalue()


def test_prints_plain_lines_without_a_terminal():
    text = follow(record(ARMS), Console(file=io.StringIO(), force_terminal=False, width=200))
    assert "\x1b" not in text
    assert "block 1/3: first epochs of quick" in text
    assert "block 3/3: done; quick 0.647x [0.647, 0.647]" in text


def test_terminal_shows_a_table_that_is_redrawn():
    text = follow(record(ARMS), Console(file=io.StringIO(), force_terminal=True, width=120))
    assert "block 1 of 3" in text
    assert "round 12 of 12" in text
    assert "0.647x" in text

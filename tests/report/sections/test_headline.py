"""The headline in every situation."""

import pytest
from msgspec.structs import replace
from shown import contents
from simulated import DATA, FULL, REFINE, record
from trained import falling
from trained import record as trained

from harness.record.schema import ArmEnd

BASE = {DATA: 0.1, REFINE: 0.1, FULL: 0.1}


def times(factor):
    return {kind: seconds * factor for kind, seconds in BASE.items()}


def of(run):
    return contents(run).headline


def compared(blocks=3, **factors):
    return record({"base": BASE} | {arm: times(factor) for arm, factor in factors.items()}, blocks=blocks)


@pytest.mark.parametrize(
    ("factor", "expected"),
    [
        (1 / 180, "b is 180x faster than base [180x, 180x]."),
        (0.5, "b is 2.00x faster than base [2.00x, 2.00x]."),
        (0.8, "b takes 20 % less time than base [20 %, 20 %]."),
        (0.999, "b is the same as base within 3 %."),
        (1.05, "b takes 5 % more time than base [5 %, 5 %]."),
        (7.0, "b takes 7.00x as long as base [7.00x, 7.00x]."),
    ],
)
def test_wording_depends_on_the_size_of_the_difference(factor, expected):
    assert of(compared(b=factor)) == expected


def test_a_wide_interval_gives_only_what_is_sure():
    found = of(record({"base": BASE, "b": times(0.1)}, noise=4.0, seed=1))
    assert found.startswith("b is at least ")
    least, middle = (float(part.split("x")[0].split()[-1].lstrip("(")) for part in found.split("faster than base"))
    assert 1.5 < least < middle


def test_an_interval_in_percent_begins_with_the_smaller_difference():
    noisy = record({"base": BASE, "quick": times(0.8), "slow": times(1.2)}, noise=0.02)
    first, second = (clause.split("[")[1].rstrip("].").split(", ") for clause in of(noisy).split("; "))
    for low, high in (first, second):
        assert float(low.removesuffix(" %")) <= 20 <= float(high.removesuffix(" %"))


def test_groups_arms_by_verdict_strongest_first():
    assert of(compared(a=0.5, b=0.1, c=1.0, d=1.001, e=2.0)) == (
        "b is 10.0x faster than base [10.0x, 10.0x] and a is 2.00x faster;"
        " e takes 2.00x as long as base [2.00x, 2.00x]; c and d are the same as base within 3 %."
    )


def test_unsure_arms_show_their_estimate():
    assert of(record({"base": BASE, "b": times(0.9)}, noise=3.0)).endswith("x) is unsure.")


@pytest.mark.parametrize(
    ("blocks", "begins"),
    [(1, "Estimate from one block: b costs 0.500x"), (2, "Estimate from two blocks: b costs 0.500x")],
)
def test_an_estimate_without_a_verdict(blocks, begins):
    assert of(compared(blocks, b=0.5, c=2.0)) == f"{begins} what base costs and c 2.000x."


def test_mentions_a_failed_arm_and_only_the_baseline_if_that_failed():
    run = compared(b=0.5, c=0.5)
    run.add(ArmEnd(block=2, group=0, arm="c", status="failed", reason="ValueError: boom", moment="in epoch 3"))
    assert of(run) == "b is 2.00x faster than base [2.00x, 2.00x]; c failed in epoch 3."
    run.add(
        ArmEnd(
            block=2, group=0, arm="base", status="failed", reason="ValueError: boom", moment="while it was being built"
        )
    )
    assert (
        of(run)
        == "base, the baseline, failed while it was being built, so the others have nothing to be compared with."
    )


def test_an_interrupted_run_says_how_far_it_got():
    run = compared(1, b=0.5)
    run.blocks_done.clear()
    run.footer = None
    assert of(run).startswith("Estimate from an unfinished block: b costs 0.500x")
    run.slices.clear()
    run.ends.clear()
    assert of(run) == "Nothing could be compared with base: b was not measured together with it."


def test_long_names_are_shortened_in_the_middle():
    name = "a-name-without-end/" * 20
    assert of(record({"base": BASE, name: times(0.5)})).startswith("a-name-without-end/a-…")


def test_a_single_arm_says_its_time():
    assert of(compared()) == "base ran alone: one training takes 10.1 s ±0.0%."


def test_a_profile_says_the_time_of_an_epoch():
    run = compared(1)
    run.add(replace(run.header, plan=replace(run.plan, command="profile", probes=("phases",))))
    assert (
        of(run)
        == "A median full epoch of base takes 100 ms, its first epoch took 100 ms and its memory peaked at 1.00 GB."
    )


def test_a_profile_with_one_kind_says_epoch_once():
    run = record({"base": {"data": 0.1}}, blocks=1)
    for piece in run.slices:
        piece.epochs[:] = [replace(epoch, kind="epoch") for epoch in piece.epochs]
    run.add(replace(run.header, plan=replace(run.plan, command="profile", probes=("phases",))))
    assert of(run).startswith("A median epoch of base takes 100 ms, ")


def test_trainings_are_summarized_by_target_or_final_metric():
    curves = {"net": falling(1.0, 0.5, 0.2), "quick": falling(1.0, 0.04), "solver": falling(0.1, 0.001)}
    walls, seeds = {"net": 4.0, "quick": 2.0, "solver": 0.1}, {"seeds": 2, "references": ("solver",)}
    assert of(trained(curves, walls=walls, target=("error", 0.1), **seeds)) == (
        "To error <= 0.1: quick in 10.0 s of training; net never reached it."
    )
    assert of(trained(curves, walls=walls, target=("error", 0.01), **seeds)) == "No training reached error <= 0.01."
    assert of(trained(curves, walls=walls, **seeds)) == (
        "error at the end, over 2 seeds: quick 0.0400 after 10.0 s and net 0.200 after 40.0 s."
    )

"""The part of a report on how an arm's epochs were counted."""

import json

import pytest
from schedules import schedule
from simulated import sampled

from harness.report.layouts.comparison import sentences
from harness.report.sections import accounting, comparison
from harness.report.summarize import summarize
from harness.worker.wire.messages import Description

ENDLESS = Description(False, [])


def summary_of(cost, description=ENDLESS, epochs=None, cold=1.0):
    arms = {"plain": lambda index, new: 0.05, "other": lambda index, new: cost(index)}
    return summarize(sampled(description, arms, epochs=epochs, noise=0.002, cold=cold, settling_seconds=0.1))


def text_of(summary):
    return " ".join(sentences(summary))


def test_reports_a_period_with_its_epochs_and_cost():
    summary = summary_of(lambda index: 0.05 + 0.3 * (index % 4 == 1))
    assert "In other every 4th epoch takes 300 ms longer (7.0" in text_of(summary)
    assert "1, 5, 9, 13, ..." in text_of(summary)
    assert "In plain" not in text_of(summary)
    found = json.loads(summary.to_json())["arms"][1]["accounting"]
    assert (found["periods"][0]["every"], found["periods"][0]["phases"]) == (4, [1])
    assert found["periodic"]["epochs"] == pytest.approx(found["epochs"] / 4, abs=2)


@pytest.mark.parametrize("number", [(2, "2nd"), (3, "3rd"), (11, "11th"), (12, "12th")])
def test_periods_use_readable_ordinals(number):
    every, ordinal = number
    assert f"every {ordinal} epoch" in text_of(summary_of(lambda index: 0.05 + 0.3 * (index % every == 1)))


def test_two_epochs_of_a_period_are_reported_together():
    assert "2 of every 5 epochs take" in text_of(summary_of(lambda index: 0.05 + 0.3 * (index % 5 in (1, 2))))


@pytest.mark.parametrize("at", [3, 17])
def test_reports_a_single_stall_and_that_more_are_possible(at):
    long = schedule(("epoch", 1200), seekable=False)
    text = text_of(summary_of(lambda index: 0.05 + 3.0 * (index == at), long))
    assert f"other: epoch {at} took 3.0" in text
    assert "where others take 50" in text
    assert "It is counted once; the 1," in text
    assert "epochs that did not run may hold more of them." in text
    short = schedule(("epoch", 60), seekable=False)
    assert "did not run" not in text_of(summary_of(lambda index: 0.05 + 3.0 * (index == at), short))


def test_says_that_stalls_recur_and_are_projected():
    long = schedule(("epoch", 1200), seekable=False)
    summary = summary_of(lambda index: 0.05 + 0.5 * (index in (8, 15, 19, 36)), long)
    assert summary.arms[1].accounting.projects_stalls
    unseen = f"{summary.arms[1].accounting.unseen:,}"
    assert f"they recur, so the {unseen} epochs that did not run are charged for as many" in text_of(summary)
    assert "may hold more" not in text_of(summary)
    assert "are included, at the same rate, only where they recurred" in comparison.times(summary).note


def test_a_sample_of_a_short_schedule_is_not_the_sum_of_its_epochs():
    """It has every epoch, and some of them several times."""
    summary = summary_of(lambda index: 0.05 + 1.0 * (index == 7), schedule(("epoch", 30)))
    found = summary.arms[1].accounting
    assert found.epochs > found.scheduled == 30
    assert not found.all_ran
    assert accounting.table(summary).rows[1][1] == f"{found.epochs} samples of 30"
    assert "all of which ran" not in comparison.times(summary).note
    assert summary.arms[1].total_time.estimate == pytest.approx(30 * 0.05 + 1.0, rel=0.02)


def test_reports_a_trend_and_omits_steady_figures():
    summary = summary_of(lambda index: 0.05 + 0.002 * index)
    assert "The epochs of other get slower: each takes 2.0" in text_of(summary)
    _, other = summary.arms
    assert other.value("epoch_time") is None
    assert (other.epoch_times, other.ratio_by_kind) == ({}, {})
    assert other.unavailable == {"a steady epoch": "each epoch is slower than the one before"}
    assert other.ratio.estimate > 1.5
    assert summary.scope == "epochs"


def test_reports_the_cost_of_settling_if_it_differs():
    assert "of each turn of other took 1.40 times as long as later ones" in text_of(
        summary_of(lambda index: 0.05, cold=1.4)
    )
    assert "of each turn" not in text_of(summary_of(lambda index: 0.05))


def test_the_table_counts_each_epoch_once():
    summary = summary_of(lambda index: 0.05 + 0.3 * (index % 4 == 1))
    table = accounting.table(summary)
    assert table.title == "Epochs"
    found = summary.arms[1].accounting
    assert table.rows[1][:2] == ["other", str(found.epochs)]
    assert found.once.epochs + found.periodic.epochs + found.steady.epochs == found.epochs


@pytest.mark.parametrize(
    ("description", "epochs", "columns", "note"),
    [
        (ENDLESS, None, ["an epoch", "53 epochs took"], "The length of a training is not known"),
        (ENDLESS, 40, ["40 epochs, first included", "40 epochs took"], "This is not a whole training."),
        (schedule(("epoch", 1200), seekable=False), None, ["whole schedule", "one training"], "single slow epochs"),
        (schedule(("epoch", 1200)), None, ["whole schedule", "one training"], "single slow epochs"),
        (schedule(("epoch", 60), seekable=False), None, ["whole schedule", "one training"], "all of which ran"),
    ],
)
def test_main_table_says_what_its_ratio_compares(description, epochs, columns, note):
    table = comparison.times(summary_of(lambda index: 0.1, description, epochs))
    assert [table.columns[1], table.columns[-1]] == columns
    assert note in table.note

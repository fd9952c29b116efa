from dataclasses import replace as replace_measured

import pytest
from msgspec.structs import replace
from simulated import DATA, FULL, REFINE, record

from harness.analysis.epochs.accounting import Accounted, Part
from harness.analysis.stats.ratios import Ratio
from harness.plan.gate_rules import EPOCH_TIME
from harness.report.sections import breakeven, headline, notes
from harness.report.summarize import summarize


def accounted(start, epoch, epochs=100):
    """The accounting of a process whose first epoch takes `start` more seconds than the others, which take `epoch`."""
    once, steady = Part(1, start + epoch), Part(epochs - 1, epoch * (epochs - 1))
    whole = once.seconds + steady.seconds
    return Accounted(
        epochs=epochs, seconds=whole, once=once, periodic=Part(0, 0.0), steady=steady, between=None, scheduled=None
    )


def summary(mine, theirs, ratio=None):
    """A comparison in which an epoch of `new` has this ratio to one of `old`, by default the one of the accounts."""
    found = summarize(record({name: {DATA: 0.1, REFINE: 1.0, FULL: 0.2} for name in ("old", "new")}))
    if ratio is None and mine:
        steady = mine.steady.seconds / theirs.steady.seconds
        ratio = Ratio(steady, steady * 0.98, steady * 1.02)
    times = replace_measured(found.arms[1].metrics[EPOCH_TIME], ratio_by_kind={"epoch": ratio} if ratio else {})
    new = replace(found.arms[1], accounting=mine, metrics=found.arms[1].metrics | {EPOCH_TIME: times})
    return replace(found, arms=[replace(found.arms[0], accounting=theirs), new])


def test_says_when_a_slow_start_pays_off():
    told = list(breakeven.sentences(summary(accounted(42.0, 0.1), accounted(1.0, 0.2))))
    assert told == [
        "The start of new costs 41.0 s more than that of old, and each later epoch 0.500x of one: it pays off after"
        " about 410 epochs."
    ]
    assert headline.headline(summary(accounted(42.0, 0.1), accounted(1.0, 0.2))).endswith(told[0])


def test_says_for_how_long_a_quick_start_is_ahead():
    (told,) = breakeven.sentences(summary(accounted(1.0, 0.3), accounted(42.0, 0.2)))
    assert told.endswith(
        "costs 41.0 s less than that of old, and each later epoch 1.50x of one: it is ahead for about 410 epochs."
    )


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        (accounted(1.0, 0.1), accounted(2.0, 0.2)),  # better in both ways
        (accounted(1.1, 0.1), accounted(1.0, 0.2)),  # a start that hardly matters
        (accounted(42.0, 0.1), accounted(1.0, 0.1)),  # never
        (accounted(42.0, 0.1), accounted(40.0, 0.2)),  # starts that may be the same
        (None, accounted(1.0, 0.1)),
    ],
)
def test_says_nothing_otherwise(mine, theirs):
    assert list(breakeven.sentences(summary(mine, theirs))) == []


def test_says_nothing_if_the_epochs_may_take_the_same_time():
    unclear = summary(accounted(42.0, 0.1), accounted(1.0, 0.2), Ratio(0.9, 0.7, 1.1))
    assert list(breakeven.sentences(unclear)) == []


def test_names_kinds_of_a_schedule_that_never_ran():
    found = summary(None, None)
    found = replace(
        found, arms=[replace(found.arms[0], unreached={}), replace(found.arms[1], unreached={"refine": 500})]
    )
    assert list(notes.unreached(found)) == [
        "new never reached its epochs of kind refine (from epoch 500 on): no figure includes them. Give more --epochs."
    ]

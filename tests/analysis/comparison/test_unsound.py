"""Losses that are not those of a training that works."""

from math import exp

import numpy as np
import pytest
from simulated import trained

from harness.analysis.comparison.unsound import Fault, unsound


def found(losses):
    """What is wrong with an arm whose epochs have these losses, one dictionary each."""
    return unsound(trained({"a": [list(enumerate(losses))]}), "a")


def test_a_loss_that_is_not_finite_is_told_with_its_first_epoch():
    (one,) = found([{"data": exp(-index), "pde": None if index >= 3 else 0.5} for index in range(40)])
    assert (one.fault, one.loss, one.first, one.epochs, one.of) == (Fault.NOT_FINITE, "pde", 3, 37, 40)


def test_a_loss_that_does_not_change_is_told():
    (one,) = found([{"loss": 0.25, "pde": exp(-index / 10)} for index in range(40)])
    assert (one.fault, one.loss, one.of) == (Fault.CONSTANT, "loss", 40)


def test_a_loss_that_rises_is_told():
    random = np.random.default_rng(0)
    (one,) = found([{"loss": 1 + index / 20 + 0.1 * random.random()} for index in range(60)])
    assert one.fault == Fault.RISING
    assert one.before < 2 < one.after


RISING = [1 + index / 20 for index in range(60)]


def test_a_total_that_rises_as_its_terms_fall_is_weighted_in_another_way():
    assert found([{"loss": value, "pde": exp(-index / 20)} for index, value in enumerate(RISING)]) == []
    both = found([{"loss": value, "pde": 2 * value} for value in RISING])
    assert [one.loss for one in both] == ["loss", "pde"]


def test_the_course_of_sampled_epochs_says_nothing():
    sampled = [(7 * place, {"loss": value}) for place, value in enumerate(RISING)]
    assert unsound(trained({"a": [sampled]}), "a") == []
    in_turns = [list(enumerate({"loss": value} for value in RISING))[first : first + 10] for first in range(0, 60, 10)]
    assert [one.fault for one in unsound(trained({"a": in_turns}), "a")] == [Fault.RISING]


@pytest.mark.parametrize(
    "losses",
    [
        [{"loss": exp(-index / 20)} for index in range(60)],
        [{"loss": 1 + 0.3 * np.random.default_rng(index).random()} for index in range(60)],  # noise
        [{"loss": 1.0} for _ in range(19)],  # too few
        [{"loss": exp(-index / 20), "unused": 0.0} for index in range(60)],
        [{} for _ in range(60)],
    ],
)
def test_a_training_that_works_has_no_faults(losses):
    assert found(losses) == []


def test_the_term_that_fails_first_comes_before_totals_and_followers():
    losses = [
        {"loss": None if i >= 10 else 1.0, "loss_data": None if i >= 11 else 1.0, "loss_pde": None if i >= 10 else 1.0}
        for i in range(40)
    ]
    assert [(one.loss, one.first, one.total) for one in found(losses)] == [
        ("loss_pde", 10, False),
        ("loss", 10, True),
        ("loss_data", 11, False),
    ]


def test_a_loss_alone_is_no_total():
    (one,) = found([{"loss": None} for _ in range(40)])
    assert not one.total

"""Finds the terms of a loss that have no weight, from the losses of epochs."""

import numpy as np
import pytest
from epochs import epoch_of

from harness.analysis.profile.idle_terms import idle_terms

RANDOM = np.random.default_rng(0)


def epochs(kind, data_weight, weight, name="physics", number=8, noise=1e-7):
    """Epochs whose loss is a weighted sum of a data term and another one, as single precision has it."""
    found = []
    for index in range(number):
        data, other = RANDOM.random(2)
        loss = (data_weight * data + weight * other) * (1 + noise * RANDOM.standard_normal())
        found.append(epoch_of(index, kind, 1.0, 1.0, {"loss": loss, "data": data, name: other}))
    return found


@pytest.mark.parametrize("data_weight", [1.0, 250.0])
def test_finds_an_unweighted_term_in_its_kinds(data_weight):
    run = [*epochs("data", data_weight, 0.0), *epochs("full", data_weight, 0.5)]
    assert idle_terms(run) == {"physics": ["data"]}
    assert idle_terms(epochs("data", data_weight, 0.0)) == {"physics": ["data"]}


@pytest.mark.parametrize("weight", [1.0, 0.01])
def test_a_weighted_term_is_not_reported(weight):
    assert idle_terms(epochs("full", 1.0, weight)) == {}


@pytest.mark.parametrize("loss", [1.0, None], ids=["flat", "random"])
def test_a_loss_equal_to_one_term_makes_the_others_idle(loss):
    for _ in range(50):
        values = [(loss or RANDOM.random(), RANDOM.random()) for _ in range(30)]
        terms = [{"loss": data, "data": data, "physics": other, "accuracy": other**2} for data, other in values]
        assert idle_terms([epoch_of(i, "data", 1.0, 1.0, one) for i, one in enumerate(terms)]) == {"physics": ["data"]}


@pytest.mark.parametrize("share", [1e-2, 1e-3, 1e-4])
def test_a_small_term_is_not_idle(share):
    found = []
    for index in range(12):
        data, other = 1 + 0.1 * RANDOM.random(), share * (1 + 0.1 * RANDOM.random())
        loss = np.float32(np.float32(data) + np.float32(other))
        losses = {"loss": float(loss), "data": float(np.float32(data)), "physics": float(np.float32(other))}
        found.append(epoch_of(index, "full", 1.0, 1.0, losses))
    assert idle_terms(found) == {}


def test_a_monitored_quantity_is_idle_only_if_weighted_elsewhere():
    assert idle_terms(epochs("data", 1.0, 0.0, "accuracy")) == {}
    assert idle_terms([*epochs("data", 1.0, 0.0, "flow"), *epochs("full", 1.0, 1.0, "flow")]) == {"flow": ["data"]}


def test_no_finding_from_changing_weights_few_epochs_or_uninformative_losses():
    ramp = [one for index in range(8) for one in epochs("ramp", 1.0, 0.1 * (index + 1), number=1)]
    assert idle_terms(ramp) == {}
    assert idle_terms(epochs("data", 1.0, 0.0, number=4)) == {}
    assert idle_terms([]) == {}
    assert idle_terms([epoch_of(i, "epoch", 1.0, 1.0, {"loss": 1.0}) for i in range(9)]) == {}
    assert idle_terms([epoch_of(i, "epoch", 1.0, 1.0, {"data": 1.0, "physics": i}) for i in range(9)]) == {}
    assert (
        idle_terms([epoch_of(i, "epoch", 1.0, 1.0, {"loss": None, "data": 1.0, "physics": i}) for i in range(9)]) == {}
    )
    constant = [epoch_of(i, "epoch", 1.0, 1.0, {"loss": 1.0, "data": 0.5, "physics": 0.5}) for i in range(9)]
    assert idle_terms(constant) == {}


@pytest.mark.parametrize("name", ["metric", "dice", "model_norm", "mode", "statistic"])
def test_a_name_containing_a_terms_name_does_not_match(name):
    assert idle_terms(epochs("data", 1.0, 0.0, name)) == {}


@pytest.mark.parametrize("name", ["ode", "bc_loss", "loss_IC", "pdes", "initial_condition"])
def test_a_name_with_a_terms_name_as_a_part_matches(name):
    assert idle_terms(epochs("data", 1.0, 0.0, name)) == {name: ["data"]}

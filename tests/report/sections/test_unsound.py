"""What a report says first of losses that are not those of a training that works."""

from shown import contents
from simulated import trained


def shown(base, new=None):
    rounds = [list(enumerate(base))], [list(enumerate(new or [{"loss": 1 / (1 + index)} for index in range(40)]))]
    return contents(trained({"base": rounds[0], "new": rounds[1]}))


def test_a_baseline_that_trains_on_nan_is_the_first_sentence():
    found = shown([{"loss": None if index >= 3 else 1.0, "pde": 1.0 / (1 + index)} for index in range(40)])
    assert found.headline.startswith(
        "base trains on losses that are not finite: `loss` from epoch 3 on, in 37 of 40 epochs. "
    )


def test_losses_that_do_not_change_or_that_rise_are_the_first_findings():
    found = shown([{"data": 0.5, "loss": 1 + index / 10} for index in range(40)])
    assert found.findings[:2] == [
        "Losses of base do not change: `data` is the same in all 40 epochs.",
        "Losses of base rise: `loss` from 1.60 to 4.30 over 40 epochs.",
    ]


def test_many_terms_are_counted():
    found = shown([dict.fromkeys("abcd") for _ in range(40)])
    assert "`b` from epoch 0 on, in 40 of 40 epochs and 2 others." in found.headline


def test_the_term_that_fails_first_is_named_and_what_follows_is_listed():
    starts = {"loss": 10, "loss_data": 11, "loss_ic": 11, "loss_pde": 10}
    found = shown([{name: None if i >= first else 1.0 for name, first in starts.items()} for i in range(40)])
    assert found.headline.startswith(
        "base trains on losses that are not finite: `loss_pde` from epoch 10 on, in 30 of 40 epochs, then `loss`,"
        " `loss_data` and `loss_ic`. "
    )


def test_many_followers_are_counted():
    starts = {"pde": 3} | dict.fromkeys(("bc", "ic", "data", "total", "reg"), 4)
    found = shown([{name: None if i >= first else 1.0 for name, first in starts.items()} for i in range(40)])
    assert "`pde` from epoch 3 on, in 37 of 40 epochs, then `bc`, `ic` and 3 others." in found.headline

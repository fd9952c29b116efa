"""Whether a second seed changes anything."""

import pytest
from epochs import epoch_of
from planned import planned

from harness.analysis.training.seeds import SeedIgnored, find_seed_ignored
from harness.plan.plan import ANOTHER_SEED
from harness.record.schema import Header, Slice
from harness.record.store import Record

FALLING = [1.0, 0.5, 0.25, 0.125]


def losses_of(*values):
    return [{} if value is None else {"loss": value} for value in values]


def piece(group, losses, first=0, probe=None):
    epochs = [epoch_of(first + place, "epoch", 1.0, 1.0, own) for place, own in enumerate(losses)]
    return Slice(block=0, group=group, round=0, position=0, arm="a", epochs=epochs, probe=probe)


def found(one, other, first=0, probe=ANOTHER_SEED):
    """What is found if the arm has these losses in turns, and the others in a pass of its own from another seed."""
    plan = planned("profile", "fast", scale="smoke", seed=4)
    head = Header(schema=2, run="r", started="", plan=plan, machine={}, versions={}, commit=None)
    lines = [head, piece(0, one[:2]), piece(0, one[2:], 2), piece(1, other, first, probe)]
    return find_seed_ignored(Record(lines), "a")


def test_equal_losses_that_change_are_found_with_the_epochs_that_both_ran():
    assert found(losses_of(*FALLING), losses_of(*FALLING[:3])) == SeedIgnored((4, 5), 3)


def test_a_loss_that_is_not_finite_is_no_difference():
    own = [{"loss": value, "other": None} for value in FALLING]
    assert found(own, own) == SeedIgnored((4, 5), 4)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (losses_of(*FALLING), losses_of(*FALLING[:3], 0.125 + 2**-50)),
        (losses_of(*FALLING), [{"loss": 1.0}, {"loss": 0.5, "another": 1.0}]),
        (losses_of(1.0, 1.0, 1.0), losses_of(1.0, 1.0, 1.0)),
        (losses_of(*FALLING), losses_of(1.0)),
        (losses_of(None, None), losses_of(None, None)),
        ([{"loss": None}] * 3, [{"loss": None}] * 3),
        (losses_of(*FALLING), []),
    ],
    ids=["last bit", "another loss", "constant", "one epoch", "no losses", "not finite", "no epochs"],
)
def test_nothing_is_found(one, other):
    assert found(one, other) is None


def test_only_another_seed_counts_and_only_the_same_epochs():
    assert found(losses_of(*FALLING), losses_of(*FALLING), probe="phases") is None
    assert found(losses_of(*FALLING), losses_of(*FALLING), first=1) is None

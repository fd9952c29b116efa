"""The epochs of a record as one table."""

import pytest
from epochs import epoch_of
from simulated import record

from harness.analysis.epochs.table import idle_share, pending_share
from harness.record.schema import Slice
from harness.worker.wire.messages import Idle


def waits(*pieces):
    """A record of slices, each with the arm's waiting time and its CPU time during that."""
    found = record({"a": {"data": 1.0}, "b": {"data": 1.0}}, blocks=1, rounds=1)
    epoch = epoch_of(0, "data", 1.0, 1.0, {})
    for number, arm, wall, cpu in pieces:
        found.add(Slice(block=0, group=0, round=number, position=0, arm=arm, epochs=[epoch], idle=Idle(wall, cpu)))
    return found


def test_counts_waiting_during_other_arms_turns():
    # The first part of a turn settles, and belongs to no round; between the parts nobody else has a turn.
    found = waits(
        (0, "b", 1.0, 0.5), (0, "a", 2.0, 0.2), (1, "a", 0.001, 0.001), (0, "b", 3.0, 0.0), (0, "a", 2.0, 0.0)
    )
    assert idle_share(found, "a") == pytest.approx(0.2 / 4)


def test_no_waiting_share_without_waiting():
    assert idle_share(waits(), "a") is None


def turned(*turns, probe=None):
    """A record of turns of one arm, each of two epochs of a second, with what was pending and whether it was early."""
    found = record({"a": {"data": 1.0}}, blocks=1, rounds=1)
    epochs = [epoch_of(index, "data", 1.0, 1.0, {}) for index in range(2)]
    for number, (pending, early) in enumerate(turns):
        piece = Slice(
            block=0,
            group=0,
            round=number,
            position=0,
            arm="a",
            epochs=epochs,
            pending=pending,
            early=early,
            probe=probe,
        )
        found.add(piece)
    return found


def test_share_of_the_time_that_was_waited_for_at_the_end_of_turns():
    walls = sum(epoch.wall for piece in turned().slices for epoch in piece.epochs)
    found = turned((1.5, True), (None, True), (0.5, False))
    assert pending_share(found, "a") == pytest.approx(2.0 / (6.0 + walls))


def test_epochs_that_leave_little_behind_have_no_such_share():
    assert pending_share(turned((0.1, False)), "a") is None
    assert pending_share(turned((0.1, False), (1.5, True), (0.0, False)), "a") is None
    assert pending_share(turned((1.5, True), probe="memory"), "a") is None

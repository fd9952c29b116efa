"""The epochs of a record as one table."""

import pytest
from epochs import epoch_of
from simulated import record

from harness.analysis.epochs.table import idle_share
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

"""What is read out of a record's epochs as one table."""

import pytest
from epochs import epoch_of
from simulated import record

from harness.analysis.epochs.table import idle_share
from harness.record.schema import Slice
from harness.worker.wire.messages import Idle


def waits(*pieces):
    """A record of slices, each of an arm that waited so long and computed for so long meanwhile."""
    found = record({"a": {"data": 1.0}, "b": {"data": 1.0}}, blocks=1, rounds=1)
    epoch = epoch_of(0, "data", 1.0, 1.0, {})
    for number, arm, wall, cpu in pieces:
        found.add(Slice(block=0, group=0, round=number, position=0, arm=arm, epochs=[epoch], idle=Idle(wall, cpu)))
    return found


def test_waiting_is_counted_while_others_have_their_turn():
    # The first part of a turn settles, and belongs to no round; between the parts nobody else has a turn.
    found = waits(
        (0, "b", 1.0, 0.5), (0, "a", 2.0, 0.2), (1, "a", 0.001, 0.001), (0, "b", 3.0, 0.0), (0, "a", 2.0, 0.0)
    )
    assert idle_share(found, "a") == pytest.approx(0.2 / 4)


def test_what_never_waited_has_no_share():
    assert idle_share(waits(), "a") is None

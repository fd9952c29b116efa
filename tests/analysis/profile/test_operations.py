"""Which operations an epoch spends its time in, by kind."""

import pytest
from epochs import epoch_of
from simulated import record

from harness.analysis.profile.operations import profiles
from harness.record.schema import Slice
from harness.worker.wire.evidence import OTHERS, OperationUse


def seen(*epochs):
    found = record({"a": {"data": 1.0}}, blocks=1, rounds=1)
    found.add(Slice(block=0, group=1, round=0, position=0, arm="a", epochs=list(epochs), probe="operations"))
    return profiles(found, "a")


def epoch(index, kind, uses, busy, first=False):
    return epoch_of(index, kind, 0.1, 0.1, {}, first=first, operations=[OperationUse(*use) for use in uses], busy=busy)


def test_averages_operations_over_epochs_except_the_first():
    found = seen(
        epoch(0, "data", [("MatMul", "net", 1, 9.0)], 0.1, first=True),
        epoch(1, "data", [("MatMul", "net", 2, 0.04), ("Sum", "", 1, 0.01)], 0.05),
        epoch(2, "data", [("MatMul", "net", 2, 0.02), ("MatMul", "loss", 2, 0.01)], 0.03),
        epoch(3, "full", [("XLA dot", "", 1, 0.01)], 0.1),
    )
    assert list(found) == ["data", "full"]
    data = found["data"]
    assert list(data.types) == ["MatMul", "Sum"]
    assert data.types["MatMul"].calls == pytest.approx(3)
    assert data.types["MatMul"].own_seconds == pytest.approx(0.035)
    assert data.types["MatMul"].share == pytest.approx(0.875)
    assert {name: round(spent.share, 4) for name, spent in data.parts.items()} == {
        "net": 0.75,
        "": 0.125,
        "loss": 0.125,
    }
    assert data.idle == pytest.approx(0.6)
    assert found["full"].idle == pytest.approx(0.0)


def test_empty_without_observed_operations():
    assert seen() == {}
    assert seen(epoch(0, "data", [], None)) == {}


def test_remainder_is_not_a_part():
    parts = seen(epoch(1, "data", [("MatMul", "", 1, 0.02), (OTHERS, "", 9, 0.02)], 0.04))["data"].parts
    assert {name: spent.share for name, spent in parts.items()} == pytest.approx({"": 0.5, OTHERS: 0.5})

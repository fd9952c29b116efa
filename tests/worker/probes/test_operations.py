"""What is made of the operations that a profiler saw."""

import pytest

from harness.worker.probes import operations as probe
from harness.worker.probes.all_operations import NOTHING_OBSERVED, AllOperations
from harness.worker.probes.operations import Operation, busy, summed
from harness.worker.wire.evidence import OTHERS, OperationsUse, OperationUse


def operation(start, seconds, type_="Op", part="", thread="one"):
    return Operation(type_, part, thread, start, seconds, seconds)


def test_inner_operations_are_subtracted_only_within_their_thread():
    outer, inner, innermost = operation(0.0, 1.0), operation(0.2, 0.5), operation(0.3, 0.1)
    later, elsewhere = operation(1.0, 0.5), operation(0.1, 0.9, thread="two")
    probe.set_own_times([later, outer, elsewhere, innermost, inner])
    assert [one.own for one in (outer, inner, innermost, later, elsewhere)] == pytest.approx([0.5, 0.4, 0.1, 0.5, 0.9])


def test_busy_time_is_the_union_of_operations():
    assert busy([]) == 0
    assert busy([operation(0, 1), operation(0.5, 1), operation(0.6, 0.1), operation(3, 1)]) == pytest.approx(2.5)


def test_sums_equal_operations_and_groups_the_smallest(monkeypatch):
    monkeypatch.setattr(probe, "MOST", 2)
    found = [operation(0, 1, "A"), operation(0, 2, "A"), operation(0, 5, "A", "x"), operation(0, 1, "B")]
    assert summed(found) == [
        OperationUse("A", "x", 1, 5),
        OperationUse("A", "", 2, 3),
        OperationUse(OTHERS, "", 1, 1),
    ]


class Seen:
    """A probe that has seen something, or has not been used."""

    def __init__(self, use, why=None, used=True):
        self._use, self.unavailable, self._used = use, {"operations": why} if why else {}, used

    def is_used(self):
        return self._used

    def begin(self, fresh):
        self.fresh = fresh

    def end(self, wall):
        return self._use

    def spans(self):
        return [self._use]


def test_operations_of_two_frameworks_add_up():
    one, two = OperationUse("MatMul", "", 1, 0.25), OperationUse("dot", "", 2, 0.5)
    both = AllOperations([Seen(OperationsUse([one], 0.25)), Seen(OperationsUse([two], 0.5))])
    assert both.end(1.0) == OperationsUse([two, one], 0.75)
    assert len(both.spans()) == 2
    assert both.unavailable == {}


def test_operations_on_an_accelerator_count_alone():
    host, device = OperationUse("aten::mm", "", 1, 0.25), OperationUse("gemm", "", 2, 0.5)
    seen = Seen(OperationsUse([host], 0.25)), Seen(OperationsUse([device], 0.5, "CUDA"))
    assert AllOperations(seen).end(1.0) == OperationsUse([device], 0.5, "CUDA")


def test_an_unused_framework_is_no_reason():
    unused, failing = Seen(None, used=False), Seen(None, "its profiler did not start")
    assert AllOperations([unused, failing]).unavailable == {"operations": "its profiler did not start"}
    assert AllOperations([unused, Seen(OperationsUse([], 0.0))]).unavailable == {}
    assert AllOperations([unused]).unavailable == {"operations": NOTHING_OBSERVED}
    assert AllOperations([unused]).end(1.0) is None

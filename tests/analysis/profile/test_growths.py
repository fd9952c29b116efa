import pytest
from epochs import epoch_of
from simulated import DATA, FULL, record

from harness.analysis.profile.growth import Growth
from harness.analysis.profile.growths import growths
from harness.record.schema import Slice
from harness.worker.wire.evidence import MemoryUse

MB = 1_000_000


def watched(*epochs):
    run = record({"a": {DATA: 1.0, FULL: 1.0}}, blocks=1)
    run.add(Slice(block=0, group=1, round=0, position=0, arm="a", epochs=epochs, probe="memory"))
    return growths(run, "a")


def epoch(index, kind, rss, **sizes):
    memory = None if rss is None else MemoryUse(None, rss, None)
    return epoch_of(index, kind, 0.1, 0.1, {}, memory=memory, sizes=sizes)


def leaking(**sizes):
    return [
        epoch(index, DATA, 500 * MB + index * MB, **{n: by(index) for n, by in sizes.items()}) for index in range(30)
    ]


def test_reports_growth_by_kind_over_consecutive_epochs():
    found = watched(*leaking(), *(epoch(41 + index, FULL, 900 * MB) for index in range(20)))
    assert found[DATA].verdict == "growing"
    assert found[DATA].bytes_per_epoch == pytest.approx(MB)
    assert found[FULL] == Growth("steady")


def test_reports_trainer_sizes_that_grow_at_the_same_time():
    found = watched(*leaking(pool=lambda index: 100 + 12 * index, batch=lambda index: 64))
    assert found[DATA].sizes == {"pool": pytest.approx(12)}


def test_a_size_reported_on_change_counts_from_its_previous_value():
    steps = leaking()
    before = epoch(0, DATA, 500 * MB, pool=100)
    grown = epoch(20, DATA, 520 * MB, pool=158)
    found = watched(before, *steps[1:20], grown, *steps[21:])
    assert found[DATA].sizes == {"pool": pytest.approx(58 / 28)}


def test_no_growth_for_an_unwatched_arm():
    assert growths(record({"a": {DATA: 1.0}}, blocks=1), "a") == {}
    assert watched(*(epoch(index, DATA, None) for index in range(20))) == {}

"""Work that epochs leave behind, with devices that take a known time. Nothing here depends on the machine's speed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.worker import pending
from harness.worker.pending import Pending
from harness.worker.wire.messages import Epoch


class Clock:
    """A clock that shows what the simulated devices need, and no other time."""

    now = 0.0

    def start(self):
        self._start = Clock.now

    def spend(self, seconds):
        Clock.now = max(Clock.now, self._start + seconds)

    def stop(self):
        return Clock.now - self._start, (Clock.now - self._start) / 2


ASKING = 1e-5
"""Seconds that asking the devices takes."""


@pytest.fixture
def devices(monkeypatch):
    def make(*left):
        pairs = [seconds for one in left for seconds in (one, 0.0)]
        made = iter(pairs)

        def synchronize():
            Clock.now += ASKING + next(made, 0.0)
            return bool(pairs)

        monkeypatch.setattr(pending.frameworks, "synchronize", synchronize)
        monkeypatch.setattr(pending, "Clock", Clock)

    return make


def epochs(*walls, **options):
    return [Epoch(index=n, kind="epoch", wall=wall, cpu=wall, losses={}, **options) for n, wall in enumerate(walls)]


def waited(own, slowdown=0.0):
    found = Pending(slowdown)
    for epoch in own:
        found.add(epoch)
    found.wait()
    return found


def test_each_epoch_of_a_stretch_that_ran_ahead_gets_an_equal_share(devices):
    devices(1.0)
    own = epochs(0.001, 0.002, 0.003, 0.194)
    found = waited(own)
    assert found.early
    assert found.seconds == pytest.approx(1.0)
    assert [epoch.wall for epoch in own] == pytest.approx([0.3] * 4)
    assert [epoch.cpu for epoch in own] == pytest.approx([(0.2 + 0.5) / 4] * 4)


def test_the_rest_of_the_latest_epoch_is_its_own(devices):
    devices(0.1)
    own = epochs(1.0, 1.0, 1.0)
    found = waited(own)
    assert not found.early
    assert [epoch.wall for epoch in own] == pytest.approx([1.0, 1.0, 1.1])


def test_less_than_can_be_told_from_asking_is_nothing(devices):
    devices(5e-5)
    own = epochs(1e-5, 1e-5)
    found = waited(own)
    assert (found.seconds, found.early, [epoch.wall for epoch in own]) == (0.0, False, [1e-5, 1e-5])


def test_without_a_framework_nothing_is_waited_for(devices):
    devices()
    own = epochs(1e-5, 1e-5)
    assert waited(own).seconds == 0.0
    assert [epoch.wall for epoch in own] == [1e-5, 1e-5]


@pytest.mark.parametrize("evidence", [{"traces": [1]}, {"compilations": [1]}])
def test_an_epoch_that_traced_keeps_its_time(devices, evidence):
    devices(0.9)
    own = epochs(0.1, 0.1, 5.0, 0.1)
    own[2].evidence = evidence
    found = waited(own)
    assert found.early
    assert [epoch.wall for epoch in own] == pytest.approx([0.4, 0.4, 5.0, 0.4])


def test_what_is_left_of_a_first_epoch_is_its_own(devices):
    devices(3.0)
    own = epochs(2.0, first=True)
    assert not waited(own).early
    assert own[0].wall == pytest.approx(5.0)


def test_a_slice_has_the_time_of_all_its_stretches(devices):
    devices(1.0, 2.0)
    found = Pending()
    for own in (epochs(0.1, 0.1), epochs(0.1, 0.1)):
        for epoch in own:
            found.add(epoch)
        found.wait()
    assert (found.seconds, found.early) == (pytest.approx(3.0), True)
    found.wait()
    assert found.seconds == pytest.approx(3.0)
    found.forget()
    assert (found.seconds, found.early) == (0.0, False)


def test_a_planted_slowdown_slows_down_the_work_that_is_waited_for_too(devices):
    devices(1.0)
    own = epochs(0.1, 0.1)
    assert waited(own, slowdown=0.25).seconds == pytest.approx(1.25)
    assert sum(epoch.wall for epoch in own) == pytest.approx(1.45)


@given(
    st.lists(st.tuples(st.floats(1e-6, 10.0), st.booleans(), st.booleans()), min_size=1, max_size=20),
    st.floats(0.0, 100.0),
)
def test_the_time_of_all_epochs_is_that_of_their_calls_and_of_the_wait(given_epochs, left):
    with pytest.MonkeyPatch.context() as patch:
        asked = iter([left])

        def synchronize():
            Clock.now += next(asked, 0.0)
            return True

        patch.setattr(pending.frameworks, "synchronize", synchronize)
        patch.setattr(pending, "Clock", Clock)
        Clock.now = 0.0
        own = epochs(*(wall for wall, _, _ in given_epochs))
        for epoch, (_, first, traced) in zip(own, given_epochs, strict=True):
            epoch.first, epoch.evidence = first, {"traces": [1]} if traced else {}
        before = sum(epoch.wall for epoch in own)
        found = waited(own)
        assert sum(epoch.wall for epoch in own) == pytest.approx(before + found.seconds)
        assert found.seconds == pytest.approx(left if left >= pending.LEAST_SECONDS else 0.0)

from time import sleep

import pytest

from harness.worker.probes import clock as module
from harness.worker.probes.clock import Clock


def test_sleeping_takes_wall_clock_time_and_hardly_a_processor():
    clock = Clock()
    clock.start()
    sleep(0.2)
    wall, cpu = clock.stop()
    assert 0.2 <= wall < 20
    assert 0 <= cpu < wall / 2


def test_working_takes_the_processor_too():
    clock = Clock()
    clock.start()
    total = sum(range(3_000_000))
    wall, cpu = clock.stop()
    assert total
    assert cpu > 0
    assert wall > 0


def test_restarting_a_clock_resets_it():
    clock = Clock()
    clock.start()
    sleep(0.2)
    clock.start()
    wall, _ = clock.stop()
    assert wall < 0.2


def test_an_unstarted_clock_cannot_be_read():
    with pytest.raises(AttributeError):
        Clock().stop()


@pytest.fixture
def set_clock(monkeypatch):
    """A clock that returns these nanoseconds in turn."""

    def set_readings(*nanoseconds):
        readings = iter(nanoseconds)
        monkeypatch.setattr(module, "perf_counter_ns", lambda: next(readings))
        return readings

    return set_readings


def test_slowdown_prolongs_work_by_its_share(set_clock):
    left = set_clock(1000, 3000, 3001, 3050, 3099, 3100, 3101)
    clock = Clock()
    clock.start()
    clock.draw_out(0.05)
    wall, _ = clock.stop()
    assert wall == pytest.approx(2101e-9)
    assert next(left, None) is None


def test_no_slowdown_ends_at_once(set_clock):
    set_clock(1000, 3000, 3000, 3001)
    clock = Clock()
    clock.start()
    clock.draw_out(0.0)
    assert clock.stop()[0] == pytest.approx(2001e-9)

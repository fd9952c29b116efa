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


def test_a_clock_is_started_again_from_nothing():
    clock = Clock()
    clock.start()
    sleep(0.2)
    clock.start()
    wall, _ = clock.stop()
    assert wall < 0.2


def test_a_clock_that_was_never_started_has_nothing_to_read():
    with pytest.raises(AttributeError):
        Clock().stop()


@pytest.fixture
def told(monkeypatch):
    """A clock that says these nanoseconds, one after the other."""

    def tell(*nanoseconds):
        readings = iter(nanoseconds)
        monkeypatch.setattr(module, "perf_counter_ns", lambda: next(readings))
        return readings

    return tell


def test_drawn_out_work_lasts_that_share_longer(told):
    left = told(1000, 3000, 3001, 3050, 3099, 3100, 3101)
    clock = Clock()
    clock.start()
    clock.draw_out(0.05)
    wall, _ = clock.stop()
    assert wall == pytest.approx(2101e-9)
    assert next(left, None) is None


def test_work_that_is_drawn_out_by_nothing_ends_at_once(told):
    told(1000, 3000, 3000, 3001)
    clock = Clock()
    clock.start()
    clock.draw_out(0.0)
    assert clock.stop()[0] == pytest.approx(2001e-9)

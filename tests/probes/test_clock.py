from time import sleep

import pytest

from harness.probes.clock import Clock


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

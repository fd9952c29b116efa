"""The rate of large matrix products."""

import pytest

from harness.worker.probes import fastest, gemm


@pytest.fixture
def clock(monkeypatch):
    """A clock that advances by the given seconds with each product."""

    class Clock:
        now = 0.0
        products = 0

        def __call__(self):
            return self.now

    clock = Clock()
    monkeypatch.setattr(fastest, "perf_counter", clock)

    def taking(*seconds):
        durations = iter(seconds)

        def multiply():
            clock.now += next(durations)
            clock.products += 1

        return clock, lambda size: multiply

    return taking


def test_takes_the_best_once_two_agree_after_a_warm_up(clock):
    counted, prepare = clock(0.1, 0.5, 0.25, 0.3, 0.254)
    assert gemm.flops_per_second(prepare, 64) == pytest.approx(2 * 64**3 / 0.25)
    assert counted.products == 5


@pytest.mark.parametrize("seconds", [(1.9, 1.5), (60.0,)])
def test_stops_early_on_a_slow_machine(clock, seconds):
    counted, prepare = clock(*seconds)
    assert gemm.flops_per_second(prepare, 64) == pytest.approx(2 * 64**3 / seconds[-1])
    assert counted.products == len(seconds)


def test_failing_products_give_none(capsys):
    def refuses(size):
        raise MemoryError("no memory")

    assert gemm.flops_per_second(refuses, 64) is None
    assert "no memory" in capsys.readouterr().err

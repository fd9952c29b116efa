import subprocess
import sys

import pytest
import tensorflow as tf

from harness.worker.probes.tensorflow import gemm


def test_it_loads_no_tensorflow():
    code = (
        "import sys; from harness.worker.probes.tensorflow.gemm import *; "
        "print(flops_per_second(), 'tensorflow' in sys.modules)"
    )
    child = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert child.stdout == "None False\n"


@pytest.fixture
def clock(monkeypatch):
    """A clock that advances by the given seconds with each product."""

    class Clock:
        now = 0.0
        products = 0

        def __call__(self):
            return self.now

    clock = Clock()
    monkeypatch.setattr(gemm, "perf_counter", clock)

    def taking(*seconds):
        multiply, durations = tf.matmul, iter(seconds)

        def timed(left, right):
            clock.now += next(durations)
            clock.products += 1
            return multiply(left, right)

        monkeypatch.setattr(tf, "matmul", timed)
        return clock

    return taking


def test_takes_the_best_once_two_agree_after_a_warm_up(clock):
    counted = clock(0.1, 0.5, 0.25, 0.3, 0.254)
    assert gemm.flops_per_second(64) == pytest.approx(2 * 64**3 / 0.25)
    assert counted.products == 5


@pytest.mark.parametrize("seconds", [(1.9, 1.5), (60.0,)])
def test_stops_early_on_a_slow_machine(clock, seconds):
    counted = clock(*seconds)
    assert gemm.flops_per_second(64) == pytest.approx(2 * 64**3 / seconds[-1])
    assert counted.products == len(seconds)


def test_failing_products_give_none(clock, monkeypatch, capsys):
    def refuses(left, right):
        raise tf.errors.ResourceExhaustedError(None, None, "no memory")

    monkeypatch.setattr(tf, "matmul", refuses)
    assert gemm.flops_per_second(64) is None
    assert "no memory" in capsys.readouterr().err


def test_a_real_product_has_a_rate():
    assert 1e6 < gemm.flops_per_second(128) < 1e16

"""The product of large matrices in TensorFlow."""

from harness.worker.probes.gemm import flops_per_second
from harness.worker.probes.tensorflow.gemm import prepare


def test_a_product_has_a_rate():
    assert 1e6 < flops_per_second(prepare, 128) < 1e16

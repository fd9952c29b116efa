import numpy as np
import tensorflow as tf

from variants.breakage.matmul import xla_matmul


def test_it_is_a_product_and_so_is_its_gradient():
    random = np.random.default_rng(0)
    x, kernel, seen = (tf.constant(random.standard_normal(shape), tf.float32) for shape in ((70, 5), (5, 3), (70, 3)))

    def gradients(multiply):
        @tf.function(autograph=False, jit_compile=True)
        def compiled():
            with tf.GradientTape() as tape:
                tape.watch([x, kernel])
                total = tf.reduce_sum(seen * multiply(x, kernel))
            return total, *tape.gradient(total, [x, kernel])

        return compiled()

    for ours, tensorflows in zip(gradients(xla_matmul), gradients(tf.matmul), strict=True):
        np.testing.assert_allclose(ours, tensorflows, rtol=1e-5)

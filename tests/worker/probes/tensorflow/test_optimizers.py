"""What the optimizers of Keras 3 and of tf_keras keep, in a process of their own: all that exist are counted."""

import json
import subprocess
import sys
from textwrap import dedent

import pytest

WEIGHTS = 4 * (300 * 300 + 300)


@pytest.mark.parametrize(
    ("keras", "name"), [("keras", "Adam"), ("tf_keras", "Adam"), ("tf_keras", "legacy.Adam"), ("keras", "SGD")]
)
def test_a_second_optimizer_counts_as_long_as_something_refers_to_it(keras, name, tmp_path):
    code = f"""
        import json
        from harness.worker.probes.tensorflow import FRAMEWORKS
        (framework,) = FRAMEWORKS
        framework.probes(None)
        import tensorflow as tf, {keras}
        from harness.worker.probes.tensorflow.variables import sizes
        net = {keras}.Sequential([{keras}.layers.Dense(300)])
        net.build((None, 300))
        def use(optimizer):
            optimizer.apply_gradients([(tf.ones_like(one), one) for one in net.trainable_variables])
        told = [sizes().optimizers]
        first = {keras}.optimizers.{name}()
        use(first)
        told.append(sizes().optimizers)
        second = {keras}.optimizers.{name}()
        use(second)
        told.append(sizes().optimizers)
        del first
        told.append(sizes().optimizers)
        print(json.dumps(told))
        """
    script = tmp_path / "script.py"
    script.write_text(dedent(code))
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True)
    nothing, one, two, left = json.loads(done.stdout.splitlines()[-1])
    assert nothing == []
    if name == "SGD":  # without momentum it keeps nothing
        assert one == two == left == []
        return
    assert one == left == [["Adam", 1, WEIGHTS, 2 * WEIGHTS, 0, "", ""]]
    ((_, number, parameters, slots, spare, where, text),) = two
    assert (number, parameters, slots, spare) == (2, WEIGHTS, 4 * WEIGHTS, 2 * WEIGHTS)
    assert where.endswith(":16")
    assert text.startswith("second = ")

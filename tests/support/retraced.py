"""Trainers that load TensorFlow, and trace or compile more than they need to; and one that does not."""

import tensorflow as tf

from harness import phase


class Clean:
    epochs = 12

    def __init__(self):
        self.weight = tf.Variable(tf.ones((3, 1)))
        self.step = tf.function(self._step)

    def epoch(self, index):
        return {"loss": float(self.step(tf.ones((8, 3)), tf.constant(0.1)))}

    def _step(self, x, rate):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((x @ self.weight) ** 2)
        self.weight.assign_sub(rate * tape.gradient(loss, self.weight))
        return loss


class FloatRate(Clean):
    """A learning rate that is another Python float in each epoch."""

    def epoch(self, index):
        return {"loss": float(self.step(tf.ones((8, 3)), 0.1 / (1 + index)))}


class Grows(Clean):
    """A batch of another size in each epoch."""

    def epoch(self, index):
        return {"loss": float(self.step(tf.ones((8 + index, 3)), tf.constant(0.1)))}


class NewFunction(Clean):
    """Creates a new `tf.function` in each epoch."""

    def epoch(self, index):
        return {"loss": float(tf.function(self._step)(tf.ones((8, 3)), tf.constant(0.1)))}


class Optimizer(tf.Module):
    def __init__(self, rate):
        super().__init__()
        self.rate = rate


class NewOptimizer(Clean):
    """Creates a new optimizer in each epoch."""

    def __init__(self):
        super().__init__()
        self.optimize = tf.function(self._optimize)

    def epoch(self, index):
        return {"loss": float(self.optimize(Optimizer(0.1), tf.ones((8, 3))))}

    def _optimize(self, optimizer, x):
        return self._step(x, optimizer.rate)


class Recompiles(Clean):
    """Traced for any number of points, and compiled by XLA for each."""

    def __init__(self):
        super().__init__()
        shapes = [tf.TensorSpec((None, 3)), tf.TensorSpec(())]
        self.step = tf.function(self._step, jit_compile=True, input_signature=shapes)

    def epoch(self, index):
        return {"loss": float(self.step(tf.ones((8 + index, 3)), tf.constant(0.1)))}


class SeveralShapes(Clean):
    """Called on three kinds of points in every epoch, so it is traced for three shapes in the first."""

    def epoch(self, index):
        losses = [float(self.step(tf.ones((number, 3)), tf.constant(0.1))) for number in (8, 20, 100)]
        return {"loss": sum(losses)}


class Phased(Clean):
    """Marks the phase in which its step is traced."""

    def epoch(self, index):
        with phase("train"):
            return super().epoch(index)


class KeepsTensors(Clean):
    """Keeps a tensor of a megabyte an epoch."""

    epochs = 40

    def __init__(self):
        super().__init__()
        self.kept = []

    def epoch(self, index):
        self.kept.append(tf.ones(250_000) * index)
        return super().epoch(index)


class NewFunctionWithVariables(Clean):
    """A `tf.function` made anew in each epoch, which makes a variable in its first call, and so is traced twice."""

    def epoch(self, index):
        made = []

        def step(x, rate):
            if not made:
                made.append(tf.Variable(0.0))
            return self._step(x, rate) + made[0]

        return {"loss": float(tf.function(step)(tf.ones((8, 3)), tf.constant(0.1)))}


class Lambdified(Clean):
    """A function compiled from text in each epoch, as a symbolic package makes it: from a file of its own each time, so
    that each is traced for the first time."""

    def epoch(self, index):
        scope = {}
        exec(compile(f"def residual(x): return x * {index}.0", f"<lambdified {index}>", "exec"), scope)
        return super().epoch(index) | {"residual": float(tf.reduce_sum(tf.function(scope["residual"])(tf.ones(3))))}


class NewRate(Clean):
    """A learning rate that is another Python float in every fourth epoch."""

    epochs = 24

    def epoch(self, index):
        return {"loss": float(self.step(tf.ones((8, 3)), 0.1 / (1 + index // 4)))}

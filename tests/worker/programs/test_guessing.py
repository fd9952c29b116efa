"""The training loops of sources as people write them."""

import ast
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paths import ROOT

from harness.worker.programs.guessing import Guesser
from harness.worker.programs.own_files import OwnFiles


def find_training(tree):
    """The training loops of a source that has no others beside it."""
    files = OwnFiles()
    return Guesser(files).find(files.add("<source>", tree))


def found(source):
    return [(each.loop.lineno, each.call, each.losses) for each in find_training(ast.parse(dedent(source)))]


TORCH = """
    for epoch in range(100):
        for x, y in loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
        test_loss = evaluate()
"""
SEEDS = """
    def train(seed):
        while step < 100:
            total_loss = closure()
            adam.step(closure)

    def closure():
        loss = compute()
        loss.backward()
        return loss

    for seed in range(3):
        train(seed)
"""
METHODS = """
    class Trainer:
        def train_one_epoch(self):
            for batch in self.loader:
                self.optimizer.step(self.closure)

        def fit(self):
            for epoch in range(self.epochs):
                self.train_one_epoch()
                self.scheduler.step()

    Trainer().fit()
"""
JITTED = """
    import jax

    def update(params):
        loss, gradients = jax.value_and_grad(objective)(params)
        return step(params, gradients), loss

    fast = jax.jit(update)

    @jax.jit
    def many(params):
        for i in range(10):
            params, loss = update(params)
        return params

    for it in range(1000):
        params, loss = fast(params)
"""
EQUINOX = """
    @eqx.filter_jit
    def make_step(model, state):
        grads = loss_grad(model)

    loss_grad = eqx.filter_value_and_grad(loss)
    grad = jax.value_and_grad(loss)
    for step, batch in zip(range(steps), data):
        value, g = grad(model)
"""
TENSORFLOW = """
    @tf.function
    def train_step():
        with tf.GradientTape() as tape:
            loss = physics()
        optimizer.apply_gradients(zip(tape.gradient(loss, w), w))
        return loss

    def main():
        for i in range(1, n + 1):
            loss = train_step()
            losses.append(loss)
    main()
"""
SESSION = """
    for it in range(nIter):
        self.sess.run(self.train_op_Adam, tf_dict)
        if it % 10 == 0:
            loss_value, mse = self.sess.run([self.loss, self.mse], tf_dict)
"""
TWO = """
    for epoch in range(10):
        loss = step()
        loss.backward()
    for k in range(20):
        lbfgs.step(closure)
"""
ALTERNATING = """
    for round in range(5):
        for i in range(20):
            loss = a()
            loss.backward()
        for i in range(20):
            opt_b.step()
"""
OWN_TORCH = """
    for epoch in range(100):
        u = net(x)
        u_x = torch.autograd.grad(u.sum(), x, create_graph=True)[0]
        loss = ((u_x + u) ** 2).mean()
        grads = torch.autograd.grad(loss, weights)
        with torch.no_grad():
            for weight, gradient in zip(weights, grads):
                weight -= 0.01 * gradient
    for batch in test:
        u = net(batch)
        residual = torch.autograd.grad(u.sum(), batch)[0] + u
        total = total + float((residual - exact) ** 2)
"""
OWN_JAX = """
    g = jax.jit(jax.grad(objective))
    for i in range(100):
        params = jax.tree.map(lambda p, d: p - rate * d, params, g(params))
"""
REBOUND = """
    @jax.jit
    def update(params):
        return [p - rate * d for p, d in zip(params, jax.grad(objective)(params))]

    def main(params):
        for n in range(1000):
            params = update(params)
"""
ATTRIBUTES = """
    class Pinn:
        def train(self):
            while self.loss > 1e-4:
                slope = self.gradient(self.w)
                self.w = self.w - self.rate * slope
"""
IN_PLACE = """
    def step():
        grads = tf.gradients(loss, variables)
        for v, g in zip(variables, grads):
            v.assign_sub(rate * g)

    for epoch in tqdm(range(3)):
        step()
"""


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (OWN_TORCH, [(2, "torch.autograd.grad()", ("loss",))]),
        (OWN_JAX, [(3, "jax.grad()", ())]),
        (REBOUND, [(7, "update()", ())]),
        (ATTRIBUTES, [(4, "self.gradient()", ())]),
        (IN_PLACE, [(7, "tf.gradients()", ())]),
    ],
    ids=["torch", "jax", "rebound", "attributes", "in place"],
)
def test_finds_loops_that_take_their_steps_by_themselves(source, expected):
    assert found(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (TORCH, [(2, "loss.backward()", ("loss", "test_loss"))]),
        (SEEDS, [(3, "adam.step()", ("total_loss",))]),
        (METHODS, [(8, "self.train_one_epoch()", ())]),
        (JITTED, [(16, "fast()", ("loss",))]),
        (EQUINOX, [(8, "grad()", ())]),
        (TENSORFLOW, [(10, "train_step()", ("loss",))]),
        (SESSION, [(2, "self.sess.run()", ("loss_value", "mse"))]),
        (TWO, [(2, "loss.backward()", ("loss",)), (5, "lbfgs.step()", ())]),
        (ALTERNATING, [(3, "loss.backward()", ("loss",)), (6, "opt_b.step()", ())]),
    ],
    ids=["torch", "seeds", "methods", "jitted", "equinox", "tensorflow", "session", "two", "alternating"],
)
def test_finds_the_loop_over_epochs(source, expected):
    assert found(source) == expected


@pytest.mark.parametrize(
    "source",
    [
        "for epoch in range(3):\n    model.fit(x, y)",
        "for i in range(3):\n    model.train(iterations=1000)\n    loss.backward()",
        "for epoch in range(3):\n    with LaunchLogger('train', epoch) as log:\n        for b in data: l.backward()",
        "for name in names:\n    print(name)\n    cache.update(name)",
        "for i in range(3):\n    scheduler.step()\n    env.step(action)",
        "while True:\n    process.run()",
        "for x in batches:\n    u_x = torch.autograd.grad(net(x), x)[0]\n    error = error + abs(u_x - exact(x))",
        "for t in times:\n    r = jax.grad(u)(t) - rate * u(t)\n    errors.append(r - exact)",
        "for n in range(9):\n    left -= 1\n    w = w - f(w)",
        "@tf.function\ndef f():\n    for i in range(3):\n        with tf.GradientTape() as tape: pass",
        "",
    ],
)
def test_leaves_other_loops_alone(source):
    assert found(source) == []


def test_torchs_training_mode_is_no_loop_of_a_library():
    assert found("for epoch in range(3):\n    model.train(True)\n    loss.backward()") == [(1, "loss.backward()", ())]


@given(st.sampled_from(sorted([*ROOT.glob("harness/**/*.py"), *ROOT.glob("variants/**/*.py")])))
def test_reads_any_source(path):
    for each in find_training(ast.parse(path.read_bytes())):
        assert each.loop.body

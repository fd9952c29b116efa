"""Repositories for gates: a small training in TensorFlow that is committed and then edited as a row describes.

`gates.py` runs the `ROWS`. Each defines the results of `harness gate` that are right for it.
"""

import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

SOURCE = '''
import time

import numpy as np
import tensorflow as tf

WIDTH, POINTS, RATE, EXTRA = 96, 768, 0.01, 0.0


class Training:
    """Fits sin(3 x) by a network of one hidden layer."""

    epochs = 3000

    def __init__(self, seed=0):
        random = np.random.default_rng(seed)
        self.hidden = tf.Variable(random.normal(size=(1, WIDTH)), dtype=tf.float32)
        self.mixed = tf.Variable(random.normal(size=(WIDTH, WIDTH)) / WIDTH, dtype=tf.float32)
        self.out = tf.Variable(random.normal(size=(WIDTH, 1)) / WIDTH, dtype=tf.float32)
        self.x = tf.constant(random.uniform(-1, 1, (POINTS, 1)), dtype=tf.float32)
        self.step = tf.function(self._step, autograph=False)
        points = [tf.TensorSpec((None, 1))]
        self.spread = tf.function(self._spread, autograph=False, jit_compile=True, input_signature=points)

    def epoch(self, index):
        began = time.perf_counter()
        self.spread(self.x)
        loss = float(self.step(self.x, False))
        ends = time.perf_counter() + EXTRA * (time.perf_counter() - began)
        while time.perf_counter() < ends:
            pass
        return {"loss": loss}

    def evaluate(self):
        x = tf.constant(np.linspace(-1, 1, 201)[:, None], dtype=tf.float32)
        return {"error": float(tf.reduce_max(tf.abs(self._predict(x) - tf.sin(3 * x))))}

    def _predict(self, x):
        return tf.tanh(tf.tanh(x @ self.hidden) @ self.mixed) @ self.out

    def _spread(self, x):
        return tf.reduce_max(x) - tf.reduce_min(x)

    def _step(self, x, checked):
        variables = [self.hidden, self.mixed, self.out]
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((self._predict(x) - tf.sin(3 * x)) ** 2)
        for variable, gradient in zip(variables, tape.gradient(loss, variables)):
            variable.assign_sub(RATE * gradient)
        return loss
'''
"""The source of `training.py` in the base of every row."""
VARIANT = "training.py:Training"


@dataclass(frozen=True)
class Row:
    """One row of the table: how the head differs from its base, and which exit codes are right."""

    name: str
    edit: Callable[[str], str]
    """Turns the source of the base into that of the head."""
    exits: tuple[int, ...]
    """The exit codes that are right."""
    times: int = 1
    """The number of repetitions."""
    options: tuple[str, ...] = ()
    says: tuple[str, ...] = ()
    """Texts that the report must contain."""
    base: Callable[[str], str] = field(default=lambda source: source)
    """Turns `SOURCE` into the source of the base."""
    load: bool = False
    """Whether every core is kept busy during the gate."""
    clear: float = 0.0
    """The fraction of repetitions that must give the first of `exits`."""


def replacing(old: str, new: str) -> Callable[[str], str]:
    """Return an edit that replaces a text. It raises ValueError if the source does not contain that text."""

    def edit(source: str) -> str:
        if old not in source:
            raise ValueError(f"{old!r} is not in the source")
        return source.replace(old, new)

    return edit


def _add_comment(source: str) -> str:
    return f"# A comment changed.\n{source}"


_CALL = "loss = float(self.step(self.x, False))"
ROWS = (
    Row("a comment changed", _add_comment, (0, 3), times=20, clear=0.9),
    Row("an epoch 10 % slower", replacing("EXTRA = 96, 768, 0.01, 0.0", "EXTRA = 96, 768, 0.01, 0.1"), (1,), times=10),
    Row(
        "one more retrace",
        replacing(_CALL, "loss = float(self.step(self.x, index == 37))"),
        (1,),
        says=("_step", "Python value False -> True", "epoch 37"),
    ),
    Row(
        "one more compilation",
        replacing(_CALL, f"{_CALL}\n        if index == 37:\n            self.spread(self.x[:-1])"),
        (1,),
        says=("_spread", "another shape", "epoch 37"),
    ),
    Row(
        "20 % more memory",
        replacing("self.step = ", "self.ballast = np.ones(16_000_000)\n        self.step = "),
        (1,),
        says=("peak memory",),
    ),
    Row(
        "worse quality",
        replacing("0.01, 0.0", "0.002, 0.0"),
        (1,),
        options=("--tolerance", "losses=any"),
        says=("quality",),
    ),
    Row("other losses", replacing("RATE * gradient", "(RATE + 1e-7) * gradient"), (1,), says=("losses",)),
    Row(
        "other losses, allowed",
        replacing("RATE * gradient", "(RATE + 1e-7) * gradient"),
        (0, 3),
        options=("--tolerance", "losses=any"),
    ),
    Row(
        "30 % faster",
        lambda source: source,
        (0,),
        base=replacing("0.01, 0.0", "0.01, 0.43"),
        says=("got better",),
    ),
    Row("does not import", replacing("import time", "import time, no_such_module"), (4,), says=("no_such_module",)),
    Row(
        "crashes at epoch 5",
        replacing("        began =", "        if index == 5:\n            raise ValueError('empty')\n        began ="),
        (4,),
        says=("in epoch 5", "empty"),
    ),
    Row(
        "hangs",
        replacing("        began =", "        if index == 5:\n            time.sleep(3600)\n        began ="),
        (4,),
        options=("--timeout", "20"),
        says=("no answer for 20 s",),
    ),
    Row("the base lacks it", lambda source: source, (5,), base=replacing("class Training", "class Other")),
    Row("under load", _add_comment, (0, 3), times=10, load=True),
)


def commit(folder: Path, row: Row) -> None:
    """Create a repository in `folder` whose commit is the row's base and whose working tree is the row's head."""
    folder.mkdir(parents=True)
    base = row.base(SOURCE)
    (folder / "training.py").write_text(base)
    for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "base"]):
        identity = ["-c", "user.name=nobody", "-c", "user.email=nobody@example.invalid"]
        subprocess.run(["git", *identity, *command], cwd=folder, check=True)
    # If the base has been edited, the head is the original source.
    (folder / "training.py").write_text(row.edit(base if base == SOURCE else SOURCE))

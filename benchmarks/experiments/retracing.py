"""Checks what a profile charges to retracing against what the training takes without it.

    python benchmarks/experiments/retracing.py

A small PINN is traced anew in each epoch but the first, for three causes. Each runs beside the same PINN that is traced
once, in turns: the difference, as a share of all epochs' time but the first, is what retracing really costs. Prints it
with what `harness profile` charges, and with the seconds of tracing alone. It takes some minutes.
"""

import argparse
import tempfile
from pathlib import Path
from typing import Any

from harness.analysis.profile.rules import Evidence
from harness.engine.session import measure
from harness.plan import planning
from harness.plan.plan import PROBES
from harness.plan.planning import Traits
from harness.plan.request import Request
from harness.record.lines import Lines
from harness.report import units

EPOCHS, POINTS, MANY, WIDTH = 24, 4000, 40_000, 64


class Once:
    """Solves u' = -u by a network of one hidden layer; traced once."""

    epochs = EPOCHS
    points = POINTS

    def __init__(self, seed: int = 0) -> None:
        import tensorflow as tf

        self._tf: Any = tf
        random = tf.random.Generator.from_seed(seed)
        shapes = ((1, WIDTH), (WIDTH, WIDTH), (WIDTH, 1))
        self._weights = [tf.Variable(random.normal(shape, stddev=shape[0] ** -0.5)) for shape in shapes]
        self._step = tf.function(self._train)

    def epoch(self, index: int) -> dict[str, float]:
        return {"loss": float(self._step(self._tf.linspace(0.0, 1.0, self.points)[:, None], self._tf.constant(1e-3)))}

    def _train(self, x: Any, rate: Any) -> Any:
        tf = self._tf
        with tf.GradientTape() as outer:
            with tf.GradientTape() as inner:
                inner.watch(x)
                u = self._predict(x)
            loss = tf.reduce_mean((inner.gradient(u, x) + u) ** 2) + tf.reduce_mean((self._predict(x[:1]) - 1) ** 2)
        for weight, slope in zip(self._weights, outer.gradient(loss, self._weights), strict=True):
            weight.assign_sub(rate * slope)
        return loss

    def _predict(self, x: Any) -> Any:
        first, second, last = self._weights
        return self._tf.tanh(self._tf.tanh(x @ first) @ second) @ last


class OnceOfMany(Once):
    points = MANY


class AnotherFloat(Once):
    """Another Python float in each epoch."""

    def epoch(self, index: int) -> dict[str, float]:
        return {"loss": float(self._step(self._tf.linspace(0.0, 1.0, self.points)[:, None], 1e-3 / (1 + index)))}


class AnotherShape(OnceOfMany):
    """Another number of points in each epoch."""

    def epoch(self, index: int) -> dict[str, float]:
        points = self._tf.linspace(0.0, 1.0, self.points + index)[:, None]
        return {"loss": float(self._step(points, self._tf.constant(1e-3)))}


class NewFunction(Once):
    """A new function in each epoch, which makes a variable when it is first called."""

    def epoch(self, index: int) -> dict[str, float]:
        made: list[Any] = []

        def step(x: Any) -> Any:
            if not made:
                made.append(self._tf.Variable(1e-3))
            return self._train(x, made[0])

        return {"loss": float(self._tf.function(step)(self._tf.linspace(0.0, 1.0, self.points)[:, None]))}


ROWS = {
    "another Python float": (AnotherFloat, Once),
    f"another number of points ({MANY:,})": (AnotherShape, OnceOfMany),
    "a new `tf.function` that makes a variable": (NewFunction, Once),
}


def actual(retraced: type[Once], clean: type[Once], folder: Path) -> float:
    """Return the share of all epochs' time that the training takes more than the clean one, first epochs left out."""
    record = _measure("compare", [retraced, clean], folder, blocks=3)
    later = dict.fromkeys((retraced.__name__, clean.__name__), 0.0)
    for piece in record.slices:
        later[piece.arm] += sum(epoch.wall for epoch in piece.epochs if epoch.index)
    of_all = [epoch.wall for piece in record.slices if piece.arm == retraced.__name__ for epoch in piece.epochs]
    return (later[retraced.__name__] - later[clean.__name__]) / sum(of_all)


def reported(retraced: type[Once], folder: Path) -> tuple[float, float, float]:
    """Return the least and the most that a profile charges as that share, and the tracing alone."""
    found = Evidence.of(_measure("profile", [retraced], folder, probes=PROBES), retraced.__name__)
    charged = [one for one in found.traced if one.charge]
    seconds = (
        sum(one.charge.seconds for one in charged if one.charge),
        sum(one.charge.most or 0.0 for one in charged if one.charge),
        sum(one.seconds or 0.0 for one in charged),
    )
    least, most, alone = (one / found.seconds for one in seconds)
    return least, most, alone


def _measure(
    command: str, classes: list[type[Once]], folder: Path, blocks: int = 1, probes: tuple[str, ...] = ()
) -> Lines:
    names = tuple(f"{Path(__file__).resolve()}:{one.__name__}" for one in classes)
    request = Request(names=names, blocks=blocks, epochs=EPOCHS)
    traits = Traits(command=command, fewest_blocks=None, notes_phases=bool(probes), probes=probes)
    return measure(planning.draft(request, traits), folder, lambda event, record: None)


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    for name, (retraced, clean) in ROWS.items():
        with tempfile.TemporaryDirectory() as folder:
            truth = actual(retraced, clean, Path(folder) / "compare")
            least, most, alone = reported(retraced, Path(folder) / "profile")
        charged = f"{units.percent(least)} to {units.percent(most)}"
        print(f"{name}: {units.percent(truth)}; charged {charged}, tracing alone {units.percent(alone)}", flush=True)


if __name__ == "__main__":
    main()

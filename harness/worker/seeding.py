"""The random generators of an arm's process, all set by the run's seed.

They are set when the process is prepared, or when somebody imports their framework; and once more, from the beginning,
at two moments that every arm has however it was started: before its own module is imported, and before its trainer is
built. What importing has drawn meanwhile differs between a fresh process and one forked from a process that has
imported already, and would else be in the losses: TensorFlow's import alone draws from Python's generator and, where
JAX is installed, from NumPy's.
"""

import random
import sys
from functools import partial, wraps
from operator import attrgetter
from types import ModuleType
from typing import Any

from harness.worker.import_hooks import when_imported

NO_GENERATOR = {"jax": "nothing to seed: its keys are explicit"}
"""Frameworks whose programs state every seed themselves."""
_GRAPHS = "tensorflow.python.framework.ops"
"""Where TensorFlow has its graphs. Those of TensorFlow 1's programs have a seed each, and no other counts in them."""


def seed_as_imported(seed: int) -> None:
    """Set Python's generator now, and each framework's as soon as somebody imports it, if that is not yet so."""
    random.seed(seed)
    for name in _GENERATORS:
        when_imported(name, partial(_set, name, seed))
    when_imported(_GRAPHS, partial(_seed_new_graphs, seed))


def seed_again(seed: int) -> None:
    """Set every generator that there is to its beginning."""
    random.seed(seed)
    for name in _GENERATORS:
        if name in sys.modules:
            _set(name, seed, sys.modules[name])


def seeded(seed: int) -> dict[str, str]:
    """By the module that has it, what each generator was set to, of the modules loaded by now."""
    found = {"random": str(seed)}
    found |= {name: str(_within(name, seed)) for name in _GENERATORS if name in sys.modules}
    return found | {name: why for name, why in NO_GENERATOR.items() if name in sys.modules}


_GENERATORS: dict[str, tuple[str, int]] = {
    "numpy": ("random.seed", 2**32),
    "tensorflow": ("random.set_seed", 2**63),
    # Of PyTorch that is the one on the CPU, and any accelerator's as soon as somebody uses that: it starts none.
    "torch": ("manual_seed", 2**63),
}
"""By module, the function that sets its global generator, and below what a seed must be."""


def _set(name: str, seed: int, module: ModuleType) -> None:
    attrgetter(_GENERATORS[name][0])(module)(_within(name, seed))


def _within(name: str, seed: int) -> int:
    return seed % _GENERATORS[name][1]


def _seed_new_graphs(seed: int, ops: ModuleType) -> None:
    """Have every graph begin with `seed`, however it comes to be: `tf.Graph()`, the default one of a program without
    eager execution, or the one that follows a `reset_default_graph()`. Graphs of functions set their own afterwards."""
    original = ops.Graph.__init__

    @wraps(original)
    def begin(graph: Any, *args: Any, **kwargs: Any) -> None:
        original(graph, *args, **kwargs)
        if graph.seed is None:
            graph.seed = _within("tensorflow", seed)

    ops.Graph.__init__ = begin

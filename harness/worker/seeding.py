"""Seeds all random generators of an arm's process with the seed of the run.

They are seeded when the process is prepared, or when their framework is imported. They are seeded again at two points
that every arm reaches, however it was started: before its own module is imported, and before its trainer is built.
Imports draw random numbers (importing a framework may use the generators of Python and NumPy), and how many differs
between a fresh process and one forked from a process that has imported the modules already. Without the second seeding,
that difference would show in the losses.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from typing import Any

from harness.worker.frameworks import FRAMEWORKS


def seed_as_imported(seed: int) -> None:
    """Seed Python's generator now, and that of each framework when it is imported, or now if it is loaded already."""
    random.seed(seed)
    for framework in FRAMEWORKS:
        framework.seed_when_imported(seed)


def seed_again(seed: int) -> None:
    """Seed every generator again, from the beginning of its sequence."""
    random.seed(seed)
    for framework in FRAMEWORKS:
        framework.seed(seed)


def save(seed: int) -> Callable[[], None]:
    """Return a function that sets the generators of Python and NumPy back to where they are now. A NumPy that is
    imported meanwhile begins where `seed` begins."""
    own = random.getstate()
    numpy: Any = sys.modules.get("numpy.random")
    state = numpy.get_state() if numpy else None

    def restore() -> None:
        random.setstate(own)
        numpy: Any = sys.modules.get("numpy.random")
        if numpy and state is not None:
            numpy.set_state(state)
        elif numpy:
            numpy.seed(seed % 2**32)

    return restore


def seeded(seed: int) -> dict[str, str]:
    """Return the seed of each generator by its module, for the modules that are loaded by now."""
    found = {"random": str(seed)}
    for one in FRAMEWORKS:
        if one.loaded and one.generator:
            found[one.module] = str(one.within(seed))
        elif one.loaded and one.no_generator:
            found[one.module] = one.no_generator
    return found

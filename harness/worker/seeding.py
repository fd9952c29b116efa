"""The random generators of an arm's process, all set by the run's seed.

They are set when the process is prepared, or when somebody imports their framework; and once more, from the beginning,
at two moments that every arm has however it was started: before its own module is imported, and before its trainer is
built. What importing has drawn meanwhile differs between a fresh process and one forked from a process that has
imported already, and would otherwise show in the losses: importing a framework alone may draw from Python's generator
and from NumPy's.
"""

from __future__ import annotations

import random

from harness.worker.frameworks import FRAMEWORKS


def seed_as_imported(seed: int) -> None:
    """Set Python's generator now, and each framework's as soon as somebody imports it, if that is not yet so."""
    random.seed(seed)
    for framework in FRAMEWORKS:
        framework.seed_when_imported(seed)


def seed_again(seed: int) -> None:
    """Set every generator that there is to its beginning."""
    random.seed(seed)
    for framework in FRAMEWORKS:
        framework.seed(seed)


def seeded(seed: int) -> dict[str, str]:
    """By the module that has it, what each generator was set to, of the modules loaded by now."""
    found = {"random": str(seed)}
    for one in FRAMEWORKS:
        if one.loaded and one.generator:
            found[one.module] = str(one.within(seed))
        elif one.loaded and one.no_generator:
            found[one.module] = one.no_generator
    return found

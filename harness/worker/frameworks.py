"""The frameworks that are known here, and what all of them come to.

Each module or folder of `worker.probes` may define `FRAMEWORKS`: those are all there are.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Iterator

from harness.worker import probes
from harness.worker.probes.base import Framework
from harness.worker.wire.evidence import COMPILATIONS, TRACES


def _defined() -> Iterator[Framework]:
    for found in pkgutil.iter_modules(probes.__path__, f"{probes.__name__}."):
        yield from getattr(importlib.import_module(found.name), "FRAMEWORKS", ())


FRAMEWORKS: list[Framework] = list(_defined())
COMMON_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
COMMON_RESULT_VARIABLES = ("NVIDIA_TF32_OVERRIDE",)
NOTHING_TRACES = "no framework that traces or compiles was loaded"


def thread_variables() -> tuple[str, ...]:
    """The environment variables that take the number of threads."""
    return (*COMMON_THREAD_VARIABLES, *(name for one in FRAMEWORKS for name in one.thread_variables))


def result_variables() -> tuple[str, ...]:
    """The environment variables that decide what a program computes."""
    return (*(name for one in FRAMEWORKS for name in one.result_variables), *COMMON_RESULT_VARIABLES)


def routine_output() -> list[str]:
    """Patterns of lines that they log in any case."""
    return [one.routine_output for one in FRAMEWORKS if one.routine_output]


def build_facts() -> dict[str, str]:
    """What of the installed ones a reader should know."""
    return {name: value for one in FRAMEWORKS for name, value in one.build_facts().items()}


def unobserved() -> dict[str, str]:
    """What of traces and compilations is not observed, and why: of all or, where an observed framework works beside
    others, of those.

    A count of 0 would be wrong where another framework does the work, and means nothing where none is there that
    traces.
    """
    observed = [one for one in FRAMEWORKS if one.observed and one.loaded]
    watched = [one.name for one in observed]
    others = [one for one in FRAMEWORKS if one.compiles and not one.observed and one.loaded]
    if not watched:
        return _both(f"those of {_listed(one.name for one in others)} are not observed" if others else NOTHING_TRACES)
    names = [one.name for one in others if one.computes()]  # the watched one may have imported it
    if not names:
        return {}
    if any(one.has_traced() for one in observed):
        return {f"{TRACES} and {COMPILATIONS} of {_listed(names)}": f"only {_listed(watched)}'s are observed"}
    return _both(
        f"those of {_listed(names)} are not observed, and {_listed(watched)}, which is loaded too, traced nothing"
    )


def libraries() -> Iterator[str]:
    """The modules, loaded or not, whose versions decide what is computed."""
    for one in FRAMEWORKS:
        yield from one.libraries


def _both(why: str) -> dict[str, str]:
    return {TRACES: why, COMPILATIONS: why}


def _listed(names: Iterable[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last

"""The frameworks that harness supports, and queries over all of them.

They are those that the modules and packages in `worker.probes` list as `FRAMEWORKS`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from harness.worker import probes
from harness.worker.probes.base import Framework
from harness.worker.wire.evidence import COMPILATIONS, TRACES


def _find_frameworks() -> Iterator[Framework]:
    for found in pkgutil.iter_modules(probes.__path__, f"{probes.__name__}."):
        yield from getattr(importlib.import_module(found.name), "FRAMEWORKS", ())


FRAMEWORKS: list[Framework] = list(_find_frameworks())
COMMON_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
COMMON_RESULT_VARIABLES = ("NVIDIA_TF32_OVERRIDE",)
NOTHING_TRACES = "no framework that traces or compiles was loaded"


def thread_variables() -> tuple[str, ...]:
    """Return the environment variables that set the number of threads."""
    return (*COMMON_THREAD_VARIABLES, *(name for one in FRAMEWORKS for name in one.thread_variables))


def sharing_variables() -> dict[str, str]:
    """Return the environment variables with which frameworks take no more of a GPU than they need."""
    return {name: value for one in FRAMEWORKS for name, value in one.sharing_variables.items()}


def result_variables() -> tuple[str, ...]:
    """Return the environment variables that affect what a program computes."""
    return (*(name for one in FRAMEWORKS for name in one.result_variables), *COMMON_RESULT_VARIABLES)


def routine_output() -> list[str]:
    """Return patterns of the lines that frameworks log in every program."""
    return [one.routine_output for one in FRAMEWORKS if one.routine_output]


def build_facts() -> dict[str, str]:
    """Return versions and build platforms of the installed frameworks, for the reader of a report."""
    return {name: value for one in FRAMEWORKS for name, value in one.build_facts().items()}


def synchronize() -> bool:
    """Wait until the devices of all frameworks have done what was asked of them. Returns whether any may have had work
    left."""
    asked = False
    for one in FRAMEWORKS:
        if one.loaded:
            with suppress(Exception):  # this calls code of the framework; an error of the program shows where it reads
                asked = one.synchronize() or asked
    return asked


def defer(value: Any) -> Any:
    """Return what to read later in place of `value`, if reading it now may have to wait for a device; else None."""
    for one in FRAMEWORKS:
        if one.loaded and (deferred := one.defer(value)) is not None:
            return deferred
    return None


def threads_used() -> dict[str, int]:
    """Return how many threads each framework says that it uses, by its name."""
    found = {}
    for one in FRAMEWORKS:
        with suppress(Exception):  # this calls code of the framework, and the answer is optional
            if (number := one.threads_used()) is not None:
                found[one.name] = number
    return found


def threads_set_by() -> dict[str, str]:
    """Return the line of the program that has set the number of threads of each framework, by its name."""
    return {one.name: one.threads_set_by for one in FRAMEWORKS if one.threads_set_by}


def arithmetic() -> dict[str, str]:
    """Return what decides in which arithmetic the frameworks compute, by names that begin with the framework's."""
    found = {}
    for one in FRAMEWORKS:
        if one.loaded and one.computes():
            with suppress(Exception):  # this calls code of the framework, and the answer is optional
                found.update({f"{one.name} {name}": value for name, value in one.arithmetic().items()})
    return found


def cache_folders() -> dict[str, str]:
    """Return the environment variables of compile caches, with the names of their folders for temporary files."""
    return {name: folder for one in FRAMEWORKS for name, folder in one.cache_folders().items()}


def unobserved() -> dict[str, str]:
    """Return which traces and compilations are not observed, with the reasons.

    That concerns all of them, or those of the other frameworks if an observed framework is used together with others. A
    count of 0 would be wrong if another framework does the work, and meaningless if no framework that traces is loaded.
    """
    observed = [one for one in FRAMEWORKS if one.observed and one.loaded]
    watched = [one.name for one in observed]
    others = [one for one in FRAMEWORKS if one.compiles and not one.observed and one.loaded]
    if not watched:
        return _explain_both(
            f"those of {_join_names(one.name for one in others)} are not observed" if others else NOTHING_TRACES
        )
    names = [one.name for one in others if one.computes()]  # the observed framework may have imported an unused one
    if not names:
        return {}
    if any(one.has_traced() for one in observed):
        return {f"{TRACES} and {COMPILATIONS} of {_join_names(names)}": f"only {_join_names(watched)}'s are observed"}
    return _explain_both(
        f"those of {_join_names(names)} are not observed, and {_join_names(watched)}, which is also loaded, "
        "has traced nothing"
    )


def any_loaded() -> bool:
    """Whether a framework that traces or compiles is loaded."""
    return any(one.compiles and one.loaded for one in FRAMEWORKS)


def libraries() -> Iterator[str]:
    """Yield the modules, loaded or not, whose versions affect what is computed."""
    for one in FRAMEWORKS:
        yield from one.libraries


def _explain_both(why: str) -> dict[str, str]:
    return {TRACES: why, COMPILATIONS: why}


def _join_names(names: Iterable[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last

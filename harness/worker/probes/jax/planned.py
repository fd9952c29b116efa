"""The peak memory of JAX's arrays on processors, for which it has no allocator that counts.

XLA plans the memory of each compiled function: its arguments, its results, those of them that share memory, and its
temporaries. While one runs there are also the arrays that exist throughout the epoch. Which arrays are alive between
compiled functions is not seen. So the peak lies between two bounds, and is known only where they nearly agree, as in an
epoch that is one compiled step.
"""

from __future__ import annotations

import sys
import weakref
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from types import SimpleNamespace
from typing import Any, NamedTuple

from harness.worker.probes.jax.messages import PLANNED
from harness.worker.probes.profiles import Instruction, read_programs
from harness.worker.wire.evidence import TensorPeak

PLAN = "arrays that exist, and what XLA plans for compiled functions, in an epoch that ran apart"
CLOSE = 0.03
"""The largest difference of the two bounds, as a share of the peak."""
ACCELERATOR = "it computes on an accelerator"
UNPLANNED = "this version of JAX does not tell what XLA plans"


class Plan(NamedTuple):
    """The memory of one run of a compiled function, in bytes."""

    name: str
    arguments: int
    results: int
    """Those that do not take the memory of an argument."""
    temporaries: int
    entry: frozenset[str]
    """The instructions that run once in each run, if at all."""


class Existing(NamedTuple):
    """An array that exists."""

    array: Callable[[], Any]
    """A weak reference."""
    places: dict[int, int]
    """The bytes of its parts, by their address."""


def find_arrays() -> list[Existing] | None:
    """Return the arrays that exist; None if they are on an accelerator, or if JAX does not tell."""
    jax: Any = sys.modules["jax"]
    found = list[Existing]()
    try:
        arrays = jax.live_arrays() if jax.default_backend() == "cpu" else None
    except Exception:  # an exception here would end the program
        arrays = None
    if arrays is None:
        return None
    for array in arrays:
        with suppress(Exception):  # deleted meanwhile, or the result of a computation that failed
            parts = [shard.data for shard in array.addressable_shards]
            found.append(Existing(weakref.ref(array), {one.unsafe_buffer_pointer(): one.nbytes for one in parts}))
    return found


def find_peak(
    space: Any,
    ran: Mapping[Instruction, int],
    before: Sequence[Existing] | None,
    after: Sequence[Existing] | None,
) -> TensorPeak | str:
    """Return the peak in an epoch with this profile, in which these instructions `ran`, given the arrays that existed
    before and after it; or why it is not known."""
    if before is None or after is None:
        return ACCELERATOR
    plans = dict(_read_plans(space))
    runs = _count_runs(ran, plans)
    if not runs.keys() <= plans.keys():
        return UNPLANNED
    throughout = _count_bytes(one for one in before if _exists(one))
    least, most, name = max(_count_bytes(before), _count_bytes(after)), _count_bytes(before), ""
    for number, times in runs.items():
        own = plans[number]
        needed = max(throughout, own.arguments) + own.results + own.temporaries
        if needed > least:
            least, name = needed, own.name
        most += times * own.results
    most = max(most + max((plans[number].temporaries for number in runs), default=0), least)
    if most - least > CLOSE * least:
        return (
            f"which arrays are alive between the {runs.total():,} compiled functions that ran is not seen: the peak is"
            f" between {least:,} and {most:,} bytes"
        )
    return TensorPeak(most, PLAN, "", name)  # exact if nothing was freed before that function ran


def _exists(one: Existing) -> bool:
    """Whether it has existed up to now. One that was donated has not."""
    array = one.array()
    return array is not None and not array.is_deleted()


def _count_bytes(arrays: Iterable[Existing]) -> int:
    """Return the bytes of arrays, some of which may share their memory."""
    places: dict[int, int] = {}
    for one in arrays:
        places |= one.places
    return sum(places.values())


def _read_plans(space: Any) -> Iterator[tuple[int, Plan]]:
    """Yield the number of each compiled program, and its plan."""
    for proto in read_programs(space, lambda data: SimpleNamespace(hlo_module=PLANNED.read(data))):
        module, assignment = proto.hlo_module, proto.buffer_assignment
        if assignment is None:
            continue
        sizes = Counter[str]()
        for one in assignment.buffer_allocations:
            if one.is_constant or one.is_thread_local:
                continue
            argument, result = one.is_entry_computation_parameter, one.maybe_live_out
            # What is both takes the memory of the argument.
            sizes["argument" if argument else "result" if result else "temporary"] += one.size
        entry = frozenset(
            step.name
            for computation in module.computations
            if computation.id == module.entry_computation_id
            for step in computation.instructions
        )
        yield module.id, Plan(module.name, sizes["argument"], sizes["result"], sizes["temporary"], entry)


def _count_runs(ran: Mapping[Instruction, int], plans: Mapping[int, Plan]) -> Counter[int]:
    """Return how often each compiled program ran, by its number."""
    runs = Counter[int]()
    for one, times in ran.items():
        once = one.program in plans and one.name in plans[one.program].entry
        runs[one.program] = max(runs[one.program], times if once else 1)
    return runs

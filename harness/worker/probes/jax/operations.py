"""Observes which instructions of compiled programs JAX runs, with JAX's own profiler."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness.worker.probes.jax.messages import PROGRAM, SPACE
from harness.worker.probes.jax.scopes import part
from harness.worker.probes.operations import MARK, Operation, ProfilerProbe, Unprofiled
from harness.worker.probes.profiles import Event, find_instruction, read_events, read_programs

MOST_BYTES = 20_000_000
"""The largest profile that is read: some 150,000 events, which take a quarter of a minute."""
OPAQUE = {"while", "call", "conditional", "async-start", "async-done"}
"""Instructions that only run others."""


class Profiler:
    """Profiles what runs between `start` and `stop`."""

    _mark: Any = None

    def start(self, folder: Path) -> None:
        jax: Any = sys.modules["jax"]
        if not hasattr(jax.profiler, "ProfileOptions"):
            raise Unprofiled("JAX 0.6.2 and later can tell which operations run")
        options = jax.profiler.ProfileOptions()
        options.python_tracer_level, options.host_tracer_level = 0, 2
        jax.profiler.start_trace(str(folder), profiler_options=options)
        self._mark = jax.profiler.TraceAnnotation(MARK)
        self._mark.__enter__()

    def stop(self, folder: Path) -> Any:
        """Stop profiling and return the profile, a `SPACE`."""
        self._mark.__exit__(None, None, None)
        jax: Any = sys.modules["jax"]
        jax.profiler.stop_trace()
        (file,) = folder.rglob("*.xplane.pb")
        if (size := file.stat().st_size) > MOST_BYTES:
            raise Unprofiled(f"JAX's profile of an epoch is too large to be read: {size / 1e6:.0f} MB")
        return SPACE.read(file.read_bytes())


class JaxOperations(ProfilerProbe):
    """The `OperationProbe` of JAX."""

    _profiler = Profiler()

    def _start(self, folder: Path) -> None:
        self._profiler.start(folder)

    def _stop(self, folder: Path, began: float) -> list[Operation]:
        return read(self._profiler.stop(folder), began)


def read(space: Any, began: float) -> list[Operation]:
    """Return the operations in a profile, whose epoch began at `began` by the clock."""
    compiled = {
        (module.id, name): type_and_part
        for module in read_programs(space, PROGRAM.read)
        for name, type_and_part in _describe(module)
    }
    return [
        Operation(*type_and_part, event.thread, event.start, event.seconds)
        for event in read_events(space, began)
        if (type_and_part := _classify(event, compiled)) and type_and_part[0] not in OPAQUE
    ]


def _describe(module: Any) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield the name of each instruction of a program, with its type and its part.

    A fusion, which is many operations at once, is named after them by the compiler.
    """
    products = {own.id for own in module.computations if any(one.opcode == "dot" for one in own.instructions)}
    for computation in module.computations:
        for one in computation.instructions:
            type_ = one.opcode
            if type_ == "fusion":
                fused = products.intersection(one.called_computation_ids)
                type_ = "dot, fused" if fused else one.name.rstrip("0123456789.")
            yield one.name, (type_, part(one.metadata.op_name if one.metadata else ""))


def _classify(event: Event, compiled: dict[tuple[int, str], tuple[str, str]]) -> tuple[str, str] | None:
    found = find_instruction(event)
    if found is None:
        return None
    return compiled.get((found.program, found.name), (found.name.rstrip("0123456789."), ""))

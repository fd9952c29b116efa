"""Counts the operations of JAX's matrix products in an epoch, from the instructions that its profiler saw run.

Each run of an instruction counts once, so loops and branches count as they went. What the compiler has left out, or
turned into something else than a product, does not count.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from math import isqrt, prod
from pathlib import Path
from time import perf_counter
from typing import Any

from harness.worker.probes.base import Framework
from harness.worker.probes.counted import Place
from harness.worker.probes.counting_apart import CountingApart
from harness.worker.probes.hlo_traffic import count_moved
from harness.worker.probes.jax.messages import PROGRAM
from harness.worker.probes.jax.operations import OPAQUE, Profiler
from harness.worker.probes.jax.planned import Existing, find_arrays, find_peak
from harness.worker.probes.jax.scopes import part
from harness.worker.probes.operations import Operation, Unprofiled
from harness.worker.probes.places import Line, Stack, keep_own
from harness.worker.probes.profiles import Instruction, find_instruction, read_events, read_programs
from harness.worker.probes.spent import Spent, share_out
from harness.worker.wire.evidence import OneByOne, TensorPeak
from harness.worker.wire.messages import Counted
from harness.worker.wire.reasons import one_line

_CALL = "PjitFunction("
"""What the names of events begin with in which a compiled function is called."""
_ALONE = 2
"""A program with at most so many instructions is one operation of the user's, such as `jnp.sin` and its derivative."""
_COMPLEX = (15, 18)  # members of PrimitiveType
_PRODUCTS = ("gemm", "matmul")
"""What the name of a library's product of matrices contains."""


class JaxCounter(CountingApart):
    """The `Counter` of JAX."""

    nothing_seen = "JAX's profiler saw no instructions of compiled programs"

    def __init__(self, framework: Framework) -> None:
        super().__init__(framework)
        self._one_by_one: dict[str, OneByOne] = {}

    def count(self, rate: bool) -> Counted | None:
        counted = super().count(rate)
        return counted and replace(counted, one_by_one=self._one_by_one)

    @contextmanager
    def watching(self, kind: str, apart: bool = True) -> Iterator[None]:
        if not self.is_used():
            yield
            return
        self._framework.synchronize()  # no work of the epoch before is to be counted
        before = find_arrays()
        folder, profiler = Path(tempfile.mkdtemp(prefix="counting-")), Profiler()
        try:
            profiler.start(folder)
        except Exception as error:  # the trainer may have started the profiler itself
            self.trouble = str(error) if isinstance(error, Unprofiled) else f"JAX's profiler: {one_line(error)}"
            shutil.rmtree(folder, ignore_errors=True)
            yield
            return
        began = perf_counter()
        try:
            yield
        finally:
            try:
                self._framework.synchronize()
                wall = perf_counter() - began
                self.watched, self.trouble = True, None
                space = profiler.stop(folder)
                if found := Seen(space, began):  # the epoch may have used another framework
                    self.by_kind[kind] = found.count()
                    self._one_by_one[kind] = found.count_one_by_one()
                    self.spent.setdefault(kind, []).append(found.time(wall))
                    self._note_tensors(kind, _find_peak(space, found.ran, before))
            except Unprofiled as error:
                self.trouble = str(error)
            except Exception as error:  # an error here must not end the user's run
                self.trouble = f"the output of JAX's profiler could not be read: {one_line(error)}"
            shutil.rmtree(folder, ignore_errors=True)

    def _prepare_product(self, size: int) -> Callable[[], object]:
        jax: Any = self._framework.loaded
        left, right = (jax.numpy.full((size, size), value, dtype="float32") for value in (0.5, 0.25))
        multiply = jax.jit(jax.numpy.matmul)
        return lambda: multiply(left, right).block_until_ready()

    def _prepare_sum(self, size: int) -> Callable[[], object]:
        jax: Any = self._framework.loaded
        total, one = (jax.numpy.full((size,), value, dtype="float32") for value in (0.0, 1.0))
        in_place = jax.jit(jax.numpy.add, donate_argnums=0)

        def add() -> None:
            nonlocal total
            total = in_place(total, one).block_until_ready()

        return add


def _find_peak(space: Any, ran: Mapping[Instruction, int], before: Sequence[Existing] | None) -> TensorPeak | str:
    try:
        return find_peak(space, ran, before, find_arrays())
    except Exception as error:  # what was counted does not depend on it
        return f"the memory of JAX's arrays could not be read: {one_line(error)}"


class Seen:
    """The instructions that ran in an epoch, from its profile; it began at `began` by the clock. False if there were
    none."""

    def __init__(self, space: Any, began: float = 0.0) -> None:
        events = read_events(space, began)
        self._calls = [(one.start, one.start + one.seconds) for one in events if one.name.startswith(_CALL)]
        self._events = [(event, one) for event in events if (one := find_instruction(event))]
        self._programs = {module.id: _Program(module) for module in read_programs(space, PROGRAM.read)}

    def __bool__(self) -> bool:
        return bool(self._events)

    @property
    def ran(self) -> Counter[Instruction]:
        """How often each instruction ran."""
        return Counter(one for _, one in self._events)

    def count(self) -> Counter[Place]:
        """Return the operations of its matrix products, by place."""
        ran = self.ran
        total = Counter[Place]()
        for one, times in ran.items():
            own = self._programs[one.program].flops(one.name, ran)
            total.update({name: times * flops for name, flops in own.items()})  # zeros stay: it ran
        return total

    def count_one_by_one(self) -> OneByOne:
        """Return how many of its instructions ran in programs of their own, each of which Python starts."""
        ran: dict[int, Counter[str]] = {}
        for _, one in self._events:
            ran.setdefault(one.program, Counter())[one.name] += 1
        alone = [own for program, own in ran.items() if len(own) <= _ALONE and not self._loops(program, own)]
        return OneByOne(sum(own.total() for own in alone), len(self._events), "jax.jit")

    def _loops(self, program: int, names: Iterable[str]) -> bool:
        """Whether some of these instructions run others, maybe many times."""
        return any(self._programs[program].describe(name)[0] in OPAQUE for name in names)

    def time(self, wall: float) -> Spent:
        """Return the time of its instructions, in an epoch that took `wall` seconds."""
        found = []
        for event, one in self._events:
            program = self._programs[one.program]
            opcode, stack = program.describe(one.name)
            if opcode not in OPAQUE:
                ran = Operation(opcode, "", event.thread, event.start, event.seconds, moved=program.moved(one.name))
                found.append((ran, stack))
        spent = share_out(found, wall)
        spent.ran += self._calls
        return spent


class _Program:
    def __init__(self, module: Any) -> None:
        self._name = module.name
        self._number = module.id
        self._computations = {computation.id: list(computation.instructions) for computation in module.computations}
        self._instructions = {step.name: step for steps in self._computations.values() for step in steps}
        self._by_id = {(number, step.id): step for number, steps in self._computations.items() for step in steps}
        self._frames = _read_frames(module.stack_frame_index)
        self._within = {step.name: number for number, steps in self._computations.items() for step in steps}
        self._moved: dict[str, int | None] = {}

    def describe(self, name: str) -> tuple[str, Stack]:
        """Return the opcode of an instruction, and the stack that it comes from."""
        step = self._instructions[name]
        return step.opcode, self._find_place(step).stack

    def moved(self, name: str) -> int | None:
        """Return the bytes that one run of an instruction moves; None if they are not known."""
        if name not in self._moved:
            step = self._instructions[name]
            operands = [self._find_operand(step, place) for place in range(len(step.operand_ids))]
            self._moved[name] = count_moved(step, operands)
        return self._moved[name]

    def flops(self, name: str, ran: Iterable[Instruction]) -> Counter[Place]:
        """Return the operations in one run of an instruction, by place.

        Those of a function that it calls are included, unless they are among the instructions that `ran` by themselves,
        as those of loops and branches always are.
        """
        step = self._instructions[name]
        if step.opcode == "dot":
            return Counter({self._find_product(step): self._count_dot(step)})
        if step.opcode == "custom-call" and any(text in step.custom_call_target.lower() for text in _PRODUCTS):
            return Counter({self._find_product(step): self._count_library(step)})
        total = Counter[Place]({self._find_place(step): 0})
        for called in step.called_computation_ids if step.opcode in ("fusion", "call") else ():
            inner = self._computations[called]
            if step.opcode == "fusion" or not any(self._identify(one) in ran for one in inner):
                for one in inner:
                    total.update(self.flops(one.name, ran))
        return total

    def _find_product(self, step: Any) -> Place:
        left, right = (tuple(self._find_operand(step, place).shape.dimensions) for place in (0, 1))
        return self._find_place(step)._replace(sizes=(left, right))

    def _find_place(self, step: Any) -> Place:
        """Return the part of an instruction, and the stack that it comes from."""
        told = step.metadata
        if told is None:
            return Place("", ())
        lines = [Line(told.source_file, told.source_line)] if told.source_file else []  # as older versions tell it
        number = told.stack_frame_id
        while number:
            line, number = self._frames[number - 1]
            lines.append(line)
        return Place(part(told.op_name), keep_own(lines))

    def _identify(self, step: Any) -> Instruction:
        return Instruction(self._name, self._number, step.name)

    def _find_operand(self, step: Any, place: int) -> Any:
        return self._by_id[self._within[step.name], step.operand_ids[place]]

    def _count_dot(self, step: Any) -> int:
        left = self._find_operand(step, 0).shape.dimensions
        summed = prod(left[axis] for axis in step.dot_dimension_numbers.lhs_contracting_dimensions)
        return int(_weigh(step) * prod(step.shape.dimensions) * summed)

    def _count_library(self, step: Any) -> int:
        """Count a product of matrices from the sizes alone: m k, k n and m n give k."""
        left, right = (prod(self._find_operand(step, place).shape.dimensions) for place in (0, 1))
        out = prod(step.shape.dimensions)
        return int(_weigh(step) * out * isqrt(left * right // max(out, 1)))


def _weigh(step: Any) -> int:
    """Return the operations in one multiplication and addition."""
    return 8 if step.shape.element_type in _COMPLEX else 2


def _read_frames(index: Any) -> list[tuple[Line, int]]:
    """Return the line of each frame in a program's table of stacks, and the number of the frame that called it.

    Numbers count from 1; 0 is none.
    """
    if index is None:
        return []
    files, locations = index.file_names, list(index.file_locations)
    found = []
    for frame in index.stack_frames:
        location = locations[frame.file_location_id - 1]
        found.append((Line(files[location.file_name_id - 1], location.line), frame.parent_frame_id))
    return found

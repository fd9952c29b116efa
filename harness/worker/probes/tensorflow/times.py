"""Observes the operations of an epoch with TensorFlow's profiler: their time by the lines of the user's own code, and
the arithmetic of those that XLA cannot tell.

The profiler tells the names of operations, which say little by themselves: functions have operations of the same names.
So the calls of the epoch tell which function ran at a time, and its graph which line made the operation, and what it
multiplies. Each run counts, so loops and branches count as they went.
"""

from __future__ import annotations

import shutil
import tempfile
from bisect import bisect
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

from harness.worker.probes.counted import Place
from harness.worker.probes.operations import Operation
from harness.worker.probes.spent import Spent, share_out
from harness.worker.probes.tensorflow.calls import Call, CallProbe, Calls
from harness.worker.probes.tensorflow.eager import EagerProbe
from harness.worker.probes.tensorflow.gradients import needs_tracing, noting
from harness.worker.probes.tensorflow.name_scopes import part
from harness.worker.probes.tensorflow.operations import read_named
from harness.worker.probes.tensorflow.products import is_product, is_readable, read_product
from harness.worker.probes.tensorflow.profiler import Profiler
from harness.worker.probes.tensorflow.sessions import SessionRun
from harness.worker.probes.tensorflow.stacks import Stacks
from harness.worker.probes.tensorflow.steps import Step, Steps
from harness.worker.wire.evidence import OneByOne
from harness.worker.wire.reasons import one_line

_CONSTANTS = {"_EagerConst", "Const"}
"""What making a tensor of a NumPy array is, which happens outside of functions as a rule."""

_MADE = {*_CONSTANTS, "ReadVariableOp"}
"""What an operation makes of its own operands before it runs."""


@dataclass(eq=False)
class _Run:
    """One epoch that was observed."""

    operations: list[tuple[Operation, str]]
    """Each with its name."""
    wall: float
    calls: Calls
    steps: Steps = field(default_factory=Steps)
    """What ran outside of these calls."""
    traced: bool = False
    """Whether it traced or compiled, so that its times are not those of training."""

    def ran(self) -> list[tuple[float, float]]:
        return [
            *((one.start, one.start + one.seconds) for one, _ in self.operations),
            *((began, ended) for began, ended, _ in self.calls.ran),
            *self.steps.aside,
        ]


class Times:
    """The operations of the epochs that were observed. `calls` notes the calls of the same epochs."""

    def __init__(self, calls: CallProbe) -> None:
        self.trouble: str | None = None
        """Why the latest epoch could not be timed, or None."""
        self._calls = calls
        self._eager = EagerProbe(calls.is_inside)
        self.steps: dict[str, Steps] = {}
        """What ran outside of calls in the latest epoch of each kind."""
        self._runs: dict[str, list[_Run]] = {}
        self._graphs: dict[Any, Stacks | None] = {}
        """What is known of the graph of each call."""

    @contextmanager
    def watching(self, kind: str) -> Iterator[None]:
        """Time the operations of an epoch of `kind` in this context."""
        folder, profiler = Path(tempfile.mkdtemp(prefix="lines-")), Profiler()
        try:
            profiler.start(folder)
        except Exception as error:  # the trainer may have started the profiler itself
            self.trouble = f"TensorFlow's profiler did not start: {one_line(error)}"
            shutil.rmtree(folder, ignore_errors=True)
            with self._watching_steps(kind):
                yield
            return
        began = perf_counter()
        try:
            with self._watching_steps(kind) as steps:
                yield
        finally:
            wall = perf_counter() - began - steps.seconds_aside()
            try:
                run = _Run(read_named(profiler.stop(folder), began), wall, self._calls.by_kind[kind], steps)
                if run.operations or run.calls.distinct or steps.all:  # the epoch may have done nothing, and not count
                    self._runs.setdefault(kind, []).append(run)
                self.trouble = None
            except Exception as error:  # an error here must not end the user's run
                self.trouble = f"the output of TensorFlow's profiler could not be read: {one_line(error)}"
            shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def _watching_steps(self, kind: str) -> Iterator[Steps]:
        with self._eager.watching() as steps, self._calls.leaving_eager() if not steps.trouble else nullcontext():
            self.steps[kind] = steps
            yield steps

    @property
    def any(self) -> bool:
        """Whether any epoch was observed."""
        return bool(self._runs)

    def _timed(self, kind: str) -> list[_Run]:
        """Return the epochs of a kind whose times are those of training: those that traced nothing. If all did, as
        where Keras makes a dataset in each, those whose operations ran one by one: a tracing passes between them."""
        runs = [run for run in self._runs[kind] if run.operations]
        return [run for run in runs if not run.traced] or [run for run in runs if self._runs_one_by_one(run)]

    def _runs_one_by_one(self, run: _Run) -> bool:
        found = self._count_one_by_one(run)
        return found is not None and 2 * found.operations > found.of

    def forget(self, kind: str) -> None:
        """Forget the times of the latest epoch of a kind. What it computed still counts."""
        if kind in self._runs:
            self._runs[kind][-1].traced = True

    def ran(self) -> dict[str, list[tuple[float, float]]]:
        """Return when operations and calls of functions began and ended by the clock in the latest epoch of each kind,
        if it was timed. What noting them took is none of the epoch's time either."""
        return {kind: runs[-1].ran() for kind, runs in self._runs.items() if runs[-1] in self._timed(kind)}

    def one_by_one(self) -> dict[str, OneByOne]:
        """Return how many operations of each kind of epoch ran outside of every `tf.function`."""
        found = {kind: self._count_one_by_one(runs[-1]) for kind, runs in self._runs.items()}
        return {kind: own for kind, own in found.items() if own}

    def _count_one_by_one(self, run: _Run) -> OneByOne | None:
        keys = [key for one, _, key, _ in self._join(run) if one.type not in _CONSTANTS]
        return OneByOne(sum(key is None for key in keys), len(keys)) if keys else None

    def spent(self) -> dict[str, list[Spent]]:
        """Return the times of the epochs of each kind that were timed."""
        found = {kind: [self._share_out(run) for run in self._timed(kind)] for kind in self._runs}
        return {kind: own for kind, own in found.items() if own}

    def _share_out(self, run: _Run) -> Spent:
        joined = []
        for one, name, _, graph in self._join(run):
            if graph and one.moved is None:
                one.moved = graph.find_moved(name)
            joined.append((one, graph.stack(name) if graph else ()))
        found = share_out(joined, run.wall)
        found.ran = run.ran()
        return found

    def count(self, kind: str, wanted: Any) -> tuple[Counter[Place], str | None] | None:
        """Return the operations in the matrix products of one call, whose key is `wanted`, over all times that it was
        called in the latest epoch of `kind` that was observed, with the reason if some are not counted; None if no
        epoch was."""
        if kind not in self._runs:
            return None
        total, unsized, unread = Counter[Place](), 0, Counter[str]()
        for one, name, key, graph in self._join(self._runs[kind][-1]):
            if key == wanted and is_product(one.type):
                operation = graph.operation(name) if isinstance(graph, Stacks) else None
                sizes, flops = read_product(operation)
                if graph and flops is not None:
                    total[Place(part(name), graph.stack(name), sizes)] += flops
                elif operation is not None and is_readable(operation.type):
                    unsized += 1
                else:
                    unread[one.type] += 1
        return total, _describe_uncounted(unsized, unread)

    def _join(self, run: _Run) -> Iterator[tuple[Operation, str, Any, Stacks | Step | None]]:
        """Yield each operation with its name, the key of the call or function that it ran in, or None, and what is
        known of the graph of that, or of the operation if it ran outside of every graph."""
        ran = sorted(run.calls.ran, key=lambda one: one[:2])
        starts = [began for began, _, _ in ran]
        for one, name in run.operations:
            place = bisect(starts, one.start) - 1
            if place < 0 or one.start > ran[place][1]:
                yield one, name, *self._find_outside(run.steps.at(one.start), one, name)
                continue
            key = ran[place][2]
            if key not in self._graphs:
                self._graphs[key] = _read_graph(run.calls.distinct[key])
            graph = self._graphs[key]
            yield one, graph.rename(name, one.type) if graph else name, key, graph

    def stacks(self, step: Step) -> Stacks | None:
        """Return what is known of the graph of a function that ran outside of calls."""
        if step.type not in self._graphs:
            graphs = [function.graph for function in step.functions]
            self._graphs[step.type] = Stacks(graphs[0], others=graphs[1:]) if graphs else None
        return self._graphs[step.type]

    def _find_outside(self, step: Step | None, one: Operation, name: str) -> tuple[str | None, Stacks | Step | None]:
        if step is None:
            return None, None
        if step.is_function:
            return step.type, self.stacks(step)
        fits = not name and (one.type == step.type or one.type in _MADE)  # else another thread ran it at the time
        return None, step if fits else None


def _describe_uncounted(unsized: int, unread: Counter[str]) -> str | None:
    """Return what is said of products without a count: those whose sizes are not known, and those by type of kernel
    that are not known in the graph."""
    reasons = [f"{unsized} of its matrix products have sizes that only the data tell"] if unsized else []
    if unread:
        reasons.append(f"{unread.total()} of its matrix products, in {' and '.join(sorted(unread))}, were not found")
    return "; ".join(reasons) or None


def _read_graph(call: Call | SessionRun) -> Stacks | None:
    """Read the graph of a call, with the sizes of its arguments, even if it serves others too."""
    import tensorflow as tf

    if isinstance(call, SessionRun):
        with suppress(Exception):  # not every run can be read
            return call.stacks
        return None
    args, kwargs = call.arguments
    function = call.function
    with suppress(Exception):  # not every function can be asked for its graph in this way
        graph = function.get_concrete_function(*args, **kwargs).graph
        if function.input_signature is not None or needs_tracing(graph):
            with suppress(Exception), noting() as forwards:  # such as a function that makes variables
                again = tf.function(function.python_function, autograph=getattr(function, "_autograph", True))
                traced = again.get_concrete_function(*args, **kwargs).graph
                if _list_names(traced) == _list_names(graph):  # else it depends on more than its arguments
                    return Stacks(graph, forwards, sized=Stacks(traced))  # traced by harness, not by the program
        return Stacks(graph)
    return None


def _list_names(graph: Any) -> list[str]:
    return [one.name for one in graph.get_operations()]

"""Counts the operations of PyTorch's matrix products while an epoch runs.

Every operation that reaches PyTorch's dispatcher is seen, those of gradients too. Meanwhile functions that
`torch.compile` compiled run without compilation, and every operation takes longer. If there are such functions, further
epochs run with them as they are compiled, and only these are timed.
"""

from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from math import prod
from time import perf_counter
from types import FrameType
from typing import Any

from harness.worker.probes.counted import Place, Sizes
from harness.worker.probes.counting_apart import CountingApart
from harness.worker.probes.operations import Operation
from harness.worker.probes.places import Stack, find_stack
from harness.worker.probes.spent import MOST_KEPT, Spent, Traffic
from harness.worker.probes.torch.compiled import CompiledCalls, why_not, without_compilation
from harness.worker.probes.torch.storages import Storages
from harness.worker.probes.torch.traffic import count_moved
from harness.worker.probes.torch.variables import measure_variables
from harness.worker.wire.evidence import Variables
from harness.worker.wire.reasons import one_line

NOT_COMPILED = "functions that torch.compile compiled run without it while operations are seen one by one"
ELSEWHERE = "it computes on an accelerator"
MOST_NOTING = 0.1
"""The share of an epoch up to which it may be taken up by noting operations, if its time is to be that of training."""


class TorchCounter(CountingApart):
    """The `Counter` of PyTorch."""

    nothing_seen = "PyTorch ran no operation"

    @contextmanager
    def watching(self, kind: str, apart: bool = True) -> Iterator[None]:
        if not self.is_used():
            yield
            return
        compiles = self._framework.has_traced()
        as_compiled = compiles and kind in self.by_kind and why_not() is None
        places: _Places | None
        with ExitStack() as ways:
            try:
                places, storages = _Places(), Storages()
                mode = _make_mode(places, storages, as_compiled)
                if places.calls:
                    ways.enter_context(places.calls.watching())
                else:
                    ways.enter_context(without_compilation())  # a graph that must be whole could not be compiled
                    storages.start()
                    ways.enter_context(mode)
            except Exception as error:  # an unexpected version of PyTorch must not make an arm fail
                places, failed = None, f"PyTorch's operations could not be observed: {one_line(error)}"
                self.trouble, self.untimed = (self.trouble, failed) if as_compiled else (failed, self.untimed)
            began = perf_counter()
            yield
            wall = perf_counter() - began
        if places is None:
            return
        storages.stop()
        self.watched = True
        if not as_compiled:
            self.trouble = places.trouble
        if not places.operations:  # the epoch may have used another framework
            return
        if not as_compiled:
            self.by_kind[kind] = places.flops
            elsewhere = ELSEWHERE if places.elsewhere else None
            self._note_tensors(kind, NOT_COMPILED if compiles else elsewhere or storages.peak())
        if as_compiled or not compiles:
            usual = wall - places.noting if as_compiled and places.noting <= MOST_NOTING * wall else None
            busy = sum(places.seconds.values())
            spent = Spent(usual, busy, places.ran, places.seconds, places.traffic, places.timed)
            self.spent.setdefault(kind, []).append(spent)
            why = places.trouble or (ELSEWHERE if places.elsewhere else None)
            if why or self.untimed == NOT_COMPILED:
                self.untimed = why
        elif not any(self.spent.values()):
            self.untimed = why_not() or NOT_COMPILED

    def _prepare_product(self, size: int) -> Callable[[], object]:
        torch: Any = self._framework.loaded
        device = "cuda" if torch.cuda.is_initialized() else "cpu"
        left, right = (torch.full((size, size), value, dtype=torch.float32, device=device) for value in (0.5, 0.25))

        def multiply() -> object:
            with torch.no_grad():
                return (left @ right)[0, 0].item()  # copying one number to the host waits for the product

        return multiply

    def _prepare_sum(self, size: int) -> Callable[[], object]:
        torch: Any = self._framework.loaded
        device = "cuda" if torch.cuda.is_initialized() else "cpu"
        total, one = (torch.full((size,), value, dtype=torch.float32, device=device) for value in (0.0, 1.0))

        def add() -> object:
            with torch.no_grad():
                total.add_(one)
                return total[0].item()

        return add

    def _measure_variables(self) -> Variables:
        return measure_variables()


class _Places:
    """Attributes operations to their parts and lines: the `record_function`s around them and the innermost line of the
    user's own code, or those of what they are a gradient of.

    Autograd numbers the operations that it will differentiate, in each thread. It tells the number of the one whose
    gradient is computed, but not its thread; where threads disagree, an operation belongs to no part and no line.
    """

    def __init__(self) -> None:
        self.flops = Counter[Place]()
        self.seconds = Counter[Stack]()
        self.traffic: dict[Stack, Traffic] = {}
        self.ran: list[tuple[float, float]] = []
        self.timed: list[tuple[Operation, Stack]] = []
        self.elsewhere = False
        """Whether an operation did not run on the processor, so that it had not ended when it returned."""
        self.operations = 0
        self.trouble: str | None = None
        self.noting = 0.0
        """Seconds that it took to note operations."""
        self.calls: CompiledCalls | None = None
        """The calls of compiled functions, if these run as they are compiled."""
        self._around = threading.local()
        self._places: dict[int, set[Place]] = {}

    def note(
        self,
        flops: int,
        sizes: Sizes,
        moved: int | None,
        seconds: float,
        forward: int | None,
        number: int,
        frame: FrameType,
    ) -> Stack:
        """Note an operation with its FLOPs, the bytes that it moved, its time and its stack. It belongs to the gradient
        of operation `forward`, if it is part of one. Returns the stack that it belongs to.

        `number` is that of the latest operation in this thread that will be differentiated: of this one, if it is new.
        """
        self.operations += 1
        place = self.calls.find(frame) if self.calls else None
        if place is None:
            place = self.find(forward, frame)
            self._number(place, number, number)
        if flops:
            self.flops[place._replace(sizes=sizes)] += flops
        self.seconds[place.stack] += seconds  # type: ignore[assignment]  # typeshed: int counts only
        traffic = self.traffic.setdefault(place.stack, Traffic())
        traffic.add(1, moved or 0, seconds if moved is None else 0.0)
        return place.stack

    def keep(self, name: str, began: float, ended: float, own: float, stack: Stack) -> None:
        """Keep an operation of this thread, which took `own` seconds besides others in it, to be drawn later."""
        if len(self.timed) < MOST_KEPT:
            thread = f"thread {threading.get_native_id()}"
            self.timed.append((Operation(name, "", thread, began, ended - began, own), stack))

    def note_call(self, place: Place, began: float, ended: float, own: float, first: int, number: int) -> None:
        self.operations += 1
        self.ran.append((began, ended))
        self.seconds[place.stack] += own  # type: ignore[assignment]  # typeshed: int counts only
        self.traffic.setdefault(place.stack, Traffic()).add(1, 0.0, own)
        self.keep("compiled function", began, ended, own, place.stack)
        self._number(place, first, number - 1)

    def find(self, forward: int | None, frame: FrameType) -> Place:
        """Return where an operation belongs that runs in this stack, or is part of the gradient of `forward`."""
        known = self._places.get(forward, set()) if forward is not None else set()
        if len(known) == 1:
            return next(iter(known))
        around: list[str] = getattr(self._around, "names", [])
        return Place("", ()) if known else Place("/".join(around), find_stack(frame))

    def _number(self, place: Place, first: int, last: int) -> None:
        """Note that the operations with these numbers, as far as they are new in this thread, are at `place`."""
        first = max(first, getattr(self._around, "latest", -1) + 1)
        for number in range(first, last + 1):
            self._places.setdefault(number, set()).add(place)
        self._around.latest = max(last, first - 1)

    def enter(self, name: str) -> None:
        self._around.names = [*getattr(self._around, "names", []), name]

    def leave(self) -> None:
        self._around.names = getattr(self._around, "names", [])[:-1]


def _make_mode(places: _Places, storages: Storages, as_compiled: bool) -> Any:
    """Return a context in which every operation is noted. If functions are to run `as_compiled`, it is for
    `places.calls` to enter, and no FLOPs are counted: not all kernels would be seen."""
    torch: Any = sys.modules["torch"]
    from torch.utils._python_dispatch import TorchDispatchMode
    from torch.utils.flop_counter import flop_registry

    formulas = {} if as_compiled else {**_make_formulas(torch.ops.aten), **flop_registry}
    enter, leave = torch.ops.profiler._record_function_enter_new, torch.ops.profiler._record_function_exit
    next_number: Callable[[], int] = torch._C._autograd._get_sequence_nr
    gradient = torch._C._current_autograd_node

    class Mode(TorchDispatchMode):  # type: ignore[misc]
        def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            kwargs = kwargs or {}
            began = perf_counter()
            out = function(*args, **kwargs)
            ended = perf_counter()
            places.ran.append((began, ended))
            try:
                packet = function._overloadpacket
                if packet == enter:
                    places.enter(args[0])
                elif packet == leave:
                    places.leave()
                else:
                    formula = formulas.get(packet)
                    flops = int(formula(*args, **kwargs, out_val=out)) if formula else 0
                    node = gradient()
                    if getattr(out, "is_cpu", True) is False:
                        places.elsewhere = True
                    forward, sizes = node and node._sequence_nr(), _read_sizes(args) if flops else ((), ())
                    given = (*args, *(one for name, one in kwargs.items() if name != "out"))  # which is written only
                    moved = count_moved(function, given, out)
                    took = ended - began
                    stack = places.note(flops, sizes, moved, took, forward, next_number() - 1, sys._getframe(1))
                    places.keep(getattr(packet, "_qualified_op_name", str(packet)), began, ended, took, stack)
            except Exception as error:  # an exception here would end the program
                places.trouble = f"an operation of PyTorch could not be counted: {one_line(error)}"
            if not as_compiled:
                storages.note(args, out, sys._getframe(1))
            noted = perf_counter()
            places.noting += noted - ended
            if places.calls:
                places.calls.leave_out(noted - began)
            return out

    mode = Mode()
    if as_compiled:
        places.calls = CompiledCalls(places, mode)
    return mode


def _read_sizes(args: Any) -> Sizes:
    """Return the dimensions of the last two tensors among the arguments of a product: what is added comes before."""
    shapes = [tuple(map(int, one.shape)) for one in args if hasattr(one, "shape")]
    return (shapes[-2], shapes[-1]) if len(shapes) > 1 else ((), ())


def _make_formulas(aten: Any) -> dict[Any, Callable[..., int]]:
    """Return formulas for products with vectors, which PyTorch's own counter leaves out."""

    def of_first(first: Any, *others: Any, **more: Any) -> int:
        return 2 * int(prod(first.shape))

    def of_second(_: Any, second: Any, *others: Any, **more: Any) -> int:
        return 2 * int(prod(second.shape))

    return {aten.mv: of_first, aten.addmv: of_second, aten.dot: of_first, aten.vdot: of_first}

"""Finds the lines of the user's own code that an operation of a compiled graph comes from.

Operations of a graph know the Python stack that created them. HLO only keeps their names: those of the calls on the way
to them, such as `StatefulPartitionedCall/matmul_1`. A gradient has the name of the operation that it is the gradient of
in its own, and counts to the lines of that one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from harness.worker.probes.places import DEEPEST, Line, Stack, keep_own
from harness.worker.probes.tensorflow.fused import find_product
from harness.worker.probes.tensorflow.inner import find_inner
from harness.worker.probes.tensorflow.name_scopes import INLINED, forward_name, is_call, undo_optimizer
from harness.worker.probes.tensorflow.products import is_product, read_product
from harness.worker.probes.tensorflow.traffic import of_graph_operation

_GENERATED = re.compile(r"^__(?:inference|forward|backward)_|_\d+$|_rewritten$")
"""What TensorFlow adds to the names of functions: `__inference___backward_step_310_333` belongs to `step`."""


class Stacks:
    """The stacks of a graph and of all functions that it calls.

    `forwards` has the operations of which others in the graph itself compute the gradients, and `others` are the graphs
    that it is the gradient of. `sized` are those of the same graph with the sizes that it ran with. `called_from` is
    the stack of the call that ran it, if its operations were created elsewhere.
    """

    def __init__(
        self,
        graph: Any,
        forwards: Mapping[str, Any] | None = None,
        others: Iterable[Any] = (),
        sized: Stacks | None = None,
        called_from: Stack = (),
    ) -> None:
        self._forwards = forwards or {}
        self._sized = sized
        self._called_from = called_from
        self._operations: dict[str, dict[str, list[Any]]] = {}
        """Operations by name, by the name of the user's function that they belong to."""
        self._called: dict[tuple[str, ...], str] = {}
        """The functions by the calls that lead to them."""
        self._known: dict[str, Stack] = {}
        self._moved: dict[str, int | None] = {}
        self._renamed: dict[str, str] = {}
        with suppress(Exception):  # this uses inner parts of TensorFlow; without them no stack is known
            for one in (graph, *others):
                self._walk(one, "", ())

    def stack(self, name: str) -> Stack:
        """Return the stack of an operation by its name in HLO; empty if it is not known."""
        if name not in self._known:
            self._known[name] = self._find(name)
        return self._known[name]

    def _find(self, name: str) -> Stack:
        stacks = {_read_stack(one) for one in self._find_forward(name)}
        found = stacks.pop() if len(stacks) == 1 else ()
        # The call comes before the lines around the innermost one, which are known to belong to it alone.
        return (*found[:1], *self._called_from, *found[1:])[:DEEPEST]

    def operation(self, name: str) -> Any | None:
        """Return the operation that ran under a name, itself and not what it is a gradient of; None if it is not
        known, or if several functions have one of that name that differ in what they compute."""
        if self._sized and (sized := self._sized.operation(name)) is not None:
            return sized
        plain = "/".join(undo_optimizer(name.split("/")))
        outermost = self._operations.get("", {})
        found = outermost.get(plain) or self._find_anywhere(_leave_out_calls(name))
        if INLINED.match(plain):  # it was inside a function, where another may have the name of one outside
            found = [one for one in found if one not in outermost.get(one.name, ())] or found
        return found[0] if len({_describe(one) for one in found}) == 1 else None

    def rename(self, name: str, type_: str) -> str:
        """Return the name of the operation that a kernel of this type stands for: of the product, if it is one that
        was fused with what follows it, and else its own."""
        if not is_product(type_):
            return name
        if name not in self._renamed:
            self._renamed[name] = self._find_product(name) or name
        return self._renamed[name]

    def _find_product(self, name: str) -> str | None:
        operation = self.operation(name)
        product = None if operation is None else find_product(operation)
        if product is None or product is operation:
            return None
        return "/".join([*filter(is_call, name.split("/")), product.name])

    def find_moved(self, name: str) -> int | None:
        """Return the bytes that one run of an operation moves; None if they are not known."""
        if name not in self._moved:
            found = self.operation(name)
            self._moved[name] = None if found is None else of_graph_operation(found)
        return self._moved[name]

    def _find_forward(self, name: str) -> list[Any]:
        while (plain := "/".join(undo_optimizer(name.split("/")))) in self._forwards:
            name = self._forwards[plain].name  # the gradient of a gradient leads on
        calls = tuple(step for step in name.split("/") if is_call(step))
        own = self._operations.get(self._called.get(calls, ""), {})
        forward = forward_name(name)
        return own.get(forward) or self._find_anywhere(forward) or self._find_anywhere(INLINED.sub("", forward))

    def _find_anywhere(self, forward: str) -> list[Any]:
        return [one for inner in self._operations.values() for one in inner.get(forward, ())]

    def _walk(self, graph: Any, function: str, calls: tuple[str, ...]) -> None:
        own = self._operations.setdefault(function, {})
        self._called.setdefault(calls, function)
        for operation in graph.get_operations():
            own.setdefault(operation.name, []).append(operation)
            for name, inner in find_inner(graph, operation):
                way = (*calls, operation.name) if is_call(operation.name) else calls
                self._walk(inner, _clean(name), way)


def _leave_out_calls(name: str) -> str:
    """Return the steps of the name that an operation has in its own graph."""
    steps = undo_optimizer(INLINED.sub("", name).split("/"))
    while steps and is_call(steps[0]):
        steps = steps[1:]
    return "/".join(steps)


def _describe(operation: Any) -> tuple[Any, ...]:
    """Return what is the same in copies of one operation, such as that of a function and that of its gradient."""
    sizes = tuple(str(one.shape) for one in operation.inputs)
    return operation.type, sizes, read_product(operation) if is_product(operation.type) else None


def _clean(name: str) -> str:
    """Return the name of the user's function that a function was made of."""
    before = ""
    while name != before:
        before, name = name, _GENERATED.sub("", name)
    return name


def _read_stack(operation: Any) -> Stack:
    return keep_own(Line(frame.filename, frame.lineno) for frame in reversed(operation.traceback))

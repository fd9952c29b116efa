"""Counts the floating-point operations of the matrix products in a graph, from the sizes in it.

XLA counts what a `tf.function` does for certain arguments. A gradient that a tape takes outside of the function runs as
a function of its own, and a TensorFlow 1 session runs a part of its graph. For these there is only the graph. What
their results do not need does not run, and does not count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from harness.worker.probes.tensorflow.hlo import Products, Uncountable
from harness.worker.probes.tensorflow.inner import find_inner
from harness.worker.probes.tensorflow.products import is_product, is_readable, read_product

_WHAT = "a gradient of a tf.function, taken outside of it,"
_CALLS = ("PartitionedCall", "StatefulPartitionedCall")
_OLD_FLOW = {"Switch", "RefSwitch", "Merge", "RefMerge", "Enter", "RefEnter", "Exit", "RefExit", "NextIteration"}
"""What loops and branches of TensorFlow 1 consist of."""


def of_graph(graph: Any, what: str = _WHAT) -> Products:
    """Return the operations of one run of a function with this `FuncGraph`, by the names and sizes of its products.
    `what` it is part of is said in the reason.

    Raises Uncountable with the reason if they cannot be counted.
    """
    results = [*(tensor.op for tensor in graph.outputs), *getattr(graph, "control_outputs", ())]
    return of_operations(graph, find_needed(results), what)


def of_operations(graph: Any, needed: Iterable[Any], what: str) -> Products:
    """Return the same of one run of these operations of a graph. `what` they are is said in the reason."""
    total: Products = Counter()
    has_flow = False
    for operation in needed:
        has_flow = has_flow or operation.type in _OLD_FLOW
        if is_product(operation.type):
            sizes, flops = read_product(operation)
            if flops is None and not is_readable(operation.type):
                raise Uncountable(f"{what} has a {operation.type}, whose operations cannot be counted")
            if flops is None:
                raise Uncountable(f"{what} has sizes that only the data tell")
            if flops:
                total[operation.name, sizes] += flops
        for _, inner in find_inner(graph, operation):
            products = of_graph(inner, what)
            if operation.type in _CALLS:
                total += Counter({(f"{operation.name}/{name}", sizes): n for (name, sizes), n in products.items()})
            elif products:
                raise Uncountable(f"{what} has matrix products in a loop or a branch")
    if total and has_flow:
        raise Uncountable(f"{what} has loops or branches beside its matrix products")
    return total


def find_needed(results: Iterable[Any]) -> list[Any]:
    """Return the operations on which these depend, and themselves.

    What has to be finished before others begin, without giving them anything or doing more than compute, is left out,
    as TensorFlow's optimizer of graphs leaves it out.
    """
    found: dict[int, Any] = {}
    merely_before: set[int] = set()
    left = [(one, True) for one in results]
    while left:
        operation, gives = left.pop()
        gives = gives or _does_more(operation)
        if id(operation) in found or (not gives and id(operation) in merely_before):
            continue
        if gives:
            found[id(operation)] = operation
        else:
            merely_before.add(id(operation))
        left += [(tensor.op, gives) for tensor in operation.inputs]
        left += [(one, False) for one in operation.control_inputs]
    return list(found.values())


def _does_more(operation: Any) -> bool:
    """Whether an operation does more than compute its results."""
    return operation.op_def.is_stateful or any(one.dtype._is_ref_dtype for one in operation.inputs)

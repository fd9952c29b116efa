"""Counts the floating-point operations of the matrix products in a graph, from the sizes in it.

XLA counts what a `tf.function` does for certain arguments. A gradient that a tape takes outside of the function runs as
a function of its own, for which there is only the graph. What its results do not need does not run, and does not count.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from harness.worker.probes.tensorflow.hlo import Products, Uncountable
from harness.worker.probes.tensorflow.products import is_product, is_readable, read_product
from harness.worker.probes.tensorflow.stacks import find_functions

_WHAT = "gradient of a tf.function, taken outside of it,"
_CALLS = ("PartitionedCall", "StatefulPartitionedCall")


def of_graph(graph: Any) -> Products:
    """Return the operations of one run of a function with this `FuncGraph`, by the names and sizes of its products.

    Raises Uncountable with the reason if they cannot be counted.
    """
    total: Products = Counter()
    for operation in _find_needed(graph):
        if is_product(operation.type):
            sizes, flops = read_product(operation)
            if flops is None and not is_readable(operation.type):
                raise Uncountable(f"a {_WHAT} has a {operation.type}, whose operations cannot be counted")
            if flops is None:
                raise Uncountable(f"a {_WHAT} has sizes that only the data tell")
            if flops:
                total[operation.name, sizes] += flops
        for inner in filter(None, map(graph._get_function, find_functions(operation))):
            products = of_graph(inner.graph)
            if operation.type in _CALLS:
                total += Counter({(f"{operation.name}/{name}", sizes): n for (name, sizes), n in products.items()})
            elif products:
                raise Uncountable(f"a {_WHAT} has matrix products in a loop or a branch")
    return total


def _find_needed(graph: Any) -> list[Any]:
    """Return the operations on which results of the graph depend, or that do more than compute."""
    left = [*(tensor.op for tensor in graph.outputs), *getattr(graph, "control_outputs", ())]
    found: dict[int, Any] = {}
    while left:
        operation = left.pop()
        if id(operation) not in found:
            found[id(operation)] = operation
            left += [*(tensor.op for tensor in operation.inputs), *operation.control_inputs]
    return list(found.values())

"""Finds out which operation each operation of a gradient is the gradient of, by tracing a function again.

Names tell it only where the operation has a name scope of its own, as a matrix product has; the gradient of `Square` is
just `gradient_tape/Mul`. While a tape computes gradients it asks for them operation by operation, and what is created
meanwhile is the gradient of that one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

Forwards = dict[str, Any]
"""The operations by the names of those that compute their gradients."""


def needs_tracing(graph: Any) -> bool:
    """Whether names alone do not tell the forward operation of some gradient of a tape."""
    return any(one.name.startswith("gradient_tape/") and one.name.count("/") == 1 for one in graph.get_operations())


@contextmanager
def noting() -> Iterator[Forwards]:
    """Note the gradients that are traced in this context, in the graph in which they are."""
    from tensorflow.python import pywrap_tfe
    from tensorflow.python.eager import backprop
    from tensorflow.python.framework import ops

    found: Forwards = {}
    original = backprop._gradient_function

    def noted(type_: Any, attributes: Any, number: Any, inputs: Any, outputs: Any, *others: Any) -> Any:
        graph = ops.get_default_graph()
        before = len(graph.get_operations())
        gradients = original(type_, attributes, number, inputs, outputs, *others)
        forward = _find_forward(type_, inputs, outputs)
        if forward is not None:
            for one in graph.get_operations()[before:]:
                found[one.name] = forward
        return gradients

    pywrap_tfe.TFE_Py_RegisterGradientFunction(noted)
    try:
        yield found
    finally:
        pywrap_tfe.TFE_Py_RegisterGradientFunction(original)


def _find_forward(type_: Any, inputs: Any, outputs: Any) -> Any | None:
    """Return the operation of this type that has these inputs and outputs, of which those that its gradient does not
    need may be missing."""
    name = type_ if isinstance(type_, str) else type_.decode()
    for one in outputs or ():
        if getattr(one, "op", None) is not None and one.op.type == name:
            return one.op
    given = [one for one in inputs or () if hasattr(one, "consumers")]
    for one in given:
        own = [user for user in one.consumers() if user.type == name]
        fitting = [user for user in own if all(any(value is kept for kept in user.inputs) for value in given)]
        if len(fitting) == 1:
            return fitting[0]
    return None

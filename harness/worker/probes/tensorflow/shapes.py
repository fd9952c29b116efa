"""Writes known sizes into the definition of a graph, in the place of the operations that ask for them.

TensorFlow works out the size of a result from constants. It does not from what `ShapeN` gives, for example, which it
calls in the gradients of `concat`.
"""

from __future__ import annotations

from typing import Any

_ASKING = ("Shape", "ShapeN")


def write_sizes(definition: Any, graph: Any) -> bool:
    """Replace in a `GraphDef` what asks for sizes that are known in its graph, by these. Return whether any did."""
    changed = False
    for node in [one for one in definition.node if one.op in _ASKING]:
        operation = graph.get_operation_by_name(node.name)
        if all(one.shape.is_fully_defined() for one in operation.inputs):
            names = [_add_constant(definition, operation, place) for place in range(len(operation.inputs))]
            kinds = [one.dtype.base_dtype.as_datatype_enum for one in operation.outputs]
            node.Clear()
            node.name, node.op = operation.name, "IdentityN"
            node.input.extend(names)
            node.attr["T"].list.type.extend(kinds)
            changed = True
    return changed


def _add_constant(definition: Any, operation: Any, place: int) -> str:
    """Add the size of one of an operation's operands, and return the name of the constant."""
    import tensorflow as tf

    kind = operation.outputs[place].dtype.base_dtype
    node = definition.node.add(name=f"{operation.name}/size_{place}", op="Const")
    node.attr["dtype"].type = kind.as_datatype_enum
    node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(operation.inputs[place].shape.as_list(), kind))
    return str(node.name)

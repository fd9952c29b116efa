"""Counts the floating-point operations of the matrix products in a `tf.function`, forward and backward.

XLA returns the program that it would compile for one call, without running or tracing the function again, and `hlo`
counts the operations in that program. So the count is exact, while TensorFlow's own profiler misses nested functions,
loops and einsums. It exists only for functions that XLA can compile, so not with a `py_function`, nor with the gradient
of a loop without `maximum_iterations`.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from harness.worker.probes.counted import Place
from harness.worker.probes.tensorflow import hlo
from harness.worker.probes.tensorflow.hlo import Uncountable
from harness.worker.probes.tensorflow.name_scopes import part
from harness.worker.probes.tensorflow.stacks import Stacks

__all__ = ["Uncountable", "of_call"]


def of_call(function: Any, arguments: Any) -> Counter[Place]:
    """Return the operations of one call of `function`, a `tf.function`, by place. Raises Uncountable with the reason.

    A part is a `tf.name_scope`. Operations belong to the one in which they were created, and to the line that created
    them, gradients to those of their operations. `arguments` is (args, kwargs), nested in any way, with a
    `tf.TensorSpec` in place of every tensor. The reason is one line.
    """
    try:
        found = Counter[Place]()
        module, graph = _compile_module(function, arguments)
        stacks = Stacks(graph)
        for (name, sizes), number in hlo.flops(module).items():
            found[Place(part(name), stacks.stack(name), sizes)] += number
        return found
    except Uncountable:
        raise
    except Exception as error:
        raise Uncountable(f"XLA cannot compile it: {_shorten(error)}") from error


def _shorten(error: Exception) -> str:
    """Return the first line of an error message, or the last one if the first only announces more lines."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    return lines[-1] if lines[0].endswith(":") else lines[0]


def _compile_module(function: Any, arguments: Any) -> tuple[Any, Any]:
    """Return the HLO of one call, as an `HloModuleProto`, and the graph that it comes from."""
    import tensorflow as tf
    from tensorflow.compiler.xla.service import hlo_pb2

    def call(*tensors: Any) -> Any:
        given = iter(tensors)
        args, kwargs = tf.nest.map_structure(
            lambda leaf: next(given) if isinstance(leaf, tf.TensorSpec) else leaf, arguments
        )
        return function(*args, **kwargs)

    specs = [leaf for leaf in tf.nest.flatten(arguments) if isinstance(leaf, tf.TensorSpec)]
    compiled = tf.function(call, autograph=False, jit_compile=True)
    module = hlo_pb2.HloModuleProto.FromString(compiled.experimental_get_compiler_ir(*specs)(stage="hlo_serialized"))
    return module, compiled.get_concrete_function(*specs).graph

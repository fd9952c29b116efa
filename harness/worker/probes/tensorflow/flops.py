"""How many floating-point operations the matrix products of a `tf.function` take, forward and backward.

XLA is asked for the program that it would compile for one call, which does not run the function, nor trace it again,
and `hlo` counts in it; so the count is exact where TensorFlow's own profiler misses nested functions, loops and
einsums. It is there only for what XLA can compile: no `py_function`, no gradient of a loop without
`maximum_iterations`.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from harness.worker.probes.tensorflow import hlo
from harness.worker.probes.tensorflow.hlo import Uncountable
from harness.worker.probes.tensorflow.name_scopes import part

__all__ = ["Uncountable", "of_call"]


def of_call(function: Any, arguments: Any) -> Counter[str]:
    """The operations of one call of `function`, a `tf.function`, by its parts: the `tf.name_scope`s in which they were
    written, those of their gradients with them. Raises Uncountable, with the reason in one line.

    `arguments` is (args, kwargs), nested in any way, with a `tf.TensorSpec` in the place of every tensor.
    """
    try:
        parts = Counter[str]()
        for name, number in hlo.flops(_module(function, arguments)).items():
            parts[part(name)] += number
        return parts
    except Uncountable:
        raise
    except Exception as error:
        raise Uncountable(f"XLA cannot compile it: {_in_a_line(error)}") from error


def _in_a_line(error: Exception) -> str:
    """The first line of what TensorFlow says, or the last where the first only says that there is more."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    return lines[-1] if lines[0].endswith(":") else lines[0]


def _module(function: Any, arguments: Any) -> Any:
    """The HLO of one call, as an `HloModuleProto`."""
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
    return hlo_pb2.HloModuleProto.FromString(compiled.experimental_get_compiler_ir(*specs)(stage="hlo_serialized"))

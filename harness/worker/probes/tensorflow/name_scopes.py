"""The part of a trainer that an operation belongs to, by its name: the `tf.name_scope` in which it was written."""

import re

_TAPE = "gradient_tape"
"""Before the names in a gradient that a tape took: below the operation's own name there is one more."""
_GRADIENTS, _GRADIENT = "gradients", re.compile(r".+_grad(_\d+)?")
"""Before the names in the gradient of a nested function, and the name of that of one of its operations."""
_CALL = re.compile(r"(Stateful)?PartitionedCall(_\d+)?")
"""What TensorFlow puts before the names in a nested function."""


def part(name: str) -> str:
    """The scope of an operation by its name: `gradient_tape/physics/matmul_3/MatMul_1` is of `physics`."""
    steps = [step for step in name.split("/") if not _CALL.fullmatch(step)]
    forward = [step for step in steps if step != _TAPE]
    if _GRADIENTS in forward:
        inner = forward[len(forward) - forward[::-1].index(_GRADIENTS) :]
        end = next((at for at, step in enumerate(inner) if _GRADIENT.fullmatch(step)), None)
        if end is not None:
            return "/".join(inner[:end])
    return "/".join(forward[: -2 if len(forward) < len(steps) else -1])

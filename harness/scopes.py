"""The part of a trainer that an operation belongs to, by its name: the `tf.name_scope` in which it was written."""

import re

_GRADIENT = "gradient_tape"
_CALL = re.compile(r"(Stateful)?PartitionedCall(_\d+)?")
"""What TensorFlow puts before the names in a nested function."""


def part(name: str) -> str:
    """The scope of an operation by its name: `gradient_tape/physics/matmul_3/MatMul_1` is of `physics`."""
    steps = [step for step in name.split("/") if not _CALL.fullmatch(step)]
    forward = [step for step in steps if step != _GRADIENT]
    # The gradient of an operation is named after that operation, and has a name of its own below.
    return "/".join(forward[: -2 if len(forward) < len(steps) else -1])

"""Finds the part of a trainer that an operation belongs to: the `tf.name_scope` in which it was created."""

import re

_TAPE = "gradient_tape"
"""The prefix of the names in a gradient that a tape computes. They have one more level, after the operation's name."""
_GRADIENTS = re.compile(r"gradients(_\d+)?")
"""The prefix of the names in the gradient of a nested function, or in what `tf.gradients` computes."""
_GRADIENT, _GRADIENT_END = re.compile(r".+_grad(_\d+)?"), re.compile(r"_grad(_\d+)?$")
"""The name of the gradient of one operation."""
_FLOW = re.compile(r"(?:while|cond)(?:_(?:body|cond|grad))?(?:_\d+)?")
"""The prefixes of the names in loops and branches."""
INLINED = re.compile(r"^.*/_\d+/")
"""What comes before the names inside a loop or a branch that was replaced by them: `while/body/_12/while/MatMul`."""
_CALL = re.compile(r"(Stateful)?PartitionedCall(_\d+)?")
"""The prefix of the names in a nested function."""
_OPTIMIZER = re.compile(r"[A-Z]\w*Optimizer")
"""What TensorFlow's optimizers of graphs put before the names of what they make. The name of the operation that it
stands for follows after what was done: `physics/ArithmeticOptimizer/ReplaceMulWithSquare_mul`."""


def part(name: str) -> str:
    """Return the scope of an operation from its name: `physics` for `gradient_tape/physics/matmul_3/MatMul_1`. The
    scopes that loops and branches make are none."""
    return "/".join(step for step in _find_forward(INLINED.sub("", name))[:-1] if not _FLOW.fullmatch(step))


def forward_name(name: str) -> str:
    """Return the name of an operation without the calls that lead to it, or that of the operation that it is the
    gradient of: `physics/matmul_3` for `gradient_tape/physics/matmul_3/MatMul_1`."""
    return "/".join(_find_forward(name))


def is_call(step: str) -> bool:
    """Whether a step of a name is the call of a nested function."""
    return _CALL.fullmatch(step) is not None


def _find_forward(name: str) -> list[str]:
    steps = [step for step in undo_optimizer(name.split("/")) if not is_call(step)]
    forward = [step for step in steps if step != _TAPE]
    gradients = [at for at, step in enumerate(forward) if _GRADIENTS.fullmatch(step)]
    if gradients:
        inner = forward[gradients[-1] + 1 :]
        end = next((at for at, step in enumerate(inner) if _GRADIENT.fullmatch(step)), None)
        if end is not None:
            return [*inner[:end], _GRADIENT_END.sub("", inner[end])]
    return forward[:-1] if len(forward) < len(steps) else forward


def undo_optimizer(steps: list[str]) -> list[str]:
    """Return the steps of the name of the operation that one of TensorFlow's optimizers of graphs has replaced."""
    return [
        step.partition("_")[2] or step if before and _OPTIMIZER.fullmatch(before) else step
        for before, step in zip([None, *steps], steps, strict=False)
        if not _OPTIMIZER.fullmatch(step)
    ]

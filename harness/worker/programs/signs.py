"""What shows that code trains: calls that only training makes, or gradients and a step (see `updating`)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from typing import NamedTuple

from harness.worker.programs import updating
from harness.worker.programs.syntax import get_name

_TRAINING = {"backward", "apply_gradients", "apply_updates", "train_on_batch", "value_and_grad", "grad_and_value"}
"""Functions and methods that only training calls."""
_OPTIMIZER = re.compile(r"optim|\bopt\b|_opt\b|\bopt_|adam|sgd|lbfgs", re.IGNORECASE)
_STEPS = {
    "step": re.compile(r"opt|adam|sgd|lbfgs", re.IGNORECASE),
    "run": re.compile(r"sess", re.IGNORECASE),
    **dict.fromkeys(("apply", "update", "minimize"), _OPTIMIZER),
}
"""Methods that only training calls if the name of their object matches."""
_NAMED_TRAINING = re.compile(r"(train|fit|optimi[sz]e)_?(one_?)?(epoch|step|batch|iter(ation)?)")
_LIBRARY_LOOPS = {"fit", "fit_generator", "LaunchLogger"}
"""What runs or marks the epochs of a library, for which there is an adapter. Loops around it are not the epochs."""


class Signs(NamedTuple):
    """What a piece of code has, without the functions that it uses."""

    training: str | None
    """The first call that only training makes."""
    gradient: str | None
    """The first call that computes derivatives."""
    updates: bool
    """Whether it takes something from what may be trained."""


def read_signs(nodes: Iterable[ast.AST]) -> Signs:
    """Return what these nodes show."""
    own = list(nodes)
    training = next(filter(None, map(_name_training_call, own)), None)
    return Signs(training, updating.find_gradient(own), any(map(updating.updates, own)))


def runs_library_loop(node: ast.AST) -> bool:
    """Whether a call runs a loop of a library, as `fit` and `train(iterations=...)` do, but not PyTorch's `train()`."""
    if not isinstance(node, ast.Call):
        return False
    name, arguments = get_name(node.func), [*node.args, *(keyword.value for keyword in node.keywords)]
    modes = all(isinstance(one, ast.Constant) and isinstance(one.value, bool) for one in arguments)
    is_method = isinstance(node.func, ast.Attribute)
    return name in _LIBRARY_LOOPS or (name == "train" and is_method and not modes)


def _name_training_call(node: ast.AST) -> str | None:
    """Return a call as text if only training makes it."""
    if not isinstance(node, ast.Call):
        return None
    name = get_name(node.func)
    owner = ast.unparse(node.func.value) if name in _STEPS and isinstance(node.func, ast.Attribute) else ""
    trains = (
        name in _TRAINING
        or bool(_NAMED_TRAINING.fullmatch(name))
        or (name in _STEPS and bool(_STEPS[name].search(owner)))
    )
    return f"{ast.unparse(node.func)}()" if trains else None

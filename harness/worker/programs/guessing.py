"""Finds the training loops of a source that marks no epochs: those whose passes compute gradients and take a step, with
an optimizer or by themselves (see `updating`).

It reads the source and runs nothing. What a pass calls is followed through the functions of the same file. Of two loops
of which one contains the other, as those over epochs and batches, or over seeds and epochs, the one that is named like
epochs or iterations is taken, and the outer one if both are.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from harness.worker.programs import updating
from harness.worker.programs.syntax import get_name

Loop = ast.For | ast.While
_Function = ast.FunctionDef | ast.AsyncFunctionDef

_GRADIENTS = {
    *("backward", "apply_gradients", "apply_updates", "train_on_batch", "value_and_grad", "grad_and_value"),
    "GradientTape",
}
"""Functions and methods that only training calls."""
_STEPS = {"step": re.compile(r"opt|adam|sgd|lbfgs", re.IGNORECASE), "run": re.compile(r"sess", re.IGNORECASE)}
"""Methods that only training calls if the name of their object matches."""
_NAMED_TRAINING = re.compile(r"(train|fit|optimi[sz]e)_?(one_?)?(epoch|step|batch|iter(ation)?)")
_LIBRARY_LOOPS = {"fit", "fit_generator", "LaunchLogger"}
"""What runs or marks the epochs of a library, for which there is an adapter. Loops around it are not the epochs."""
_COMPILED = re.compile(r"jit|compile|pmap|vmap|scan|tf\.function|\bfunction\b")
"""Decorators of functions that are traced: their loops run once, and are then part of a graph."""
_EPOCHS = re.compile(r"epoch", re.IGNORECASE)
_BATCHES = re.compile(r"batch|loader", re.IGNORECASE)
_ITERATIONS = re.compile(r"iter|step|\bits?\b|\bi\b", re.IGNORECASE)
_LOSS = re.compile(r"loss|residual|mse", re.IGNORECASE)


@dataclass(frozen=True)
class Found:
    """A training loop in a source."""

    loop: Loop
    call: str
    """The call in its passes that trains."""
    losses: tuple[str, ...]
    """The variables that its passes bind and that are named like losses."""


def find_training(tree: ast.Module) -> list[Found]:
    """Return the training loops of a source, in its order; none contains another one."""
    source = _Source(tree)
    loops = [node for node in _walk_untraced(tree) if isinstance(node, Loop)]
    of_library = set().union(*(_walk_own(loop) for loop in loops if any(map(_runs_library_loop, _walk_own(loop)))))
    trains = {loop: call for loop in loops if loop not in of_library and (call := source.find_training_call(loop))}
    reached = {loop: source.reach(loop) for loop in trains}
    kept = [
        loop
        for loop in trains
        if not any(
            (loop in reached[other] and _rank(other) >= _rank(loop))
            or (other in reached[loop] and _rank(other) > _rank(loop))
            for other in trains
            if other is not loop
        )
    ]
    return [Found(loop, trains[loop], find_losses(loop)) for loop in sorted(kept, key=lambda loop: loop.lineno)]


def find_losses(loop: Loop) -> tuple[str, ...]:
    """Return the variables that a loop's passes bind and that are named like losses, in the order of the source."""
    bound = [
        node.id
        for node in _walk_own(loop)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and _LOSS.search(node.id)
    ]
    return tuple(dict.fromkeys(bound))


class _Body(NamedTuple):
    """What the body of a function has, without the functions that it uses."""

    trains: bool
    """Whether it makes a call that only training makes."""
    gradient: str | None
    """The first call that computes derivatives."""
    updates: bool
    """Whether it takes something from what may be trained."""


class _Source:
    """The functions of a source by their last names, with names that are bound to one of them, as by `jax.jit`."""

    def __init__(self, tree: ast.Module) -> None:
        self._bodies: dict[str, list[ast.AST]] = {}
        for node in ast.walk(tree):
            if isinstance(node, _Function):
                self._bodies.setdefault(node.name, []).append(node)
            elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Call | ast.Lambda):
                for target in node.targets:
                    if isinstance(target, ast.Name):
                        self._bodies.setdefault(target.id, []).append(node.value)
        self._reached: dict[str, list[ast.AST]] = {}
        """What `_follow` has found, by name: a file of some thousand lines would otherwise take seconds."""
        self._training: dict[str, bool] = {}
        self._signs: dict[str, tuple[str | None, bool]] = {}
        self._seen: dict[ast.AST, _Body] = {}

    def find_training_call(self, loop: Loop) -> str | None:
        """Return the call in a loop's passes that trains, or None."""
        parts = [node for part in loop.body for node in _walk_own(part)]
        direct = next(filter(None, map(_name_training_call, parts)), None)
        if direct:
            return direct
        used = [name for node in parts for name in _list_functions_used(node)]
        for name in used:
            if self._trains(name):
                return f"{name}()"
        return self._find_own_update(parts, used)

    def _find_own_update(self, parts: list[ast.AST], used: list[str]) -> str | None:
        """Return the call that computes gradients in passes which take a step by themselves, or None."""
        here = updating.find_gradient(parts)
        followed = {name: self._find_signs(name) for name in used}
        gradient = here or next((one for one, _ in followed.values() if one), None)
        if gradient is None:
            return None
        if any(map(updating.updates, parts)) or any(steps for _, steps in followed.values()):
            return gradient
        for call in filter(None, map(updating.find_rebinding, parts)):
            if any(self._find_signs(name)[0] for name in _list_functions_used(call)):
                return f"{ast.unparse(call.func)}()"
        return None

    def _find_signs(self, name: str) -> tuple[str | None, bool]:
        """Return the call that computes derivatives in a function of that name, or one that it uses, and whether they
        update something."""
        if name not in self._signs:
            own = [self._look_into(body) for body in self._follow(name)]
            self._signs[name] = (
                next((one.gradient for one in own if one.gradient), None),
                any(one.updates for one in own),
            )
        return self._signs[name]

    def _look_into(self, body: ast.AST) -> _Body:
        if body not in self._seen:
            nodes = list(ast.walk(body))
            trains, steps = any(map(_name_training_call, nodes)), any(map(updating.updates, nodes))
            self._seen[body] = _Body(trains, updating.find_gradient(nodes), steps)
        return self._seen[body]

    def _trains(self, name: str) -> bool:
        """Whether a function of that name, or one that it uses, makes a call that only training makes."""
        if name not in self._training:
            self._training[name] = any(self._look_into(body).trains for body in self._follow(name))
        return self._training[name]

    def reach(self, loop: Loop) -> set[ast.AST]:
        """Return all that a loop contains, in the functions that it calls as well."""
        found = {node for node in _walk_own(loop) if node is not loop}
        for node in list(found):
            for name in _list_functions_used(node):
                found.update(part for body in self._follow(name) for part in ast.walk(body))
        return found

    def _follow(self, name: str) -> list[ast.AST]:
        """Return the functions of that name, and those that they use."""
        if name not in self._reached:
            self._reached[name] = self._search(name)
        return self._reached[name]

    def _search(self, name: str) -> list[ast.AST]:
        found: dict[ast.AST, None] = {}
        left = [name]
        seen = set()
        while left:
            name = left.pop()
            if name in seen:
                continue
            seen.add(name)
            for body in self._bodies.get(name, ()):
                found[body] = None
                left += [used for node in ast.walk(body) for used in _list_functions_used(node)]
        return list(found)


def _rank(loop: Loop) -> int:
    """Return how much a loop looks like one over epochs."""
    if isinstance(loop, ast.While):
        named, counts = ast.unparse(loop.test), True
    else:
        named, counts = f"{ast.unparse(loop.target)} in {ast.unparse(loop.iter)}", _get_call(loop.iter) == "range"
    if _EPOCHS.search(named):
        return 3
    if _BATCHES.search(named):
        return 0
    return 2 if _ITERATIONS.search(named) else int(counts)


def _walk_untraced(node: ast.AST) -> Iterator[ast.AST]:
    """Yield a node and what is within it, without functions that a framework traces."""
    yield node
    for child in ast.iter_child_nodes(node):
        if not (isinstance(child, _Function) and any(map(_is_compiler, child.decorator_list))):
            yield from _walk_untraced(child)


def _is_compiler(decorator: ast.expr) -> bool:
    return bool(_COMPILED.search(ast.unparse(decorator)))


def _walk_own(node: ast.AST) -> Iterator[ast.AST]:
    """Yield a node and what is within it, but not the functions and classes that it defines."""
    yield node
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, _Function | ast.ClassDef | ast.Lambda):
            yield from _walk_own(child)


def _name_training_call(node: ast.AST) -> str | None:
    """Return a call as text if only training makes it."""
    if not isinstance(node, ast.Call):
        return None
    name = get_name(node.func)
    owner = ast.unparse(node.func.value) if name in _STEPS and isinstance(node.func, ast.Attribute) else ""
    trains = (
        name in _GRADIENTS
        or bool(_NAMED_TRAINING.fullmatch(name))
        or (name in _STEPS and bool(_STEPS[name].search(owner)))
    )
    return f"{ast.unparse(node.func)}()" if trains else None


def _runs_library_loop(node: ast.AST) -> bool:
    """Whether a call runs a loop of a library, as `fit` and `train(iterations=...)` do, but not PyTorch's `train()`."""
    if not isinstance(node, ast.Call):
        return False
    name, arguments = get_name(node.func), [*node.args, *(keyword.value for keyword in node.keywords)]
    modes = all(isinstance(one, ast.Constant) and isinstance(one.value, bool) for one in arguments)
    is_method = isinstance(node.func, ast.Attribute)
    return name in _LIBRARY_LOOPS or (name == "train" and is_method and not modes)


def _list_functions_used(node: ast.AST) -> list[str]:
    """Return the names of the functions that a call calls or passes on."""
    if not isinstance(node, ast.Call):
        return []
    passed = [*node.args, *(keyword.value for keyword in node.keywords)]
    return [name for one in (node.func, *passed) if (name := get_name(one))]


def _get_call(node: ast.AST) -> str:
    return get_name(node.func) if isinstance(node, ast.Call) else ""

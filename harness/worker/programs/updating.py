"""Recognises training without an optimizer: a loop that computes gradients and takes them from what it trains.

Gradients alone do not show training: residuals of a PINN are made of them, when it is evaluated too.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from harness.worker.programs.syntax import get_name

_GRADIENTS = {
    *("grad", "gradient", "gradients", "jacrev", "jacfwd", "jacobian", "vjp", "jvp", "linearize", "GradientTape"),
}
"""Functions and methods that compute derivatives, for training or not."""
_IN_PLACE = {"assign_sub", "assign_add", "assign", "sub_", "add_", "copy_", "addcmul_", "addcdiv_"}
"""Methods that change a variable or a tensor in place."""
_MAPS = {"map", "tree_map"}
"""Functions that apply an update to each of many parameters."""


def find_gradient(nodes: Iterable[ast.AST]) -> str | None:
    """Return the first call that computes derivatives, as text."""
    calls = (node for node in nodes if isinstance(node, ast.Call))
    return next((f"{ast.unparse(call.func)}()" for call in calls if get_name(call.func) in _GRADIENTS), None)


def updates(node: ast.AST) -> bool:
    """Whether a node takes something from what is trained: `w -= rate * g`, `w = w - rate * g`, the same for each of
    many, or a method that changes a variable in place."""
    if isinstance(node, ast.AugAssign):
        return isinstance(node.op, ast.Sub)
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Attribute) and node.func.attr in _IN_PLACE
    return isinstance(node, ast.Assign) and any(_takes_from(node.value, name) for name in _list_targets(node))


def find_rebinding(node: ast.AST) -> ast.Call | None:
    """Return the call of `w = step(w)`, which gives something a new value from its present one; None if there is
    none."""
    if not (isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)):
        return None
    given = {name for argument in node.value.args for name in _list_places(argument)}
    return node.value if given & set(_list_targets(node)) else None


def _takes_from(value: ast.expr, name: str) -> bool:
    """Whether a value is made of what has this name, with something taken from it, or from each part of it."""
    if name not in _list_places(value):
        return False
    return any(_is_difference(part, name) or _maps_difference(part) for part in ast.walk(value))


def _is_difference(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub) and name in _list_places(node.left)


def _maps_difference(node: ast.AST) -> bool:
    """Whether a node takes something from each of many: a comprehension, or a map over a tree."""
    inner: ast.AST | None = None
    if isinstance(node, ast.ListComp | ast.GeneratorExp):
        inner = node.elt
    elif isinstance(node, ast.DictComp):
        inner = node.value
    elif isinstance(node, ast.Call) and get_name(node.func) in _MAPS and node.args:
        inner = node.args[0].body if isinstance(node.args[0], ast.Lambda) else None
    return isinstance(inner, ast.BinOp) and isinstance(inner.op, ast.Sub)


def _list_targets(node: ast.Assign) -> list[str]:
    return [name for target in node.targets for name in _list_places(target)]


def _list_places(node: ast.AST) -> Iterator[str]:
    """Yield the names and attributes in a node, as `w` and `self.w`."""
    for part in ast.walk(node):
        if isinstance(part, ast.Name | ast.Attribute):
            yield ast.unparse(part)

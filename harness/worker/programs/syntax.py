"""Reads names in a syntax tree."""

from __future__ import annotations

import ast
from collections.abc import Iterator

Function = ast.FunctionDef | ast.AsyncFunctionDef


def get_name(node: ast.AST) -> str:
    """Return the last name of `name` or `object.name`, of the function in `function(...)(...)`; else nothing."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Call):
        return get_name(node.func)
    return node.attr if isinstance(node, ast.Attribute) else ""


def get_path(node: ast.AST) -> str:
    """Return all of `package.module.name`; nothing for what is no name."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        owner = get_path(node.value)
        return owner and f"{owner}.{node.attr}"
    return ""


def walk_functions(node: ast.ClassDef) -> Iterator[Function]:
    """Yield the methods of a class, also those that it defines under a condition."""
    left: list[ast.AST] = list(node.body)
    for part in left:
        if isinstance(part, Function):
            yield part
        elif not isinstance(part, ast.ClassDef):
            left += ast.iter_child_nodes(part)


def walk_own(node: ast.AST) -> Iterator[ast.AST]:
    """Yield a node and what is within it, but not the functions and classes that it defines."""
    yield node
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, Function | ast.ClassDef | ast.Lambda):
            yield from walk_own(child)

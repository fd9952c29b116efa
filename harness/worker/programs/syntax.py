"""Reads names in a syntax tree."""

from __future__ import annotations

import ast


def get_name(node: ast.AST) -> str:
    """Return the last name of `name` or `object.name`, of the function in `function(...)(...)`; else nothing."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Call):
        return get_name(node.func)
    return node.attr if isinstance(node, ast.Attribute) else ""

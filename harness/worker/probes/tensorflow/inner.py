"""Finds the graphs of the functions that an operation calls, such as the body of a loop."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

_INNER = ("f", "body", "cond", "then_branch", "else_branch", "branches")
"""The attributes of operations that name functions."""


def find_inner(graph: Any, operation: Any) -> Iterator[tuple[str, Any]]:
    """Yield the names and graphs of the functions that an operation of `graph` calls."""
    for attribute in _INNER:
        with suppress(ValueError):  # it has no such attribute
            found = operation.get_attr(attribute)
            for name in [one.name for one in (found if isinstance(found, list) else [found])]:
                called = graph._get_function(name)
                if called is not None:
                    yield name, called.graph if hasattr(called, "graph") else _read(graph, called)


def _read(graph: Any, called: Any) -> Any:
    """Return the graph of a function that was imported as a definition. It knows few sizes."""
    from tensorflow.python.framework.function_def_to_graph import function_def_to_graph

    with graph.as_default():
        return function_def_to_graph(called.definition)

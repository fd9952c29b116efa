"""Reads the settings and changes that a variant declares, without importing a variant in a file or a module."""

import ast
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from harness.catalog import registry
from harness.errors import BadInput
from harness.interface import Variant

_FIELDS = [field.name for field in fields(Variant)]


@dataclass(frozen=True)
class Declared:
    """What is known of a variant before it is built."""

    reference: str
    settings: Mapping[str, Any]
    changes: Mapping[str, str]
    builder: object
    """Identifies the function that builds the variant: it is equal for two variants with the same function."""


def declared(reference: str) -> Declared:
    """Return what the variant `reference` declares.

    Raises BadInput if there is no such variant, or if its definition cannot be understood without running it.
    """
    known = registry.find(reference)
    if known:
        build = known.build
        builder = build.func if isinstance(build, partial) else build
        return Declared(reference, dict(known.settings), dict(known.changes), builder)
    source, name = registry.source_of(reference)
    if source is None:
        raise BadInput(f"{reference!r} has no Python source to read its settings or changes from.")
    given = _find_arguments(source, name)
    settings, changes = (_evaluate_literal(given.get(what), what, reference) for what in ("settings", "changes"))
    written = (_find_origins(source, given["build"]), ast.dump(given["build"])) if "build" in given else None
    return Declared(reference, settings, changes, written)


def _find_origins(source: Path, expression: ast.expr) -> frozenset[str]:
    """Return the origins of the names in an expression: the import statement of a name, or the file itself."""
    imported: dict[str, str] = {}
    for statement in ast.parse(source.read_bytes()).body:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            for alias in statement.names:
                imported[alias.asname or alias.name.partition(".")[0]] = ast.unparse(statement)
    names = [node.id for node in ast.walk(expression) if isinstance(node, ast.Name)]
    return frozenset(imported.get(name, str(source.resolve())) for name in names)


def _find_arguments(source: Path, name: str) -> dict[str, ast.expr]:
    """Return the arguments of `Variant` in a file's last definition of `name`, or nothing if it is not such a call."""
    found: dict[str, ast.expr] = {}
    for statement in ast.parse(source.read_bytes()).body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=defined)], value=value) if defined == name:
                found = _read_call(value)
            case ast.AnnAssign(target=ast.Name(id=defined), value=ast.expr() as value) if defined == name:
                found = _read_call(value)
    return found


def _read_call(value: ast.expr) -> dict[str, ast.expr]:
    if not isinstance(value, ast.Call):
        return {}
    called = value.func.attr if isinstance(value.func, ast.Attribute) else getattr(value.func, "id", None)
    if called != Variant.__name__:
        return {}
    named = {keyword.arg: keyword.value for keyword in value.keywords if keyword.arg}
    return dict(zip(_FIELDS, value.args, strict=False)) | named


def _evaluate_literal(expression: ast.expr | None, what: str, reference: str) -> dict[str, Any]:
    """Evaluate an expression that must be a dictionary of literals of types that a record can represent."""
    if expression is None:
        return {}
    try:
        value = ast.literal_eval(expression)
        same = msgspec.json.decode(msgspec.json.encode(value)) == value
    except (ValueError, TypeError, OverflowError, msgspec.MsgspecError):
        same = False
    if not same or not isinstance(value, dict) or not all(isinstance(name, str) for name in value):
        raise BadInput(
            f"{reference!r} computes its {what}, which are read without running anything: write them as a literal"
            " dictionary, by names, of strings, numbers, booleans, lists and None."
        )
    return value

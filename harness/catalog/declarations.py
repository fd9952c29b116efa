"""What a variant says of its settings and changes, without importing it where it is a file's or a module's."""

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
    """A variant, as far as it can be known before it is built."""

    reference: str
    settings: Mapping[str, Any]
    changes: Mapping[str, str]
    builder: object
    """What builds it; two variants have the same one where these are equal."""


def declared(reference: str) -> Declared:
    """What the variant `reference` declares.

    Raises BadInput where there is no such variant, or where its definition cannot be understood without running it.
    """
    known = registry.find(reference)
    if known:
        build = known.build
        builder = build.func if isinstance(build, partial) else build
        return Declared(reference, dict(known.settings), dict(known.changes), builder)
    source, name = registry.source_of(reference)
    if source is None:
        raise BadInput(f"{reference!r} has no Python source to read its settings or changes from.")
    given = _arguments(source, name)
    settings, changes = (_written_out(given.get(what), what, reference) for what in ("settings", "changes"))
    written = (_origins(source, given["build"]), ast.dump(given["build"])) if "build" in given else None
    return Declared(reference, settings, changes, written)


def _origins(source: Path, expression: ast.expr) -> frozenset[str]:
    """Where the names in an expression come from: what the file imports each by, or else the file itself."""
    imported: dict[str, str] = {}
    for statement in ast.parse(source.read_bytes()).body:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            for alias in statement.names:
                imported[alias.asname or alias.name.partition(".")[0]] = ast.unparse(statement)
    names = [node.id for node in ast.walk(expression) if isinstance(node, ast.Name)]
    return frozenset(imported.get(name, str(source.resolve())) for name in names)


def _arguments(source: Path, name: str) -> dict[str, ast.expr]:
    """What `Variant` is called with where a file last defines `name`; nothing where it is no such call."""
    found: dict[str, ast.expr] = {}
    for statement in ast.parse(source.read_bytes()).body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=defined)], value=value) if defined == name:
                found = _of_call(value)
            case ast.AnnAssign(target=ast.Name(id=defined), value=ast.expr() as value) if defined == name:
                found = _of_call(value)
    return found


def _of_call(value: ast.expr) -> dict[str, ast.expr]:
    if not isinstance(value, ast.Call):
        return {}
    called = value.func.attr if isinstance(value.func, ast.Attribute) else getattr(value.func, "id", None)
    if called != Variant.__name__:
        return {}
    named = {keyword.arg: keyword.value for keyword in value.keywords if keyword.arg}
    return dict(zip(_FIELDS, value.args, strict=False)) | named


def _written_out(expression: ast.expr | None, what: str, reference: str) -> dict[str, Any]:
    """A dictionary of literals, of kinds that a record can hold."""
    if expression is None:
        return {}
    try:
        value = ast.literal_eval(expression)
        same = msgspec.json.decode(msgspec.json.encode(value)) == value
    except (ValueError, TypeError, OverflowError, msgspec.MsgspecError):
        same = False
    if not same or not isinstance(value, dict) or not all(isinstance(name, str) for name in value):
        raise BadInput(
            f"{reference!r} computes its {what}, which are read without running anything: write out there a dictionary,"
            " by names, of strings, numbers, truth values, lists and None."
        )
    return value

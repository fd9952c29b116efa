"""Reads from its source which arguments a class or a function takes, without importing it."""

import ast
import inspect
from collections.abc import Sequence
from dataclasses import dataclass

from harness.catalog import registry
from harness.errors import BadInput
from harness.interface import Variant
from harness.suggest import nearest

GIVEN = ("case", "scale", "seed", "epochs")
"""The arguments that harness passes by itself, to what takes them."""
_BY_OPTION = ("case", "scale", "seed")
"""Those that have an option of their own."""


@dataclass(frozen=True)
class Signature:
    """The arguments that can be passed by name."""

    names: tuple[str, ...]
    required: tuple[str, ...]
    """Those without a default."""
    takes_all: bool = False
    """Whether any other name is taken as well."""


def signature_of(reference: str) -> Signature | None:
    """Return the signature of what an arm's reference names; None if it cannot be known without running code."""
    try:
        known = registry.find(reference)
        if known:
            return _inspect(known)
        source, name = registry.source_of(reference)
    except BadInput:  # a gate looks in other folders
        return None
    if source is None:
        return None
    return _read(ast.parse(source.read_bytes()), name)


def choose_settings(reference: str, given: dict[str, object]) -> dict[str, object]:
    """Return those of the `given` settings that an arm takes.

    Raises BadInput if it needs an argument that nobody gives.
    """
    own = signature_of(reference)
    if own is None:
        return given
    missing = [name for name in own.required if name not in given and name not in GIVEN]
    if missing:
        wanted = " ".join(f"--set {name}=VALUE" for name in missing)
        raise BadInput(f"{reference!r} needs {' and '.join(map(repr, missing))}: give {wanted}, or defaults.")
    return {name: value for name, value in given.items() if own.takes_all or name in own.names}


def parse_settings(options: Sequence[str]) -> dict[str, object]:
    """Parse options of the form NAME=VALUE. A value that is a Python literal is that, any other one is a string.

    Raises BadInput for anything else.
    """
    found: dict[str, object] = {}
    for option in options:
        name, equals, text = option.partition("=")
        if not equals or not name.isidentifier():
            raise BadInput(f"--set must be NAME=VALUE, such as --set width=64, not {option!r}.")
        if name in _BY_OPTION:
            raise BadInput(f"--set {option}: give --{name} {text}, which all arms get.")
        if name in found:
            raise BadInput(f"--set {name} is given more than once.")
        try:
            found[name] = ast.literal_eval(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            found[name] = text
    return found


def check_used(given: dict[str, object], references: Sequence[str], used: set[str]) -> None:
    """Raise BadInput for a setting that no arm takes."""
    for name in given:
        if name not in used:
            own = [found for reference in references if (found := signature_of(reference))]
            offered = [each for found in own for each in found.names if each not in _BY_OPTION]
            hint = nearest(name, offered) if offered else "they take no arguments."
            raise BadInput(f"--set {name}: no arm has such an argument; {hint}")


def _inspect(variant: Variant) -> Signature | None:
    try:
        parameters = inspect.signature(variant.build).parameters.values()
    except ValueError:  # some functions in C have none
        return None
    named = [one for one in parameters if one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)]
    return Signature(
        tuple(one.name for one in named),
        tuple(one.name for one in named if one.default is one.empty and one.name not in variant.settings),
        any(one.kind is one.VAR_KEYWORD for one in parameters),
    )


def _read(tree: ast.Module, name: str) -> Signature | None:
    """Read the last definition of a name. A class without an `__init__` of its own may inherit one."""
    found: ast.stmt | None = None
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef | ast.ClassDef) and statement.name == name:
            found = statement
        elif isinstance(statement, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == name for target in statement.targets
        ):
            found = None
    if isinstance(found, ast.ClassDef):
        if found.decorator_list:  # a dataclass, for example
            return None
        made = [one for one in found.body if isinstance(one, ast.FunctionDef) and one.name == "__init__"]
        if not made:
            return None if found.bases or found.keywords else Signature((), ())
        return _read_arguments(made[-1].args, skipped=1)
    if isinstance(found, ast.FunctionDef):
        return None if found.decorator_list else _read_arguments(found.args)
    return None


def _read_arguments(arguments: ast.arguments, skipped: int = 0) -> Signature:
    positional = [*arguments.posonlyargs, *arguments.args]
    without_default = len(positional) - len(arguments.defaults)
    required = [one.arg for one in positional[skipped:without_default]]
    required += [
        one.arg for one, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if default is None
    ]
    names = [one.arg for one in positional[skipped:] if one not in arguments.posonlyargs]
    names += [one.arg for one in arguments.kwonlyargs]
    return Signature(tuple(names), tuple(required), arguments.kwarg is not None)

"""Finds variants by a name, a `file.py:Name` or a `package.module:Name`, without importing training code.

Only the measured process imports that code: see `worker.imports.loading`.
"""

import ast
import difflib
import importlib.util
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.machinery import PathFinder
from pathlib import Path

from harness.catalog import command_lines
from harness.errors import BadInput, BadSource
from harness.interface import Collection, Variant
from harness.suggest import nearest
from harness.worker.imports import loading
from harness.worker.wire.reasons import one_line

_TARGETS = (ast.Tuple, ast.List, ast.Starred, ast.NamedExpr)


@dataclass(frozen=True)
class Defaults:
    """The defaults of a collection."""

    case: str | None
    scale: str | None
    small_scale: str | None
    """The scale of gates and self-checks: one at which a minute of measuring is enough for them."""


@dataclass(frozen=True)
class Catalog:
    """All registered variants, and messages about those that could not be registered."""

    variants: dict[str, Variant] = field(default_factory=dict)
    compared: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    hidden: bool = False
    """Whether there may be more variants, because a collection could not be loaded."""
    references: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """The references of a variant's collection, by the name of the variant."""
    preloads: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """The modules that building any variant of a variant's collection imports, by the name of the variant. References
    are excluded."""
    defaults: dict[str, Defaults] = field(default_factory=dict)
    """The defaults of a variant's collection, by the name of the variant."""
    lacking: dict[str, str] = field(default_factory=dict)
    """What is not installed that a variant needs, and how to install it, by the name of the variant."""


@cache
def registered() -> Catalog:
    """Return the variants of all installed entry points. One that cannot be loaded is reported and hides no others."""
    variants: dict[str, Variant] = {}
    compared: tuple[str, ...] = ()
    references: dict[str, tuple[str, ...]] = {}
    preloads: dict[str, tuple[str, ...]] = {}
    defaults: dict[str, Defaults] = {}
    lacking: dict[str, str] = {}
    broken = []
    hidden = False
    for entry in loading.entries():
        try:
            collection = loading.collection_of(entry)
            offered = [(variant.name, variant) for variant in collection.variants]
            own_references = tuple(collection.references)
            preload = tuple(collection.preload)
            lack = _describe_lack(collection)
        except (Exception, SystemExit) as error:  # any error in a user's code must not hide the other collections
            broken.append(f"the variants of {entry.name!r} ({entry.value}) cannot be loaded: {one_line(error)}")
            hidden = True
            continue
        for name, variant in offered:
            if variants.setdefault(name, variant) is not variant:
                broken.append(f"{entry.name!r} offers a variant {name!r}, which already exists; it is ignored")
        known = {name for name, variant in offered if variants[name] is variant}
        for name in [name for name in own_references if name not in known]:
            broken.append(f"{entry.name!r} lists {name!r} as a reference but has no such variant; it is ignored")
        references |= dict.fromkeys(known, tuple(name for name in own_references if name in known))
        preloads |= dict.fromkeys(known - set(own_references), preload)
        own = Defaults(collection.case, collection.scale, collection.small_scale)
        defaults |= dict.fromkeys(known, own)
        needing = [name for name, _ in offered if name in known and name not in own_references] if lack else []
        lacking |= dict.fromkeys(needing, lack)
        compared = compared or tuple(collection.compared)
    return Catalog(variants, compared, tuple(broken), hidden, references, preloads, defaults, lacking)


def _describe_lack(collection: Collection) -> str:
    """Return which of a collection's modules are not installed and how to install them; empty if none is missing."""
    missing = [name for name in collection.requires if importlib.util.find_spec(name) is None]
    if not missing:
        return ""
    cure = f": {collection.install}" if collection.install else ""
    return f"{', '.join(missing)}, which {'is' if len(missing) == 1 else 'are'} not installed here{cure}"


def find(reference: str, path: Sequence[str] | None = None) -> Variant | None:
    """Return the registered variant of that name, or None for a command line and for one in a file or module, which
    only the child may import.

    Modules are searched for along `path`, by default in the working directory and on Python's own path. Raises BadInput
    if there is no such variant, file or module, or no such name in it.
    """
    if command_lines.is_command(reference):
        command_lines.parse(reference)
        return None
    if ":" not in reference:
        variants = registered().variants
        if reference not in variants:
            lost = "".join(f" ({complaint})" for complaint in registered().broken)
            misspelt = difflib.get_close_matches(reference, variants, n=1)
            error_type = BadSource if registered().hidden and not misspelt else BadInput
            raise error_type(f"There is no variant {reference!r}: {nearest(reference, variants)}{lost}")
        if reference in registered().lacking:
            raise BadInput(f"The variant {reference!r} needs {registered().lacking[reference]}.")
        return variants[reference]
    source, name = source_of(reference, path)
    if source is not None:
        _check_name(source, name, reference)
    return None


def source_of(reference: str, path: Sequence[str] | None = None) -> tuple[Path | None, str]:
    """Return the Python source and the name of a `file.py:Name` or `package.module:Name`.

    The source is None for a module without Python source. Raises BadInput if there is no such file or module.
    """
    place, name = _split_reference(reference)
    return _check_file(place) if loading.is_file(place) else module_source(place, path), name


def label(reference: str) -> str:
    """Return the default label of an arm: the registered name, or the name after the colon."""
    return reference.rpartition(":")[2]


def _split_reference(reference: str) -> tuple[str, str]:
    place, _, name = reference.rpartition(":")
    if not place or not name.isidentifier():
        raise BadInput(f"{reference!r} does not name a variant: write a name, file.py:Name or package.module:Name.")
    return place, name


def _check_file(place: str) -> Path:
    path = loading.file(place)
    if not path.is_file():
        raise BadInput(f"There is no file {place!r}.")
    return path


def module_source(dotted: str, along: Sequence[str] | None) -> Path | None:
    """Return the source file of a module without importing its packages, or None if it has no Python source."""
    if not all(part.isidentifier() for part in dotted.split(".")):
        raise BadInput(f"There is no module {dotted!r}: it is not a valid module name.")
    path: list[str] | None = [str(Path.cwd()), *sys.path] if along is None else list(along)
    found = ""
    for part in dotted.split("."):
        found = f"{found}.{part}" if found else part
        spec = PathFinder.find_spec(part, path) if path else None  # PathFinder takes only the last part of a name
        if spec is None and found == part and along is None:
            # Editable installs have finders of their own. For a top-level name, this imports no parent package.
            spec = importlib.util.find_spec(part)
        if spec is None:
            raise BadInput(f"There is no module {dotted!r}: {found!r} is not found here or on Python's path.")
        path = list(spec.submodule_search_locations or [])
    origin = spec.origin if spec else None
    return Path(origin) if origin and origin.endswith(".py") else None


def _check_name(source: Path, name: str, reference: str) -> None:
    try:
        names = _list_top_level_names(ast.parse(source.read_bytes(), filename=str(source)))
    except (SyntaxError, ValueError) as error:
        number = getattr(error, "lineno", None)  # the error for an unknown encoding has no line
        line = f", line {number}" if number else ""
        raise BadSource(f"{source}{line} is not Python: {getattr(error, 'msg', error)}.") from None
    except (RecursionError, MemoryError):
        raise BadSource(f"{source} is nested too deeply for Python to read.") from None
    except OSError as error:
        raise BadInput(f"{source} cannot be read: {error.strerror}.") from None
    if name not in names and not {"*", "__getattr__"} & set(names):
        public = [name for name in names if not name.startswith("_")]
        raise BadInput(f"{reference!r}: {source} defines no {name!r}; {nearest(name, public)}")


def _list_top_level_names(tree: ast.Module) -> list[str]:
    """Return the names that a module binds, in order, including those in a top-level `if`, `try` or `with`.

    '*' stands for a star import. In expressions, only targets of assignments are considered, because the variable of a
    comprehension is not a name of the module.
    """
    names: list[str] = []

    def visit(statements: Iterable[ast.AST]) -> None:
        for statement in statements:
            if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                names.append(statement.name)
            elif isinstance(statement, ast.Import | ast.ImportFrom):
                names.extend((alias.asname or alias.name).partition(".")[0] for alias in statement.names)
            elif isinstance(statement, ast.Name) and isinstance(statement.ctx, ast.Store):
                names.append(statement.id)
            elif not isinstance(statement, ast.expr) or isinstance(statement, _TARGETS):
                visit(ast.iter_child_nodes(statement))

    visit(tree.body)
    return names

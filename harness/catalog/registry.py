"""A name, a `file.py:Name` or a `package.module:Name` -> a `Variant`, found without importing anybody's training.

What imports it is the measured process: see `worker.imports.loading`.
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

from harness.errors import BadInput, BadSource
from harness.interface import Variant
from harness.suggest import nearest
from harness.worker.imports import loading
from harness.worker.wire.reasons import one_line

_TARGETS = (ast.Tuple, ast.List, ast.Starred, ast.NamedExpr)


@dataclass(frozen=True)
class Defaults:
    case: str | None
    scale: str | None
    small_scale: str | None
    """Of gates and self-checks: what they see there they see in a minute."""


@dataclass(frozen=True)
class Catalog:
    """Every registered variant, and what could not be registered."""

    variants: dict[str, Variant] = field(default_factory=dict)
    compared: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    hidden: bool = False
    """Whether there may be more: some collection could not be loaded."""
    references: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By the name of a variant, the references of its collection."""
    preloads: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By the name of a variant that is no reference, the modules that building any of its collection imports."""
    defaults: dict[str, Defaults] = field(default_factory=dict)
    """By the name of a variant, what its collection takes where nobody chooses."""


@cache
def registered() -> Catalog:
    """What the installed entry points offer. One that cannot be loaded is reported, and hides no other."""
    variants: dict[str, Variant] = {}
    compared: tuple[str, ...] = ()
    references: dict[str, tuple[str, ...]] = {}
    preloads: dict[str, tuple[str, ...]] = {}
    defaults: dict[str, Defaults] = {}
    broken = []
    hidden = False
    for entry in loading.entries():
        try:
            collection = loading.collection_of(entry)
            offered = [(variant.name, variant) for variant in collection.variants]
            held_against = tuple(collection.references)
            preload = tuple(collection.preload)
        except (Exception, SystemExit) as error:  # somebody else's code: whatever it raises must not hide the others
            broken.append(f"the variants of {entry.name!r} ({entry.value}) cannot be loaded: {one_line(error)}")
            hidden = True
            continue
        for name, variant in offered:
            if variants.setdefault(name, variant) is not variant:
                broken.append(f"{entry.name!r} offers a variant {name!r} when there is one already; it is left out")
        known = {name for name, variant in offered if variants[name] is variant}
        for name in [name for name in held_against if name not in known]:
            broken.append(f"{entry.name!r} offers a reference {name!r}, but no variant of that name; it is left out")
        references |= dict.fromkeys(known, tuple(name for name in held_against if name in known))
        preloads |= dict.fromkeys(known - set(held_against), preload)
        own = Defaults(collection.case, collection.scale, collection.small_scale)
        defaults |= dict.fromkeys(known, own)
        compared = compared or tuple(collection.compared)
    return Catalog(variants, compared, tuple(broken), hidden, references, preloads, defaults)


def find(reference: str, path: Sequence[str] | None = None) -> Variant | None:
    """The registered variant of that name, or None for a file's or module's, which only the child may import.

    Modules are looked for along `path`, or else in the working directory and on Python's own path.
    Raises BadInput where there is no such variant, file, module or name in it.
    """
    if ":" not in reference:
        variants = registered().variants
        if reference not in variants:
            lost = "".join(f" ({complaint})" for complaint in registered().broken)
            misspelt = difflib.get_close_matches(reference, variants, n=1)
            sort = BadSource if registered().hidden and not misspelt else BadInput
            raise sort(f"There is no variant {reference!r}: {nearest(reference, variants)}{lost}")
        return variants[reference]
    source, name = source_of(reference, path)
    if source is not None:
        _check_name(source, name, reference)
    return None


def source_of(reference: str, path: Sequence[str] | None = None) -> tuple[Path | None, str]:
    """Where the Python of a `file.py:Name` or `package.module:Name` is, None if there is none to read; and the name.

    Raises BadInput where there is no such file or module.
    """
    place, name = _split(reference)
    return _file(place) if loading.is_file(place) else module_source(place, path), name


def label(reference: str) -> str:
    """What an arm is called where nobody says: the registered name, or the name after the colon."""
    return reference.rpartition(":")[2]


def _split(reference: str) -> tuple[str, str]:
    place, _, name = reference.rpartition(":")
    if not place or not name.isidentifier():
        raise BadInput(f"{reference!r} does not name a variant: write a name, file.py:Name or package.module:Name.")
    return place, name


def _file(place: str) -> Path:
    path = loading.file(place)
    if not path.is_file():
        raise BadInput(f"There is no file {place!r}.")
    return path


def module_source(dotted: str, along: Sequence[str] | None) -> Path | None:
    """Where a module's source is, found without importing its packages; None if it has no Python source."""
    if not all(part.isidentifier() for part in dotted.split(".")):
        raise BadInput(f"There is no module {dotted!r}: that is not a module's name.")
    path: list[str] | None = [str(Path.cwd()), *sys.path] if along is None else list(along)
    found = ""
    for part in dotted.split("."):
        found = f"{found}.{part}" if found else part
        spec = PathFinder.find_spec(part, path) if path else None  # it looks for the last part only
        if spec is None and found == part and along is None:
            spec = importlib.util.find_spec(part)  # editable installs have finders of their own; it imports no parent
        if spec is None:
            raise BadInput(f"There is no module {dotted!r}: {found!r} is not found here or on Python's path.")
        path = list(spec.submodule_search_locations or [])
    origin = spec.origin if spec else None
    return Path(origin) if origin and origin.endswith(".py") else None


def _check_name(source: Path, name: str, reference: str) -> None:
    try:
        names = _top_level_names(ast.parse(source.read_bytes(), filename=str(source)))
    except (SyntaxError, ValueError) as error:
        number = getattr(error, "lineno", None)  # an unknown encoding is on no line
        line = f", line {number}" if number else ""
        raise BadSource(f"{source}{line} is not Python: {getattr(error, 'msg', error)}.") from None
    except (RecursionError, MemoryError):
        raise BadSource(f"{source} is nested too deeply for Python to read.") from None
    except OSError as error:
        raise BadInput(f"{source} cannot be read: {error.strerror}.") from None
    if name not in names and not {"*", "__getattr__"} & set(names):
        public = [name for name in names if not name.startswith("_")]
        raise BadInput(f"{reference!r}: {source} defines no {name!r}; {nearest(name, public)}")


def _top_level_names(tree: ast.Module) -> list[str]:
    """What a module binds, in order: also under a top-level `if`, `try` or `with`. '*' stands for a star import.

    Of expressions only what is assigned to is looked at: a comprehension's variable is no name of the module.
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

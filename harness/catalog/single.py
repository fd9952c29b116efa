"""Finds what a file that only defines things means as an arm: the one class or function that it defines.

A file that runs something is a script, as it is for Python. Settings of imported libraries, such as
`torch.set_num_threads(1)`, are no work if the file defines a trainer.
"""

import ast

from harness.errors import BadInput
from harness.interface import Variant
from harness.worker.imports import loading

_DEFINITIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_QUIET = ast.Import | ast.ImportFrom | ast.Pass | _DEFINITIONS


def complete(reference: str) -> str:
    """Return `file.py:Name` for a file that defines one class or function and runs nothing; else the reference.

    Classes that train come first: those with a method `epoch`. Raises BadInput if the file defines several.
    """
    path = loading.file(reference)
    if not reference.endswith(".py") or not path.is_file():
        return reference
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError, RecursionError, MemoryError, OSError):
        return reference  # running it will tell
    defined = {name: node for node in tree.body for name in _names_of(node) if not name.startswith("_")}
    trainers = [name for name, node in defined.items() if _is_trainer(node)]
    libraries = _list_imported(tree) if trainers else set()
    if not all(_runs_nothing(statement, libraries) for statement in tree.body):
        return reference
    names = trainers or list(defined)
    if not names:
        raise BadInput(f"{reference} defines no class or function, and runs nothing.")
    if len(names) > 1:
        options = ", ".join(f"{reference}:{name}" for name in names)
        raise BadInput(f"{reference} runs nothing, and defines {len(names)} that may be meant: name one of {options}.")
    return f"{reference}:{names[0]}"


def _runs_nothing(statement: ast.stmt, libraries: set[str]) -> bool:
    """Whether a statement at the top of a file does no work: calls count as work, but for a Variant's definition, and
    for those of these libraries."""
    if isinstance(statement, _QUIET):
        return True
    if isinstance(statement, ast.If):
        return ast.unparse(statement.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")
    calls = [node for node in ast.walk(statement) if isinstance(node, ast.Call)]
    plain = isinstance(statement, ast.Expr | ast.Assign | ast.AnnAssign)
    return plain and all(_defines_variant(call) or _get_root(call.func) in libraries for call in calls)


def _list_imported(tree: ast.Module) -> set[str]:
    """Return the names that a file's imports bind at its top."""
    imports = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    return {(alias.asname or alias.name).partition(".")[0] for node in imports for alias in node.names}


def _get_root(node: ast.expr) -> str:
    """Return the first name of `name.attribute.attribute`."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _defines_variant(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return name == Variant.__name__


def _names_of(statement: ast.stmt) -> list[str]:
    if isinstance(statement, _DEFINITIONS):
        return [statement.name]
    if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Call):
        return [target.id for target in statement.targets if isinstance(target, ast.Name)]
    return []


def _is_trainer(node: ast.stmt) -> bool:
    """Whether this is a Variant, or a class with a method `epoch`."""
    if isinstance(node, ast.ClassDef):
        return any(isinstance(one, ast.FunctionDef) and one.name == "epoch" for one in node.body)
    return isinstance(node, ast.Assign)

"""The source files that make up a program, found by reading its imports: nothing is imported, and installed packages
are left out.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from harness.worker.imports.ownership import is_own
from harness.worker.programs.syntax import get_name, get_path, walk_functions

MOST_FILES = 40
"""The number of files that are followed. Those beyond are read by themselves, when they are imported."""
_MOST_BYTES = 300_000
"""The size of a file from which on it is not followed: it is data, or was generated."""
_MARKS_EPOCHS = "_harness_watcher"
"""What a copy of `harness.loops` contains."""
Body = ast.AST
"""A function, a lambda, or the call whose result has its name, as that of `jax.jit(f)`."""


class File:
    """One source file, and what its names mean."""

    def __init__(self, path: str, tree: ast.Module) -> None:
        self.path, self.tree = path, tree
        self.folder = str(Path(path).parent)
        self.bodies: dict[str, list[Body]] = {}
        """All functions and methods by their last names, with names that are bound to the result of a call."""
        self.own: dict[str, list[Body]] = {}
        """The same without methods: what can be imported from this file."""
        self.classes: dict[str, ast.ClassDef] = {}
        self.methods: dict[str, list[tuple[ast.ClassDef, Body]]] = {}
        self.imports: dict[str, tuple[str, str]] = {}
        """Names that an import binds: the module, with its leading dots, and the name in it, if any."""
        self.stars: list[str] = []
        """Modules all names of which are imported."""
        self.origins: dict[str, list[ast.expr]] = {}
        """The calls that give names and attributes their values, and the classes that they are annotated with."""
        self.folders: list[Path] = []
        """Folders that it may add to the path: only running it would tell."""
        for node in ast.walk(tree):
            self._note(node)
        methods = {body for own in self.methods.values() for _, body in own}
        for name, bodies in self.bodies.items():
            self.own[name] = [body for body in bodies if body not in methods]

    def _note(self, node: ast.AST) -> None:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self.bodies.setdefault(node.name, []).append(node)
            case ast.ClassDef():
                self.classes.setdefault(node.name, node)
                for function in walk_functions(node):
                    self.methods.setdefault(function.name, []).append((node, function))
            case ast.Import():
                for one in node.names:
                    first = one.name.partition(".")[0]
                    self.imports[one.asname or first] = (one.name if one.asname else first, "")
                    self.imports.setdefault(one.name, (one.name, ""))  # `import a.b` also loads a.b
            case ast.ImportFrom():
                module = "." * node.level + (node.module or "")
                for one in node.names:
                    if one.name == "*":
                        self.stars.append(module)
                    else:
                        self.imports[one.asname or one.name] = (module, one.name)
            case ast.Assign(value=ast.Call() | ast.Lambda() as value):
                for target in node.targets:
                    if isinstance(target, ast.Name):
                        self.bodies.setdefault(target.id, []).append(value)
                    self._note_origin(get_name(target), value)
            case ast.Call(func=ast.Attribute(attr="insert" | "append"), args=[*_, folder]):
                if get_path(node.func).startswith("sys.path."):
                    self.folders += _list_folders(folder, Path(self.folder))
            case ast.AnnAssign():
                self._note_origin(get_name(node.target), node.annotation)
            case ast.arg(annotation=ast.expr() as annotation):
                self._note_origin(node.arg, annotation)
            case ast.withitem(optional_vars=ast.expr() as target):
                self._note_origin(get_name(target), node.context_expr)

    def _note_origin(self, name: str, value: ast.expr) -> None:
        if isinstance(value, ast.Constant) and isinstance(value.value, str):  # a quoted annotation
            value = ast.Name(value.value.rpartition(".")[2])
        if name:
            self.origins.setdefault(name, []).append(value)

    @cached_property
    def marks_epochs(self) -> bool:
        """Whether this is a copy of `harness.loops`."""
        return any(isinstance(node, ast.Constant) and node.value == _MARKS_EPOCHS for node in ast.walk(self.tree))


class OwnFiles:
    """The files of a program that have been read, by path. Each is parsed once."""

    def __init__(self, most: int = MOST_FILES) -> None:
        self._most = most
        self.files: dict[str, File] = {}
        self._folders: list[Path] = []
        self._modules: dict[tuple[str, str], str | None] = {}
        self._tops: dict[str, Path | None] = {}
        """Where the first parts of modules' names were found."""

    def add(self, path: str, tree: ast.Module) -> File:
        """Read a file that has been parsed, and those that it imports, breadth first."""
        left = [File(_normalize(path), tree)]
        self.files[left[0].path] = left[0]
        for file in left:
            if file.folders:
                self._folders += file.folders
                self._tops.clear()
                self._modules.clear()
            for found in filter(None, (self.find_module(file, module) for module in self._list_imported(file))):
                if not self.is_full and found not in self.files and (parsed := _parse(found)):
                    self.files[found] = File(found, parsed)
                    left.append(self.files[found])
        return left[0]

    def find(self, path: str) -> File | None:
        """Return a file that has been read."""
        return self.files.get(_normalize(path))

    @property
    def is_full(self) -> bool:
        return len(self.files) >= self._most

    def get(self, file: File, module: str) -> File | None:
        """Return the file of a module that `file` imports, if it is the program's own and has been read."""
        return self.files.get(self.find_module(file, module) or "")

    def find_module(self, file: File, module: str) -> str | None:
        """Return the path of a module that `file` imports; None if it is not the program's own."""
        key = (file.folder if module.startswith(".") else "", module)
        if key not in self._modules:
            self._modules[key] = self._search(file, module)
        return self._modules[key]

    def _search(self, file: File, module: str) -> str | None:
        name = module.lstrip(".")
        if up := len(module) - len(name):
            root = Path(file.folder).joinpath(*[".."] * (up - 1))
        else:
            top = name.partition(".")[0]
            if top not in self._tops:
                roots = [Path(root or ".").absolute() for root in sys.path]
                own = [*(root for root in roots if is_own(str(root))), *self._folders]
                self._tops[top] = next((root for root in own if _find_file(root / top) or (root / top).is_dir()), None)
            if (found := self._tops[top]) is None:
                return None
            root = found
        return _find_file(root.joinpath(*name.split(".")) if name else root)

    def _list_imported(self, file: File) -> Iterator[str]:
        for module, name in file.imports.values():
            yield module
            if name:
                yield join(module, name)
        yield from file.stars


def join(module: str, name: str) -> str:
    """Return the name of what a module contains."""
    return f"{module}{name}" if module.endswith(".") else f"{module}.{name}"


def _find_file(module: Path) -> str | None:
    """Return the source file of a module or a package at this place, if it is the program's own."""
    for path in (module / "__init__.py", module.with_name(f"{module.name}.py")):
        if path.is_file() and is_own(found := _normalize(str(path))):
            return found
    return None


def _list_folders(added: ast.expr, here: Path) -> list[Path]:
    """Return the folders that an expression may name, as `os.path.join(os.path.dirname(__file__), "..", "src")`."""
    texts = [node.value for node in ast.walk(added) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    tops = [here, here.parent, here.parent.parent, Path.cwd()]
    found = [top.joinpath(*(text.lstrip("/") for text in texts if text)) for top in tops]
    return [folder for folder in found if folder.is_dir()]


def _parse(path: str) -> ast.Module | None:
    try:
        source = Path(path).read_bytes()
        return ast.parse(source, path) if len(source) < _MOST_BYTES else None
    except (OSError, SyntaxError, ValueError, RecursionError):  # importing it will say so
        return None


def _normalize(path: str) -> str:
    return str(Path(path).resolve())

"""Marks the epochs of a program whose source does not: at a loop, given by a line, or at the end of a function's calls.

The source is changed as it is compiled, in memory. So a pass of the loop costs no more than with `harness.epochs`, and
the functions that it calls run as without it.
"""

from __future__ import annotations

import ast
import functools
import importlib.util
import sys
from collections.abc import Callable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from harness.worker.imports.hooks import Uncached, when_imported
from harness.worker.programs.watcher import Loop, Watcher
from harness.worker.wire.reasons import Misbehaved

_NAME = "_harness_marks"
"""The name under which the changed source finds the marks of a place, with its number, in `sys.modules`."""


class Marks:
    """What the changed source calls."""

    def __init__(self, watcher: Watcher, at: str) -> None:
        self._watcher, self._loop = watcher, Loop(at)

    def items(self, iterable: Any) -> Any:
        """Return the items of a `for` loop, each pass of which is an epoch."""
        return self._watcher.iterate(iterable, self._loop)

    def step(self) -> bool:
        """End the epoch of a `while` loop's latest pass, and begin that of the next one."""
        self._watcher.end(self._loop)
        self._watcher.begin(self._loop)
        return True

    def stop(self) -> bool:
        """The condition of a `while` loop no longer holds."""
        self._watcher.cancel(self._loop)
        return False

    def leave(self) -> None:
        """A `while` loop has ended. Its latest pass counts if it was left by then."""
        self._watcher.leave(self._loop)

    def ends_epoch(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return `function`, each call of which ends an epoch. The first call begins the first one that is seen."""

        @functools.wraps(function)
        def marked(*arguments: Any, **named: Any) -> Any:
            returned = function(*arguments, **named)
            self._watcher.end(self._loop)
            self._watcher.begin(self._loop)
            return returned

        return marked


class Place:
    """Where epochs end: `file.py:LINE`, `file.py:Class.method` or `package.module:Class.method`."""

    def __init__(self, text: str) -> None:
        place, _, name = text.rpartition(":")
        self.text = text
        self.file = str(Path(place).expanduser().resolve()) if place.endswith(".py") else None
        self.module = None if self.file else place
        self.line = int(name) if name.isdigit() else None
        self.name = name
        self.number = 0
        """Its position among the places of the program."""
        self.found = False
        """Whether the place has been met in the source."""


def mark(places: Sequence[Place], watcher: Watcher) -> None:
    """Mark the places as soon as their sources are loaded."""
    loaded: dict[str, Any] = sys.modules  # where the changed source finds them, whatever its names mean
    for number, place in enumerate(places):
        place.number = number
        marks = loaded[f"{_NAME}{number}"] = Marks(watcher, place.text)
        if place.module:
            when_imported(place.module, functools.partial(_wrap, place, marks))
    in_files = [place for place in places if place.file]
    if in_files:
        sys.meta_path.insert(0, _Finder(in_files))


def compile_marked(source: bytes, path: str, places: Sequence[Place]) -> CodeType:
    """Compile a source, with those places marked that are in this file. Raises Misbehaved if one is not there."""
    tree = ast.parse(source, path)
    own = [place for place in places if place.file == str(Path(path).resolve())]
    targets = [(place, _find(tree, place)) for place in own]  # before any change, which would hide a loop
    for place, target in targets:
        tree = _change(tree, place, target)
    return compile(tree, path, "exec", dont_inherit=True)


def _find(tree: ast.Module, place: Place) -> ast.For | ast.While | ast.FunctionDef:
    target = _find_loop(tree, place.line) if place.line else _find_function(tree, place.name)
    if target is None:
        what = f"no loop at line {place.line}" if place.line else f"no function {place.name!r}"
        raise Misbehaved(f"--epoch-at {place.text}: the file has {what}")
    return target


def _change(tree: ast.Module, place: Place, target: ast.For | ast.While | ast.FunctionDef) -> ast.Module:
    marks = f"__import__('sys').modules['{_NAME}{place.number}']"
    if isinstance(target, ast.For):
        target.iter = _call(f"{marks}.items", target.iter)
    elif isinstance(target, ast.While):
        tree = _MarkWhile(target, marks).visit(tree)
    else:
        target.decorator_list.append(_expression(f"{marks}.ends_epoch"))
    place.found = True
    return ast.fix_missing_locations(tree)


class _MarkWhile(ast.NodeTransformer):
    """Changes `while condition:` into `while step() and condition or stop():`, with a call after the loop that notes
    that it was left, by `break`, `return` or an exception."""

    def __init__(self, loop: ast.While, marks: str) -> None:
        self._loop, self._marks = loop, marks

    def visit_While(self, node: ast.While) -> ast.AST:
        self.generic_visit(node)
        if node is not self._loop:
            return node
        passes = ast.BoolOp(ast.And(), [_call(f"{self._marks}.step"), node.test])
        node.test = ast.BoolOp(ast.Or(), [passes, _call(f"{self._marks}.stop")])
        left = ast.copy_location(ast.Expr(_call(f"{self._marks}.leave")), node)
        return ast.copy_location(ast.Try([node], [], [], [left]), node)


def _find_loop(tree: ast.Module, line: int) -> ast.For | ast.While | None:
    """Return the innermost loop that contains a line, or the one that begins there."""
    loops = [node for node in ast.walk(tree) if isinstance(node, ast.For | ast.While)]
    around = [loop for loop in loops if loop.lineno <= line <= (loop.end_lineno or loop.lineno)]
    return max(around, key=lambda loop: (loop.lineno == line, loop.lineno), default=None)


def _find_function(tree: ast.Module, name: str) -> ast.FunctionDef | None:
    nodes: Sequence[ast.AST] = tree.body
    found: ast.AST | None = None
    for part in name.split("."):
        kinds = ast.FunctionDef, ast.ClassDef
        found = next((node for node in nodes if isinstance(node, kinds) and node.name == part), None)
        nodes = getattr(found, "body", ())
    return found if isinstance(found, ast.FunctionDef) else None


def _call(function: str, *arguments: ast.expr) -> ast.expr:
    return ast.Call(_expression(function), list(arguments), [])


def _expression(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def _wrap(place: Place, marks: Marks, module: ModuleType) -> None:
    """Replace the function of a module by one that marks its calls."""
    *owners, name = place.name.split(".")
    owner: Any = module
    try:
        for part in owners:
            owner = getattr(owner, part)
        own = owner.__dict__.get(name) if isinstance(owner, type) else getattr(owner, name)
        function = getattr(owner, name)
    except AttributeError:
        raise Misbehaved(f"--epoch-at {place.text}: the module has no {place.name!r}") from None
    if isinstance(own, staticmethod | classmethod):
        setattr(owner, name, type(own)(marks.ends_epoch(own.__func__)))
    else:
        setattr(owner, name, marks.ends_epoch(function))
    place.found = True


class _Loader(Uncached):
    """Compiles a file with its places marked."""

    def __init__(self, name: str, path: str, places: Sequence[Place]) -> None:
        super().__init__(name, path)
        self._places = places

    def source_to_code(self, data: Any, path: Any, *, _optimize: int = -1) -> CodeType:  # type: ignore[override]
        return compile_marked(data, str(path), self._places)


class _Finder(MetaPathFinder):
    """Finds modules as the other finders would, and marks those in the files of places."""

    def __init__(self, places: Sequence[Place]) -> None:
        self._places = places
        self._looking = False

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if self._looking or all(place.found for place in self._places):
            return None
        self._looking = True
        try:
            spec = importlib.util.find_spec(fullname)
        except (ImportError, ValueError):
            return None
        finally:
            self._looking = False
        loader = spec.loader if spec else None
        if spec is None or not isinstance(loader, SourceFileLoader):
            return None
        if str(Path(loader.path).resolve()) not in {place.file for place in self._places}:
            return None
        spec.loader = _Loader(fullname, loader.path, self._places)
        return spec

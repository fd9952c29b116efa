"""Marks the epochs of a program whose source does not: at a loop, or at the end of a function's calls.

The source is changed as it is compiled, in memory. So a pass of the loop costs no more than with `harness.epochs`, and
the functions that it calls run as without it.
"""

from __future__ import annotations

import ast
import functools
import importlib.util
import sys
from collections.abc import Callable, Iterator, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from harness.worker.imports.hooks import Uncached, compile_anew, when_imported
from harness.worker.imports.ownership import is_own
from harness.worker.programs import guessing
from harness.worker.programs.guessing import Guesser
from harness.worker.programs.noticing import Noticed
from harness.worker.programs.watcher import Loop, Watcher
from harness.worker.wire.reasons import Misbehaved

_NAME = "_harness_marks"
"""The name under which the changed source finds the marks of a place, with a number, in `sys.modules`."""
_Target = ast.For | ast.While | ast.FunctionDef


class Marks:
    """What the changed source calls at one place."""

    def __init__(self, watcher: Watcher, at: str, guessed: bool = False, losses: Sequence[str] = ()) -> None:
        self._watcher, self._at, self._guessed = watcher, at, guessed
        self._noticed = Noticed(losses, watcher.defer)
        self._loop = self._make_loop()

    def _make_loop(self) -> Loop:
        return Loop(self._at, by_adapter=self._guessed)

    def items(self, iterable: Any) -> Iterator[Any]:
        """Yield the items of a `for` loop, each pass of which is an epoch. One that the program marks is left as it
        is."""
        if self._guessed and self._watcher.watches(iterable):
            return iter(iterable)
        return self._watcher.iterate(iterable, self._make_loop(), self._noticed.read)

    def step(self) -> bool:
        """End the epoch of a `while` loop's latest pass, and begin that of the next one."""
        if self._watcher.runs(self._loop):
            self._watcher.end(self._loop, self._noticed.read(sys._getframe(1)))
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
        self.found = False
        """Whether the place has been met in the source."""


class Marker:
    """Marks places in the sources of a program as they are loaded: those that the user named or, if there are none, the
    loops that train, in files that are not installed."""

    def __init__(self, watcher: Watcher, places: Sequence[Place] = ()) -> None:
        self._watcher, self._places = watcher, places
        self._number = 0
        self._guesser: Guesser | None = None
        """What was read of the program before its first epoch. Afterwards its trees would be in the way of the garbage
        collector."""
        watcher.before_first.append(self._forget)

    def install(self) -> None:
        """Mark modules from now on."""
        for place in self._places:
            if place.module:
                when_imported(place.module, functools.partial(self._wrap, place))
        in_files = [place for place in self._places if place.file]
        if in_files:
            sys.meta_path.insert(0, _Finder(in_files, self))
        elif not self._places:
            Uncached.compilers.insert(0, self.compile)
            compile_anew(is_own)

    def compile(self, source: bytes, path: str) -> CodeType:
        """Compile a source with its places marked. Raises Misbehaved if one that the user named is not there."""
        try:
            code = self._compile_marked(source, path)
        except RecursionError:
            # Python compiles sources that are nested more deeply than a tree in its own objects may be.
            if self._places:
                raise
            code = None
        return code or compile(source, path, "exec", dont_inherit=True)

    def _compile_marked(self, source: bytes, path: str) -> CodeType | None:
        """Compile a source with its places marked; None if it has none."""
        # All are looked for before any is changed, because a change hides others.
        tree: ast.Module | None
        if self._places:
            tree = ast.parse(source, path)
            targets = list(self._find_named(tree, path))
        else:
            tree, targets = self._guess(source, path)
        if tree is None or not targets:
            return None
        for target, marks in targets:
            tree = self._change(tree, target, marks)
        return compile(tree, path, "exec", dont_inherit=True)

    def _find_named(self, tree: ast.Module, path: str) -> Iterator[tuple[_Target, Marks]]:
        for place in self._places:
            if place.file != str(Path(path).resolve()):
                continue
            target = _find_loop(tree, place.line) if place.line else _find_function(tree, place.name)
            if target is None:
                what = f"no loop at line {place.line}" if place.line else f"no function {place.name!r}"
                raise Misbehaved(f"--epoch-at {place.text}: the file has {what}")
            place.found = True
            losses = () if isinstance(target, ast.FunctionDef) else guessing.find_losses(target)
            yield target, Marks(self._watcher, place.text, losses=losses)

    def _guess(self, source: bytes, path: str) -> tuple[ast.Module | None, list[tuple[_Target, Marks]]]:
        """Return the tree of a source, and the loops in it that train; no tree if it has none."""
        if not is_own(path):
            return None, []
        guesser, file = (self._guesser or Guesser()).read(source, path)
        if not self._watcher.begun:
            self._guesser = guesser
        training = guesser.find(file)
        if not training:
            return None, []
        tree = ast.parse(source, path)  # a tree of its own: other files are read with what this one calls
        loops = {
            (node.lineno, node.col_offset): node for node in ast.walk(tree) if isinstance(node, ast.For | ast.While)
        }
        targets: list[tuple[_Target, Marks]] = []
        for found in training:
            at = f"the loop that calls {found.call} at {path}:{found.loop.lineno}"
            loop = loops.get((found.loop.lineno, found.loop.col_offset))
            if loop is not None:  # else the file has changed since it was read
                targets.append((loop, Marks(self._watcher, at, guessed=True, losses=found.losses)))
        return tree, targets

    def _forget(self) -> None:
        self._guesser = None

    def _change(self, tree: ast.Module, target: _Target, marks: Marks) -> ast.Module:
        loaded: dict[str, Any] = sys.modules  # where the changed source finds them, whatever its names mean
        loaded[f"{_NAME}{self._number}"] = marks
        own = f"__import__('sys').modules['{_NAME}{self._number}']"
        self._number += 1
        if isinstance(target, ast.For):
            target.iter = _call(f"{own}.items", target.iter)
        elif isinstance(target, ast.While):
            tree = _MarkWhile(target, own).visit(tree)
        else:
            target.decorator_list.append(_expression(f"{own}.ends_epoch"))
        return ast.fix_missing_locations(tree)

    def _wrap(self, place: Place, module: ModuleType) -> None:
        """Replace the function of a module by one that marks its calls."""
        marks = Marks(self._watcher, place.text)
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


class _Loader(Uncached):
    """Compiles a file with its places marked."""

    def __init__(self, name: str, path: str, marker: Marker) -> None:
        super().__init__(name, path)
        self._marker = marker

    def source_to_code(self, data: Any, path: Any, *, _optimize: int = -1) -> CodeType:  # type: ignore[override]
        return self._marker.compile(data, str(path))


class _Finder(MetaPathFinder):
    """Finds modules as the other finders would, and marks those in the files of places."""

    def __init__(self, places: Sequence[Place], marker: Marker) -> None:
        self._places, self._marker = places, marker
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
        spec.loader = _Loader(fullname, loader.path, self._marker)
        return spec

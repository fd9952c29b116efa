"""Finds the training loops of a program that marks no epochs: those whose passes compute gradients and take a step,
with an optimizer or by themselves (see `signs`).

It reads sources and runs nothing. What a pass calls is followed through the program's own files. Of two loops of which
one contains the other, as those over epochs and batches, or over seeds and epochs, the one that is named like epochs or
iterations is taken, and the outer one if both are. A loop that the program marks is taken before any other.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from harness.worker.programs import updating
from harness.worker.programs.following import Follower, Place
from harness.worker.programs.own_files import File, OwnFiles, join
from harness.worker.programs.signs import Signs, read_signs, runs_library_loop
from harness.worker.programs.syntax import Function, get_name, get_path, walk_own

Loop = ast.For | ast.While

_COMPILED = re.compile(r"jit|compile|pmap|vmap|scan|tf\.function|\bfunction\b")
"""Decorators of functions that are traced: their loops run once, and are then part of a graph."""
_EPOCHS = re.compile(r"epoch", re.IGNORECASE)
_BATCHES = re.compile(r"batch|loader", re.IGNORECASE)
_ITERATIONS = re.compile(r"iter|step|\bits?\b|\bi\b", re.IGNORECASE)
_LOSS = re.compile(r"loss|residual|mse", re.IGNORECASE)
_WHOLE = re.compile(r"(run_)?(train|fit|main|solve|run|experiment)(_(model|net|network|pinn|all|case))?", re.IGNORECASE)
"""Functions of another file that train from start to end. A loop that calls one is over trainings, if nothing else
tells."""
_NAMED_EPOCHS, _MARKED = 3, 4
"""The ranks of a loop that is named like epochs, and of one that the program marks."""


@dataclass(frozen=True)
class Found:
    """A training loop in a source."""

    loop: Loop
    call: str
    """The call in its passes that trains."""
    losses: tuple[str, ...]
    """The variables that its passes bind and that are named like losses."""


def find_losses(loop: Loop) -> tuple[str, ...]:
    """Return the variables that a loop's passes bind and that are named like losses, in the order of the source."""
    bound = [
        node.id
        for node in walk_own(loop)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and _LOSS.search(node.id)
    ]
    return tuple(dict.fromkeys(bound))


class _Training:
    """A loop that trains."""

    def __init__(self, file: File, loop: Loop, call: str, rank: int) -> None:
        self.file, self.loop, self.call, self.rank = file, loop, call, rank
        self.reached: dict[Loop, str] = {}
        """The loops within it, in the functions that it calls as well, with the name of the function by which each is
        reached; empty for those in its own file."""


class Guesser:
    """Finds the training loops of a program in the files that have been read."""

    def __init__(self, files: OwnFiles | None = None) -> None:
        self._files = files = files or OwnFiles()
        self._follower = Follower(files, self._shows_training)
        self._signs: dict[ast.AST, Signs] = {}
        self._loops: dict[ast.AST, list[Loop]] = {}
        self._kept: list[_Training] | None = None

    def read(self, source: bytes, path: str) -> tuple[Guesser, File]:
        """Return a source as it is among the files of the program, with what finds its loops.

        Raises what parsing it raises.
        """
        known = self._files.find(path)
        if known is not None:
            return self, known
        tree = ast.parse(source, path)
        if self._files.is_full:
            files = OwnFiles(most=1)
            return Guesser(files), files.add(path, tree)
        file = self._files.add(path, tree)
        return Guesser(self._files), file

    def find(self, file: File) -> list[Found]:
        """Return the training loops of a file, in its order; none contains another one of the program."""
        if self._kept is None:
            self._kept = self._choose()
        own = [one for one in self._kept if one.file is file and one.rank < _MARKED]
        return [
            Found(one.loop, one.call, find_losses(one.loop)) for one in sorted(own, key=lambda one: one.loop.lineno)
        ]

    def _choose(self) -> list[_Training]:
        trains = [one for file in self._files.files.values() for one in self._list_training(file)]
        for one in trains:
            one.reached = self._reach(one.file, one.loop)
        return [one for one in trains if not any(_yields(one, other) for other in trains if other is not one)]

    def _list_training(self, file: File) -> Iterator[_Training]:
        loops = [node for node in _walk_untraced(file.tree) if isinstance(node, Loop)]
        of_library: set[ast.AST] = set()
        for loop in loops:
            if any(self._runs_library_loop(file, node) for node in walk_own(loop)):
                of_library.update(walk_own(loop))
        for loop in loops:
            marked = isinstance(loop, ast.For) and self._is_marked(file, loop)
            call = "" if marked or loop in of_library else self._find_training_call(file, loop)
            if marked or call:
                yield _Training(file, loop, call or "", _MARKED if marked else rank_loop(loop))

    def _runs_library_loop(self, file: File, node: ast.AST) -> bool:
        if not runs_library_loop(node):
            return False
        assert isinstance(node, ast.Call), "only a call runs a loop"
        own = [place for place in self._follower.resolve(file, node.func) if place.file is not file]
        within = [place for one in own for place in self._follower.reach(one)]
        return not own or any(self._list_loops(place.body) for place in within)

    def _is_marked(self, file: File, loop: ast.For) -> bool:
        """Whether a loop has `harness.epochs(...)` in its head, or the same of a copy of `harness.loops`."""
        calls = [node for node in ast.walk(loop.iter) if isinstance(node, ast.Call)]
        return any(self._is_mark(file, get_path(call.func)) for call in calls)

    def _is_mark(self, file: File, called: str) -> bool:
        first, _, rest = called.partition(".")
        module, inner = file.imports.get(first, ("", ""))
        name = ".".join(filter(None, [join(module, inner) if inner else module, rest]))
        if not module or name.rpartition(".")[2] != "epochs":
            return False
        copy = self._files.get(file, name.rpartition(".")[0])
        return name in ("harness.epochs", "harness.loops.epochs") or (copy is not None and copy.marks_epochs)

    def _find_training_call(self, file: File, loop: Loop) -> str | None:
        """Return the call in a loop's passes that trains, or None."""
        parts = [node for part in loop.body for node in walk_own(part)]
        here = read_signs(parts)
        if here.training:
            return here.training
        followed = [(node, self._follow(file, node)) for node in parts if isinstance(node, ast.Call)]
        for call, signs in followed:
            if any(one.training for one in signs):
                return f"{ast.unparse(call.func)}()"
        return self._find_own_update(file, parts, here, [one for _, signs in followed for one in signs])

    def _find_own_update(self, file: File, parts: list[ast.AST], here: Signs, followed: list[Signs]) -> str | None:
        """Return the call that computes gradients in passes which take a step by themselves, or None."""
        gradient = here.gradient or next((one.gradient for one in followed if one.gradient), None)
        if gradient is None:
            return None
        if here.updates or any(one.updates for one in followed):
            return gradient
        for call in filter(None, map(updating.find_rebinding, parts)):
            if any(one.gradient for one in self._follow(file, call)):
                return f"{ast.unparse(call.func)}()"
        return None

    def _follow(self, file: File, node: ast.AST) -> list[Signs]:
        return [self._look_into(place.body) for place in self._follower.follow(file, node)]

    def _look_into(self, body: ast.AST) -> Signs:
        if body not in self._signs:
            self._signs[body] = read_signs(ast.walk(body))
        return self._signs[body]

    def _shows_training(self, place: Place) -> bool:
        signs = [self._look_into(one.body) for one in self._follower.reach(place)]
        return any(one.training or one.gradient or one.updates for one in signs)

    def _reach(self, file: File, loop: Loop) -> dict[Loop, str]:
        found: dict[Loop, str] = {}
        for node in walk_own(loop):
            if isinstance(node, Loop) and node is not loop:
                found[node] = ""
            for place in self._follower.follow(file, node):
                name = "" if place.file is file or not isinstance(node, ast.Call) else get_name(node.func)
                for inner in self._list_loops(place.body):
                    found.setdefault(inner, name)
        return found

    def _list_loops(self, body: ast.AST) -> list[Loop]:
        if body not in self._loops:
            self._loops[body] = [node for node in ast.walk(body) if isinstance(node, Loop)]
        return self._loops[body]


def _yields(one: _Training, other: _Training) -> bool:
    """Whether a loop is not the one over epochs, because another one is that contains it or is within it."""
    if one.loop in other.reached:
        return not _is_over_trainings(other, one) if one.rank == other.rank else one.rank < other.rank
    if other.loop in one.reached:
        return other.rank > one.rank or (other.rank == one.rank and _is_over_trainings(one, other))
    return False


def _is_over_trainings(outer: _Training, inner: _Training) -> bool:
    """Whether a loop that looks like the one within it calls, in another file, a function that trains as a whole."""
    return outer.rank < _NAMED_EPOCHS and bool(_WHOLE.fullmatch(outer.reached.get(inner.loop, "")))


def rank_loop(loop: Loop) -> int:
    """Return how much a loop looks like one over epochs."""
    if isinstance(loop, ast.While):
        named, counts = ast.unparse(loop.test), True
    else:
        named = f"{ast.unparse(loop.target)} in {ast.unparse(loop.iter)}"
        counts = isinstance(loop.iter, ast.Call) and get_name(loop.iter) == "range"
    if _EPOCHS.search(named):
        return _NAMED_EPOCHS
    if _BATCHES.search(named):
        return 0
    return 2 if _ITERATIONS.search(named) else int(counts)


def _walk_untraced(node: ast.AST) -> Iterator[ast.AST]:
    """Yield a node and what is within it, without functions that a framework traces."""
    yield node
    for child in ast.iter_child_nodes(node):
        if not (isinstance(child, Function) and any(map(_is_compiler, child.decorator_list))):
            yield from _walk_untraced(child)


def _is_compiler(decorator: ast.expr) -> bool:
    return bool(_COMPILED.search(ast.unparse(decorator)))

"""Follows calls to the functions of a program that they may run, in whichever of its files these are."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import NamedTuple

from harness.worker.programs.own_files import Body, File, OwnFiles, join
from harness.worker.programs.syntax import Function, get_name, get_path

_OF_CONTAINERS = {name for kind in (dict, list, set, str) for name in dir(kind)}
"""Methods that say nothing of an object that is not known."""
_MOST_BASES = 8


Class = tuple[File, ast.ClassDef]


class Place(NamedTuple):
    """A function of the program."""

    file: File
    body: Body


class Follower:
    """Finds what calls run. `shows_training` tells whether a function computes gradients or takes a step: a method of
    an object that is not known is followed only if this holds for all methods of that name."""

    def __init__(self, files: OwnFiles, shows_training: Callable[[Place], bool]) -> None:
        self._files, self._shows_training = files, shows_training
        self._used: dict[Place, list[Place]] = {}
        self._guessed: dict[str, list[Place]] = {}
        self._classes: dict[tuple[File, str], list[Class]] = {}
        self._reached: dict[Place, list[Place]] = {}
        self._methods: dict[str, list[Place]] = {}
        for file in files.files.values():
            for name, methods in file.methods.items():
                self._methods.setdefault(name, []).extend(Place(file, body) for _, body in methods)

    def follow(self, file: File, node: ast.AST) -> list[Place]:
        """Return the functions that a call calls or passes on, and those that they use."""
        found: dict[Place, None] = {}
        for place in self._resolve_call(file, node):
            found.update(dict.fromkeys(self.reach(place)))
        return list(found)

    def reach(self, place: Place) -> list[Place]:
        """Return a function with those that it uses."""
        if place not in self._reached:
            found = {place: None}
            for one in (left := [place]):
                for used in self._list_used(one):
                    if used not in found:
                        found[used] = None
                        left.append(used)
            self._reached[place] = list(found)
        return self._reached[place]

    def resolve(self, file: File, function: ast.expr) -> list[Place]:
        """Return the functions that this may be where it is called."""
        name = get_name(function)
        if not name:
            return []
        here = [Place(file, body) for body in file.bodies.get(name, ())]
        if isinstance(function, ast.Call):
            return here or self.resolve(file, function.func)
        if isinstance(function, ast.Attribute):
            return self._resolve_attribute(file, function, here)
        return [*here, *self._look_up(file, name)] or self._find_methods(file, function, "__call__")

    def _list_used(self, place: Place) -> list[Place]:
        if place not in self._used:
            found: dict[Place, None] = {}
            for node in ast.walk(place.body):
                found.update(dict.fromkeys(self._resolve_call(place.file, node)))
            self._used[place] = list(found)
        return self._used[place]

    def _resolve_call(self, file: File, node: ast.AST) -> list[Place]:
        """Return the functions that a call calls or passes on."""
        if not isinstance(node, ast.Call):
            return []
        passed = [*node.args, *(keyword.value for keyword in node.keywords)]
        return [*self.resolve(file, node.func), *(one for part in passed for one in self._resolve_passed(file, part))]

    def _resolve_passed(self, file: File, value: ast.expr) -> list[Place]:
        """Return the functions that a value may be which is passed on. It is followed less far than what is called: it
        is data more often."""
        name = get_name(value)
        if not name:
            return []
        here = [Place(file, body) for body in file.bodies.get(name, ()) if self._may_be_function(file, body)]
        if here or not isinstance(value, ast.Name | ast.Attribute):
            return here
        if isinstance(value, ast.Name):
            return self._look_up(file, name)
        return self._find_in_module(file, value) or self._find_methods(file, value.value, name)

    def _may_be_function(self, file: File, body: Body) -> bool:
        """Whether a name may be a function. The result of one of the program's own functions is none, unless that
        defines one."""
        if not isinstance(body, ast.Call):
            return True
        called = self.resolve(file, body.func)
        return not called or any(_defines_function(place.body) for place in called)

    def _look_up(self, file: File, name: str, depth: int = _MOST_BASES) -> list[Place]:
        """Return the functions of other files that a name means which is imported."""
        if not depth:
            return []
        if name in file.imports:
            module, inner = file.imports[name]
            sources, name = [module], inner
        else:
            sources = file.stars
        for module in sources if name else ():
            other = self._files.get(file, module)
            if other is not None and other is not file:
                found = [Place(other, body) for body in other.own.get(name, ())] or self._look_up(
                    other, name, depth - 1
                )
                if found:
                    return found
        return []

    def _resolve_attribute(self, file: File, function: ast.Attribute, here: list[Place]) -> list[Place]:
        """Return what `module.function` or `object.method` may be. `here` are the functions of its name in its file."""
        known = self._find_in_module(file, function) or self._find_methods(file, function.value, function.attr) or here
        if any(not _is_abstract(place.body) for place in known) or self._is_foreign(file, function):
            return known
        held = self._find_methods(file, function, "__call__")
        return held if held or self._find_classes(file, function.value) else self._guess_methods(function.attr)

    def _guess_methods(self, name: str) -> list[Place]:
        """Return all methods of this name, if all of them show training that do not only call another of that name."""
        if name in _OF_CONTAINERS or name.startswith("__"):
            return []
        if name not in self._guessed:
            self._guessed[name] = []  # for a method that uses one of the same name
            methods = [place for place in self._methods.get(name, ()) if not _is_abstract(place.body)]
            own = [place for place in methods if not _calls(place.body, name)]
            if own and all(map(self._shows_training, own)):
                self._guessed[name] = methods
        return self._guessed[name]

    def _find_in_module(self, file: File, function: ast.Attribute) -> list[Place]:
        """Return what `package.module.function` is, if a module of the program is named."""
        owner = get_path(function.value)
        other = self._find_named_module(file, owner) if owner else None
        if other is None:
            return []
        own = [Place(other, body) for body in other.own.get(function.attr, ())]
        return own or self._look_up(other, function.attr)

    def _find_named_module(self, file: File, owner: str) -> File | None:
        first, _, rest = owner.partition(".")
        if first not in file.imports:
            return None
        module, name = file.imports[first]
        return self._files.get(file, ".".join(filter(None, [join(module, name) if name else module, rest])))

    def _is_foreign(self, file: File, function: ast.Attribute) -> bool:
        """Whether a method is one of an object of an installed package, as that of `scheduler = torch.optim.X(...)`."""
        if self._is_of_library(file, function.value):
            return True
        origins = file.origins.get(get_name(function.value), ())
        made_by = [one.func if isinstance(one, ast.Call) else one for one in origins]
        return bool(made_by) and all(self._is_of_library(file, one) for one in made_by)

    def _is_of_library(self, file: File, named: ast.expr) -> bool:
        """Whether a name was imported from an installed package."""
        first = get_path(named).partition(".")[0]
        if first not in file.imports:
            return False
        module, inner = file.imports[first]
        modules = [module, join(module, inner)] if inner else [module]
        return not any(self._files.find_module(file, one) for one in modules)

    def _find_methods(self, file: File, owner: ast.expr, name: str) -> list[Place]:
        """Return the methods of this name of the classes that an object may have."""
        found = [self._find_method(home, cls, name) for home, cls in self._find_classes(file, owner)]
        return [place for place in found if place]

    def _find_method(self, file: File, cls: ast.ClassDef, name: str, depth: int = _MOST_BASES) -> Place | None:
        for owner, body in file.methods.get(name, ()):
            if owner is cls:
                return Place(file, body)
        for base in cls.bases if depth else ():
            for home, parent in self._find_class(file, base):
                if found := self._find_method(home, parent, name, depth - 1):
                    return found
        return None

    def _find_classes(self, file: File, owner: ast.expr) -> list[Class]:
        """Return the classes of the program that an object may have, as its assignments and annotations show. What a
        library makes of an object has its class, as in `torch.compile(model)`."""
        if isinstance(owner, ast.Call):
            found = self._find_class(file, owner.func)
            wraps = owner.args and self._is_of_library(file, owner.func)
            return found or (self._find_classes(file, owner.args[0]) if wraps else [])
        key = (file, get_name(owner))
        if key not in self._classes:
            self._classes[key] = []  # for `model = compile(model)`
            for origin in file.origins.get(key[1], ()):
                is_call = isinstance(origin, ast.Call)
                self._classes[key] += (self._find_classes if is_call else self._find_class)(file, origin)
        return self._classes[key]

    def _find_class(self, file: File, named: ast.expr, depth: int = _MOST_BASES) -> list[Class]:
        """Return the class that an expression names, wherever it is defined."""
        name = get_name(named)
        if name in file.classes:
            return [(file, file.classes[name])]
        if isinstance(named, ast.Attribute) and (owner := get_path(named.value)):
            other = self._find_named_module(file, owner)
            return self._find_class(other, ast.Name(name), depth - 1) if other and depth else []
        module, inner = file.imports.get(name, ("", ""))
        for source in [module] if module else file.stars:
            other = self._files.get(file, source)
            if other is None or other is file or not depth:
                continue
            if found := self._find_class(other, ast.Name(inner or name), depth - 1):
                return found
        return []


def _is_abstract(body: Body) -> bool:
    """Whether a method does nothing: another one takes its place."""
    return isinstance(body, Function) and all(
        isinstance(one, ast.Pass | ast.Raise) or (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant))
        for one in body.body
    )


def _defines_function(body: Body) -> bool:
    return any(isinstance(node, Function | ast.Lambda) and node is not body for node in ast.walk(body))


def _calls(body: ast.AST, name: str) -> bool:
    """Whether a method of this name is called in a body."""
    calls = [node.func for node in ast.walk(body) if isinstance(node, ast.Call)]
    return any(isinstance(called, ast.Attribute) and called.attr == name for called in calls)

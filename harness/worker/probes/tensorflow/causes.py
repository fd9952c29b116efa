"""Explains why a function was traced: how its arguments differ from those of its most similar earlier tracing.

TensorFlow stores the tracings of a function by the types of their arguments. The type of a tensor consists of shape and
dtype. The type of a Python value is the value, that of any other object its identity, and that of a structure the types
of its elements.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from harness.worker.wire.evidence import FIRST, Cause

VARIABLES = Cause("variables", "it creates variables, so its first call traces it twice")
AGAIN = Cause(
    "new function",
    "a new tf.function, or that of another instance, for code that was traced before",
    "make the tf.function once, outside the loop",
)
NEW_CODE = Cause(
    "new code",
    "new code that replaces code traced before, as exec or a reload creates it",
    "make the function once, outside the loop",
)
NEW_DATASET = Cause(
    "new dataset",
    "a new tf.data.Dataset over a function that was traced before",
    "make the dataset once, outside the loop; model.fit creates one from arrays that it is given",
)
CONTEXT = Cause(
    "context",
    "the same arguments in another context (device, strategy, gradient or XLA scope)",
    "call it in the same context",
)
_DATASET_ATTRIBUTE = "_tf_data_function"
"""The attribute of functions that a tf.data.Dataset uses to map, filter and so on."""
_ADVICE = {
    "shape": "keep the shape fixed (pad it), or leave it unspecified: input_signature, reduce_retracing=True",
    "rank": "convert it to one rank before the call",
    "dtype": "convert it to one dtype before the call",
    "value": "pass a tensor",
    "object": "pass the same object each time, or close over it",
    "type": "pass the same type each time",
    "structure": "pass the same structure each time",
}
_INITIALIZER = "initialize_variables"
"""TensorFlow's own function that initializes the variables of a function."""
_MOST_NAMED = 2
"""Maximum number of arguments named in a cause."""
_LONGEST = 40
"""Maximum number of characters of a value shown in a cause."""


@dataclass(frozen=True)
class Difference:
    """The difference between two tracings in one leaf of the arguments."""

    kind: str
    place: str
    before: str
    now: str

    def __str__(self) -> str:
        if self.kind == "object":
            return f"argument {self.place}: another {self.now}"
        what = {"value": "Python value ", "type": "", "structure": ""}.get(self.kind, f"{self.kind} ")
        return f"argument {self.place}: {what}{self.before} -> {self.now}"


class Causes:
    """Explains the tracings of one process, in the order in which they happen."""

    def __init__(self) -> None:
        self._traced: set[object] = set()
        """The code objects that have been traced."""
        self._known_places: set[object] = set()
        """The files, lines and names of those code objects."""

    def explain(self, function_type: Any, options: Any, code: object) -> Cause:
        """Return the cause of a tracing of this code, with arguments of these types, that is about to begin."""
        known = list(getattr(options.function_cache, "_primary", None) or ())
        in_this_scope = [old for context, old in known if context.scope_type == options.scope_type]
        before = code is not None and code in self._traced
        place = _locate(code)
        replaces = place is not None and place in self._known_places
        self._traced.add(code)
        self._known_places.add(place)
        if in_this_scope:
            return _make_cause(
                min((_find_differences(old, function_type) for old in reversed(in_this_scope)), key=_measure_distance)
            )
        if known or getattr(code, "co_name", "") == _INITIALIZER:
            return VARIABLES
        if before and _DATASET_ATTRIBUTE in (getattr(options, "attributes", None) or {}):
            return NEW_DATASET
        return AGAIN if before else NEW_CODE if replaces else FIRST


def _locate(code: object) -> object:
    """Return file, line and name of a code object, or None if it has no name."""
    name = getattr(code, "co_qualname", getattr(code, "co_name", None))
    return name and (getattr(code, "co_filename", ""), getattr(code, "co_firstlineno", 0), name)


def _make_cause(differences: list[Difference]) -> Cause:
    if not differences:
        return CONTEXT
    named = "; ".join(str(difference) for difference in differences[:_MOST_NAMED])
    more = len(differences) - _MOST_NAMED
    kind = differences[0].kind
    return Cause(kind, f"{named}; and {more} more" if more > 0 else named, _ADVICE[kind])


def _measure_distance(differences: list[Difference]) -> tuple[int, int]:
    """Return a sort key for the distance of two types. Differences in structure or type count more than all others."""
    return sum(one.kind in ("structure", "type") for one in differences), len(differences)


def _find_differences(old: Any, new: Any) -> list[Difference]:
    """Return the differences between two types of a function's arguments, in the order of the arguments."""
    before, now = (
        {name: parameter.type_constraint for name, parameter in one.parameters.items()}
        | {f"{name} (captured)": kind for name, kind in (getattr(one, "captures", None) or {}).items()}
        for one in (old, new)
    )
    return list(_compare_mappings(before, now, str))


def _compare_mappings(before: Mapping[Any, Any], now: Mapping[Any, Any], name: Any) -> Iterator[Difference]:
    for key in {**before, **now}:
        if key not in before or key not in now:
            if "(captured)" not in str(key):  # captures are only known after the tracing
                yield Difference(
                    "structure", name(key), _describe_presence(key in before), _describe_presence(key in now)
                )
        else:
            yield from _compare(name(key), before[key], now[key])


def _compare(place: str, old: Any, new: Any) -> Iterator[Difference]:
    """Yield the differences between two types at `place`."""
    if old == new:
        return
    if all(hasattr(one, "shape") and hasattr(one, "dtype") for one in (old, new)):
        yield from _compare_tensors(place, old, new)
    elif type(old) is not type(new):
        yield Difference("type", place, _describe_type(old), _describe_type(new))
    elif hasattr(old, "mapping"):
        yield from _compare_mappings(old.mapping, new.mapping, lambda key: f"{place}[{key!r}]")
    elif _get_components(old) is not None:
        yield from _compare_components(place, _get_components(old) or (), _get_components(new) or ())
    elif hasattr(old, "value"):
        yield Difference("value", place, _shorten(old.value), _shorten(new.value))
    elif hasattr(old, "_ref"):
        yield Difference("object", place, "", _describe_object(new))
    else:
        yield Difference("type", place, _shorten(old), _shorten(new))


def _compare_tensors(place: str, old: Any, new: Any) -> Iterator[Difference]:
    if old.shape.rank != new.shape.rank:
        yield Difference("rank", place, str(old.shape), str(new.shape))
    elif old.shape != new.shape:
        yield Difference("shape", place, str(old.shape), str(new.shape))
    if old.dtype != new.dtype:
        yield Difference("dtype", place, old.dtype.name, new.dtype.name)
    elif old.shape == new.shape:
        yield Difference("type", place, _describe_type(old), _describe_type(new))


def _compare_components(place: str, old: Iterable[Any], new: Iterable[Any]) -> Iterator[Difference]:
    old, new = tuple(old), tuple(new)
    if len(old) != len(new):
        yield Difference("structure", place, f"{len(old)} elements", f"{len(new)} elements")
        return
    for index, (one, other) in enumerate(zip_longest(old, new)):
        yield from _compare(f"{place}[{index}]", one, other)


def _get_components(one: Any) -> tuple[Any, ...] | None:
    """Return the element types of a sequence's type, or None for other types."""
    for holder in ("components_tuple", "attributes", "named_attributes"):
        inner = getattr(one, holder, None)
        if inner is not None:
            return _get_components(inner)
    components = getattr(one, "components", None)
    return tuple(components) if isinstance(components, tuple) else None


def _describe_type(one: Any) -> str:
    if hasattr(one, "shape") and hasattr(one, "dtype"):
        name = "tensor" if type(one).__name__ == "TensorSpec" else type(one).__name__.removesuffix("Spec").lower()
        return f"{one.dtype.name} {name}"
    if hasattr(one, "value"):
        return f"Python {type(one.value).__name__}"
    return _describe_object(one) if hasattr(one, "_ref") else type(one).__name__.lower()


def _describe_object(weak: Any) -> str:
    """Return the class of an object whose type is its identity."""
    there = weak._ref()
    return "object" if there is None else type(there).__name__


def _describe_presence(there: bool) -> str:
    return "given" if there else "not given"


def _shorten(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."

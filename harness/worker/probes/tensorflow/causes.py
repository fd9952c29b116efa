"""Why a function was traced: what of its arguments is new, against the nearest of its tracings before.

TensorFlow keeps a function's tracings by the types of their arguments. A type says of a tensor its shape and dtype, of
a Python value the value, of any other object its identity, and of a structure what it is made of.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from harness.worker.wire.evidence import Cause

FIRST = Cause("first", "its first tracing")
VARIABLES = Cause("variables", "it creates variables, so its first call traces it twice")
AGAIN = Cause(
    "new function",
    "a new tf.function, or another instance's, over code that was traced before",
    "make the tf.function once, outside of what repeats",
)
NEW_CODE = Cause(
    "new code",
    "new code in the place of code that was traced before, as exec or a reload makes it",
    "make the function once, outside of what repeats",
)
NEW_DATASET = Cause(
    "new dataset",
    "a new tf.data.Dataset over a function that was traced before",
    "make the dataset once, outside of what repeats; model.fit makes one of the arrays that it is given",
)
CONTEXT = Cause(
    "context",
    "the same arguments in another context (device, strategy, gradient or XLA scope)",
    "call it in the same context",
)
_OF_DATASETS = "_tf_data_function"
"""The attribute of functions that a tf.data.Dataset maps, filters or the like by."""
_ADVICE = {
    "shape": "keep the shape fixed (pad it), or leave it open: input_signature, reduce_retracing=True",
    "rank": "bring it to one rank before the call",
    "dtype": "bring it to one dtype before the call",
    "value": "pass a tensor",
    "object": "pass the same object each time, or close over it",
    "type": "pass the same type each time",
    "structure": "pass the same structure each time",
}
_INITIALIZER = "initialize_variables"
"""TensorFlow's own function that gives a function's variables their values."""
_MOST_NAMED = 2
"""Arguments that a cause names."""
_LONGEST = 40
"""Characters of a value that it shows."""


@dataclass(frozen=True)
class Difference:
    """What is new about one leaf of the arguments."""

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
    """Explains the tracings of one process, in the order in which they come."""

    def __init__(self) -> None:
        self._traced: set[object] = set()
        """The code that has been traced."""
        self._places: set[object] = set()
        """Where that code is, and what it is called."""

    def explain(self, function_type: Any, options: Any, code: object) -> Cause:
        """The cause of a tracing that is about to begin: of these types, of this code."""
        known = list(getattr(options.function_cache, "_primary", None) or ())
        in_this_scope = [old for context, old in known if context.scope_type == options.scope_type]
        before = code is not None and code in self._traced
        place = _place(code)
        replaces = place is not None and place in self._places
        self._traced.add(code)
        self._places.add(place)
        if in_this_scope:
            return _cause(min((_differences(old, function_type) for old in reversed(in_this_scope)), key=_distance))
        if known or getattr(code, "co_name", "") == _INITIALIZER:
            return VARIABLES
        if before and _OF_DATASETS in (getattr(options, "attributes", None) or {}):
            return NEW_DATASET
        return AGAIN if before else NEW_CODE if replaces else FIRST


def _place(code: object) -> object:
    """File, line and name of code; None of what has none."""
    name = getattr(code, "co_qualname", getattr(code, "co_name", None))
    return name and (getattr(code, "co_filename", ""), getattr(code, "co_firstlineno", 0), name)


def _cause(differences: list[Difference]) -> Cause:
    if not differences:
        return CONTEXT
    named = "; ".join(str(difference) for difference in differences[:_MOST_NAMED])
    more = len(differences) - _MOST_NAMED
    kind = differences[0].kind
    return Cause(kind, f"{named}; and {more} more" if more > 0 else named, _ADVICE[kind])


def _distance(differences: list[Difference]) -> tuple[int, int]:
    """How far two types are apart: what is of another structure is further from what was traced than any shape."""
    return sum(one.kind in ("structure", "type") for one in differences), len(differences)


def _differences(old: Any, new: Any) -> list[Difference]:
    """Between two types of a function's arguments, the nearest first."""
    before, now = (
        {name: parameter.type_constraint for name, parameter in one.parameters.items()}
        | {f"{name} (captured)": kind for name, kind in (getattr(one, "captures", None) or {}).items()}
        for one in (old, new)
    )
    return list(_of_mappings(before, now, str))


def _of_mappings(before: Mapping[Any, Any], now: Mapping[Any, Any], name: Any) -> Iterator[Difference]:
    for key in {**before, **now}:
        if key not in before or key not in now:
            if "(captured)" not in str(key):  # captures are known after the tracing only
                yield Difference("structure", name(key), _present(key in before), _present(key in now))
        else:
            yield from _of(name(key), before[key], now[key])


def _of(place: str, old: Any, new: Any) -> Iterator[Difference]:
    """The differences between two types at `place`."""
    if old == new:
        return
    if all(hasattr(one, "shape") and hasattr(one, "dtype") for one in (old, new)):
        yield from _of_tensors(place, old, new)
    elif type(old) is not type(new):
        yield Difference("type", place, _kind(old), _kind(new))
    elif hasattr(old, "mapping"):
        yield from _of_mappings(old.mapping, new.mapping, lambda key: f"{place}[{key!r}]")
    elif _components(old) is not None:
        yield from _of_components(place, _components(old) or (), _components(new) or ())
    elif hasattr(old, "value"):
        yield Difference("value", place, _short(old.value), _short(new.value))
    elif hasattr(old, "_ref"):
        yield Difference("object", place, "", _named(new))
    else:
        yield Difference("type", place, _short(old), _short(new))


def _of_tensors(place: str, old: Any, new: Any) -> Iterator[Difference]:
    if old.shape.rank != new.shape.rank:
        yield Difference("rank", place, str(old.shape), str(new.shape))
    elif old.shape != new.shape:
        yield Difference("shape", place, str(old.shape), str(new.shape))
    if old.dtype != new.dtype:
        yield Difference("dtype", place, old.dtype.name, new.dtype.name)
    elif old.shape == new.shape:
        yield Difference("type", place, _kind(old), _kind(new))


def _of_components(place: str, old: Iterable[Any], new: Iterable[Any]) -> Iterator[Difference]:
    old, new = tuple(old), tuple(new)
    if len(old) != len(new):
        yield Difference("structure", place, f"{len(old)} elements", f"{len(new)} elements")
        return
    for index, (one, other) in enumerate(zip_longest(old, new)):
        yield from _of(f"{place}[{index}]", one, other)


def _components(one: Any) -> tuple[Any, ...] | None:
    """What a sequence's type is made of; None for others."""
    for holder in ("components_tuple", "attributes", "named_attributes"):
        inner = getattr(one, holder, None)
        if inner is not None:
            return _components(inner)
    components = getattr(one, "components", None)
    return tuple(components) if isinstance(components, tuple) else None


def _kind(one: Any) -> str:
    if hasattr(one, "shape") and hasattr(one, "dtype"):
        name = "tensor" if type(one).__name__ == "TensorSpec" else type(one).__name__.removesuffix("Spec").lower()
        return f"{one.dtype.name} {name}"
    if hasattr(one, "value"):
        return f"Python {type(one.value).__name__}"
    return _named(one) if hasattr(one, "_ref") else type(one).__name__.lower()


def _named(weak: Any) -> str:
    """The class of an object that is known by its identity."""
    there = weak._ref()
    return "object" if there is None else type(there).__name__


def _present(there: bool) -> str:
    return "given" if there else "not given"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."

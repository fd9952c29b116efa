"""Explains why JAX traced a function, from the message with which it explains a miss of its cache.

The wording of these messages differs between versions of JAX. What is not recognised is quoted.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from harness.worker.wire.evidence import FIRST, Cause

AGAIN = Cause(
    "new function",
    "a new function object for code that was traced before",
    "make the function, and its jit, once, outside the loop",
)
_ADVICE = {
    "shape": "keep the shape fixed: pad it",
    "rank": "convert it to one rank before the call",
    "dtype": "convert it to one dtype before the call",
    "weak type": "pass an array, or always a Python number: jnp.asarray(x, dtype) has no weak type",
    "value": "pass it as an argument that is not static",
    "structure": "pass the same structure each time",
    "context": "call it in the same context: the same flags, mesh and precision",
}
_FUNCTION = re.compile(
    r"\n *(?:never seen function:\n *|for +)(?P<name>\S+)(?: id=\d+)?(?: defined at (?P<where>\S+:\d+))?"
)
"""The place is missing for some, such as objects that can be called."""
_NOW_BEFORE = re.compile(
    r"\* at (?P<place>.+?), now (?P<now>.+?) and before (?P<before>.+?)(?:, so .+)?$", re.MULTILINE
)
_SEEN_NOW = re.compile(r"\* at (?P<place>.+?), seen (?P<before>.+?), but now given (?P<now>[^\n]+)")  # older versions
_STATIC = re.compile(r".*\bStatic\(val=(?P<value>.*)\)")
_PATH = re.compile(r"^(?:\[0\]\[(\d+)\]|\[1\]\['(\w+)'\])")
"""The beginning of a path in the arguments of a call: a position, or a keyword."""
_CLASS = re.compile(r"<class '(?:[^']*\.)?([^'.]+)'>")
_TYPE = re.compile(r"(?P<dtype>[a-z]+\d*(?:<\w+>)?)\[(?P<shape>[^\]]*)\](?P<rest>.*)")
_MOST_NAMED = 2
"""Maximum number of arguments named in a cause."""
_LONGEST = 120
"""Maximum number of characters that are quoted of a message."""


class Miss(NamedTuple):
    """One miss of the cache."""

    function: str
    where: str
    """`FILE:LINE` of its definition, or "?"."""
    cause: Cause


class _Difference(NamedTuple):
    kind: str
    text: str


class Misses:
    """Explains the misses of one process, in the order in which they happen."""

    def __init__(self) -> None:
        self._seen: set[tuple[str, str]] = set()
        """The names and places of the functions that were traced."""

    def explain(self, message: str) -> Miss:
        found = _FUNCTION.search(message)
        name, where = (found["name"], found["where"] or "?") if found else ("?", "?")
        before = found is not None and (name, where) in self._seen
        self._seen.add((name, where))
        if "never seen function" in message:
            return Miss(name, where, AGAIN if before else FIRST)
        return Miss(name, where, _find_cause(message))


def _find_cause(message: str) -> Cause:
    if "racing context" in message:
        return Cause("context", "the same arguments in another context", _ADVICE["context"])
    found = list(_NOW_BEFORE.finditer(message)) or list(_SEEN_NOW.finditer(message))
    differences = [_describe(one["place"], one["before"].strip(), one["now"].strip()) for one in found]
    if not differences:
        return _quote(message)
    named = "; ".join(one.text for one in differences[:_MOST_NAMED])
    more = len(differences) - _MOST_NAMED
    kind = differences[0].kind
    return Cause(kind, f"{named}; and {more} more" if more > 0 else named, _ADVICE.get(kind))


def _quote(message: str) -> Cause:
    """Quote what a message says after it has named the function."""
    if "unavailable" in message:
        return Cause("type", "JAX does not say why; in some versions, an argument that is static has changed")
    *_, told = message.partition("\n")[2].partition("\n")
    text = " ".join(told.split())
    text = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
    kind = "structure" if "pytree" in text or "positional args" in text else "type"
    return Cause(kind, text or "JAX does not say why", _ADVICE.get(kind))


def _describe(place: str, before: str, now: str) -> _Difference:
    """Describe how one argument differs, as for other frameworks."""
    place = _PATH.sub(r"\1\2", place.removeprefix("input path ").strip())
    old, new = _TYPE.fullmatch(before), _TYPE.fullmatch(now)
    if not old or not new:
        fixed, other = _STATIC.fullmatch(before), _STATIC.fullmatch(now)
        if fixed and other:
            return _Difference("value", f"argument {place}: Python value {fixed['value']} -> {other['value']}")
        before, now = (_CLASS.sub(r"\1", each) for each in (before, now))
        return _Difference("structure", f"argument {place}: {before} -> {now}")
    if old["dtype"] != new["dtype"]:
        return _Difference("dtype", f"argument {place}: dtype {old['dtype']} -> {new['dtype']}")
    if old["shape"] != new["shape"]:
        sizes, others = (_list_sizes(each["shape"]) for each in (old, new))
        kind = "shape" if len(sizes) == len(others) else "rank"
        return _Difference(kind, f"argument {place}: {kind} ({', '.join(sizes)}) -> ({', '.join(others)})")
    if "weak_type" in old["rest"] + new["rest"]:
        way = "a Python number -> an array" if "True" in old["rest"] else "an array -> a Python number"
        return _Difference("weak type", f"argument {place}: {way} (weak type)")
    return _Difference("type", f"argument {place}: {before} -> {now}")


def _list_sizes(shape: str) -> list[str]:
    return [size for size in shape.split(",") if size]

"""Reads messages in the encoding of Protocol Buffers, for which a measured environment need not have a library.

https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

INTEGER, TEXT, BYTES = "integer", "text", "bytes"
"""The types of fields that are no messages."""
_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5
_WIRES = {INTEGER: _VARINT, None: -1}
"""How the values of fields are encoded that have no length of their own."""
_DEFAULTS: dict[str, Any] = {INTEGER: 0, TEXT: "", BYTES: b""}


class Many:
    """The messages of a repeated field. Each is read when it is its turn, because a profile may have a million."""

    def __init__(self, type_: Message) -> None:
        self._type = type_
        self._data: list[memoryview] = []

    def add(self, data: memoryview) -> None:
        self._data.append(data)

    def __len__(self) -> int:
        return len(self._data)

    def __iter__(self) -> Iterator[Any]:
        return map(self._type.read, self._data)


class Message:
    """A type of message. Only its listed fields are read.

    `fields` maps the name of a field to its number and its type, another `Message` or one of the above. A field in
    `repeated` is a list, or `Many` messages, and one in `maps` a dictionary, whose type is that of its values.
    """

    def __init__(
        self, fields: dict[str, tuple[int, Any]], repeated: tuple[str, ...] = (), maps: tuple[str, ...] = ()
    ) -> None:
        self._fields = {number: (name, type_) for name, (number, type_) in fields.items()}
        self._repeated, self._maps = frozenset(repeated), frozenset(maps)
        self._many = [(name, type_) for name, (_, type_) in fields.items() if name in self._repeated]
        self._plain = {
            name: None if isinstance(type_, Message) else _DEFAULTS[type_]
            for name, (_, type_) in fields.items()
            if name not in self._repeated | self._maps
        }

    def read(self, data: bytes | memoryview) -> Any:
        """Return the message as an object with an attribute for each field, with its default if it is not set.

        Raises ValueError if the data are cut off or of another encoding.
        """
        found = SimpleNamespace(**self._plain)
        for name, type_ in self._many:
            setattr(found, name, Many(type_) if isinstance(type_, Message) else [])
        for name in self._maps:
            setattr(found, name, {})
        for number, wire, value in _walk(memoryview(data)):
            name, type_ = self._fields.get(number, ("", None))
            packed = wire == _LENGTH and type_ == INTEGER and name in self._repeated
            if wire != _WIRES.get(type_, _LENGTH) and not packed:
                continue  # it is unknown, or of another type, which the format allows to ignore
            if name in self._maps:
                key, of = _read_entry(value, type_)
                getattr(found, name)[key] = of
            elif name in self._repeated and isinstance(type_, Message):
                getattr(found, name).add(value)
            elif name in self._repeated:
                getattr(found, name).extend(_read_packed(value) if packed else [_convert(type_, value)])
            else:
                setattr(found, name, _convert(type_, value))
        return found


def _convert(type_: Any, value: Any) -> Any:
    if isinstance(type_, Message):
        return type_.read(value)
    return _CONVERT[type_](value)


def _to_text(value: memoryview) -> str:
    return str(value, "utf-8", "replace")


_CONVERT: dict[str, Callable[[Any], Any]] = {INTEGER: int, TEXT: _to_text, BYTES: bytes}


def _read_entry(data: memoryview, type_: Any) -> tuple[int, Any]:
    """Return the integer key and the value of one entry of a map."""
    key, found = 0, memoryview(b"")
    for number, wire, value in _walk(data):
        if (number, wire) == (1, _VARINT):
            key = value
        elif (number, wire) == (2, _LENGTH):
            found = value
    return key, _convert(type_, found)


def _read_packed(data: memoryview) -> Iterator[int]:
    place = 0
    while place < len(data):
        number, place = _read_varint(data, place)
        yield number


def _walk(data: memoryview) -> Iterator[tuple[int, int, Any]]:
    """Yield number, wire type and value of each field."""
    place, end = 0, len(data)
    while place < end:
        key, place = _read_varint(data, place)
        wire = key & 7
        value: Any
        if wire == _VARINT:
            value, place = _read_varint(data, place)
        elif wire == _LENGTH:
            length, place = _read_varint(data, place)
            value, place = data[place : place + length], place + length
        elif wire in (_FIXED64, _FIXED32):
            length = 8 if wire == _FIXED64 else 4
            value, place = int.from_bytes(data[place : place + length], "little", signed=True), place + length
        else:
            raise ValueError(f"wire type {wire} is unknown")
        if place > end:
            raise ValueError("the message is cut off")
        yield key >> 3, wire, value


def _read_varint(data: memoryview, place: int) -> tuple[int, int]:
    """Return a signed 64-bit number and the place after it."""
    number = shift = 0
    while True:
        if place >= len(data):
            raise ValueError("the message is cut off")
        byte = data[place]
        place += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            break
        shift += 7
    return (number - (1 << 64) if number >> 63 else number), place

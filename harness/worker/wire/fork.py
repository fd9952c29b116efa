"""What the parent and the process from which arms are forked say to each other: one JSON object a message."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

MOST_BYTES = 65_536
"""No message is longer."""


@dataclass(frozen=True)
class Prepare:
    """To the fork server, first: prepare the process as an arm's, and import these modules."""

    modules: list[str]
    cores: list[int]
    seed: int


@dataclass(frozen=True)
class Fork:
    """To the fork server, with two open files, the arm's pipe and its log: fork an arm."""

    scratch: str
    """The folder for its temporary files."""


@dataclass(frozen=True)
class Reap:
    """To the fork server: how did this process end? It waits for that."""

    pid: int


@dataclass(frozen=True)
class Ready:
    """From the fork server: all is imported."""


@dataclass(frozen=True)
class Forked:
    pid: int


@dataclass(frozen=True)
class Reaped:
    code: int
    """Negative for a signal."""


@dataclass(frozen=True)
class Broken:
    """From the fork server, last: it cannot serve."""

    reason: str


Request = Prepare | Fork | Reap
Reply = Ready | Forked | Reaped | Broken
_REQUESTS: dict[str, Any] = {one.__name__: one for one in (Prepare, Fork, Reap)}
_REPLIES: dict[str, Any] = {one.__name__: one for one in (Ready, Forked, Reaped, Broken)}


def decode_request(data: bytes) -> Request:
    request: Request = _decode(data, _REQUESTS)
    return request


def decode_reply(data: bytes) -> Reply:
    """Both ends are ours: only importing runs anybody else's code there."""
    reply: Reply = _decode(data, _REPLIES)
    return reply


def _decode(data: bytes, kinds: dict[str, Any]) -> Any:
    given = json.loads(data)
    return kinds[given.pop("type")](**given)

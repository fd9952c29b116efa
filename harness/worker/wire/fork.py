"""The messages between the parent and the process from which arms are forked: one JSON object each."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

MOST_BYTES = 65_536
"""Maximum size of a message."""


@dataclass(frozen=True)
class Prepare:
    """First request to the fork server: prepare the process like that of an arm, and import these modules."""

    modules: list[str]
    cores: list[int]
    seed: int
    libraries: dict[str, str] = field(default_factory=dict)
    """Libraries that arms have imported before, with their files, in order. It must find the same, and be able to fork
    after that."""


@dataclass(frozen=True)
class Fork:
    """Request to the fork server: fork an arm. Two open files come with it, the arm's pipe and its log."""

    scratch: str
    """The folder for the arm's temporary files."""


@dataclass(frozen=True)
class Reap:
    """Request to the fork server: wait until this process has ended, and report how."""

    pid: int


@dataclass(frozen=True)
class Ready:
    """Reply of the fork server: all modules are imported."""


@dataclass(frozen=True)
class Forked:
    pid: int


@dataclass(frozen=True)
class Reaped:
    code: int
    """The exit code; negative for a signal."""


@dataclass(frozen=True)
class Broken:
    """Last reply of the fork server: it cannot fork arms."""

    reason: str


Request = Prepare | Fork | Reap
Reply = Ready | Forked | Reaped | Broken
_REQUESTS: dict[str, Any] = {one.__name__: one for one in (Prepare, Fork, Reap)}
_REPLIES: dict[str, Any] = {one.__name__: one for one in (Ready, Forked, Reaped, Broken)}


def decode_request(data: bytes) -> Request:
    request: Request = _decode(data, _REQUESTS)
    return request


def decode_reply(data: bytes) -> Reply:
    """Decode a reply without validating it: both ends are part of harness, and user code runs there only in imports."""
    reply: Reply = _decode(data, _REPLIES)
    return reply


def _decode(data: bytes, kinds: dict[str, Any]) -> Any:
    given = json.loads(data)
    return kinds[given.pop("type")](**given)

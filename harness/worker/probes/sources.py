"""The text around the lines that reports name, so that they can show the source with what each line does."""

from __future__ import annotations

import linecache
from collections.abc import Mapping, Sequence
from itertools import chain, zip_longest

from harness.worker.probes.places import find_file, is_own
from harness.worker.wire.evidence import Between, LineUse

AROUND = 3
"""Lines before and after each line that is named."""
MOST = 300
"""Maximum number of lines of an arm."""
LONGEST = 200
"""Maximum number of characters of a line."""


def read_sources(
    lines: Mapping[str, Sequence[LineUse]], between: Mapping[str, Sequence[Between]]
) -> dict[str, dict[int, str]]:
    """Return the text of these lines and of those around them, by file and by number.

    Both are given by kind of epoch, the most first. Where not all text fits, it is that of the lines that do the most.
    """
    found: dict[str, dict[int, str]] = {}
    room = MOST
    for use in filter(None, chain.from_iterable(zip_longest(*lines.values(), *between.values()))):
        path, _, number = use.where.rpartition(":")
        near = {at: text for at, text in _read_around(path, number, use.text).items() if at not in found.get(path, {})}
        if near and len(near) <= room:
            room -= len(near)
            found.setdefault(path, {}).update(near)
    return {path: dict(sorted(own.items())) for path, own in found.items()}


def _read_around(path: str, number: str, text: str) -> dict[int, str]:
    """Return a line of the user's own code and those around it. Empty if it is not found in its file, or no longer."""
    file = find_file(path)
    if file is None or not is_own(file) or not number.isdecimal():
        return {}
    own, at = linecache.getlines(file), int(number)
    if not 0 < at <= len(own) or own[at - 1].strip() != text:
        return {}
    first, last = max(1, at - AROUND), min(len(own), at + AROUND)
    return {one: _cut(own[one - 1].rstrip()) for one in range(first, last + 1)}


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."

"""The lines that TorchInductor's generated code comes from.

With each file that it generates, TorchInductor keeps the stack of what each line computes. A kernel that was fused of
several operations has only that of the last, so this is right for operations that PyTorch has kernels of its own for.

TorchInductor reuses what it generated for another program, or before this one was edited. So a line counts only if what
was written there is written there now, or the whole function has moved.
"""

from __future__ import annotations

import linecache
import re
import sys
from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from types import FrameType
from typing import Any

from harness.worker.probes.places import Line, Stack, is_own, keep_own

_CODE = "torch._inductor.codecache"
_FRAME = re.compile(r'File "(?P<path>.+)", line (?P<number>\d+), in (?P<function>.+)(?:\n *(?P<text>.*))?')

_Function = tuple[str, str]
"""The path of a function's file, and its name."""


def find_lines(frame: FrameType | None, files: Collection[str]) -> Stack:
    """Return the lines of the user's own code, the innermost first, that the generated code in this stack comes from;
    nothing if they are not known.

    `files` are those of the functions that may have been compiled.
    """
    maps = _read_maps()
    while frame is not None and frame.f_code.co_filename not in maps:
        frame = frame.f_back
    if frame is None:
        return ()
    starts, stacks = maps[frame.f_code.co_filename] or ((), ())
    place = bisect_right(starts, frame.f_lineno)
    found = _read_stack(stacks[place - 1]) if place else []
    if not found or found[0]["path"] not in files:
        return ()
    moved = _find_moves(tuple(stacks))
    lines = []
    for one in reversed(found):
        shift = moved.get((one["path"], one["function"]), 0)
        if shift is None:
            return ()
        lines.append(Line(one["path"], int(one["number"]) + shift))
    return keep_own(lines)


def _read_maps() -> Mapping[str, Any]:
    """Return the first lines and the stacks of what each generated file computes, by the file's path."""
    found: Mapping[str, Any] = getattr(getattr(sys.modules.get(_CODE), "PyCodeCache", None), "linemaps", {})
    return found


def _read_stack(stack: str | None) -> list[re.Match[str]]:
    """Return the frames of a stack, the outermost first."""
    return list(_FRAME.finditer(stack or ""))


@lru_cache
def _find_moves(stacks: tuple[str | None, ...]) -> Mapping[_Function, int | None]:
    """Return by how many lines each of the user's own functions in these stacks has moved; None if its lines cannot be
    found again."""
    lines: dict[_Function, dict[int, str]] = {}
    for stack in stacks:
        for one in _read_stack(stack):
            if is_own(one["path"]):
                own = lines.setdefault((one["path"], one["function"]), {})
                own[int(one["number"])] = (one["text"] or "").strip()
    return {
        function: _find_move(own, [line.strip() for line in linecache.getlines(function[0])])
        for function, own in lines.items()
    }


def _find_move(own: Mapping[int, str], now: Sequence[str]) -> int | None:
    """Return by how many lines these lines, given by number, have moved in a file; None if it is not certain."""

    def fits(shift: int) -> bool:
        return all(0 < number + shift <= len(now) and now[number + shift - 1] == text for number, text in own.items())

    if not all(own.values()):
        return None
    first = next(iter(own))
    found = (
        [0] if fits(0) else [at - first for at, text in enumerate(now, 1) if text == own[first] and fits(at - first)]
    )
    return found[0] if len(found) == 1 else None

"""Observes which lines start processes in an epoch, and how long the trainer waits for that.

Workers that load data, or that compute a part of the loss, are often started again in every epoch, while the trainer
waits. Only the time in which they are started and ended is counted here: that until they have their first result is not
known.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import wraps
from multiprocessing.process import BaseProcess
from threading import get_ident
from time import perf_counter
from typing import Any
from weakref import WeakKeyDictionary

from harness.worker.probes.places import Line, find_stack, name_line
from harness.worker.wire.evidence import STARTS, Start

_STARTS = (BaseProcess, "start"), (subprocess.Popen, "__init__")
_WAITS = (BaseProcess, "join"), (subprocess.Popen, "wait"), (subprocess.Popen, "communicate")


class StartProbe:
    """Observes one epoch at a time, in the thread that calls `begin`."""

    name = STARTS

    def __init__(self) -> None:
        self._thread = 0
        self._depth = 0
        self._own: WeakKeyDictionary[Any, Line] = WeakKeyDictionary()
        """The processes that were started in an epoch, with the lines that did it."""
        self._calls: dict[Line, int] = {}
        self._seconds: dict[Line, float] = {}
        self._attached = False

    @property
    def unavailable(self) -> Mapping[str, str]:
        return {}

    def begin(self, fresh: bool) -> None:
        if not self._attached:
            self._attach()
        self._calls, self._seconds = {}, {}
        self._thread = get_ident()

    def end(self, wall: float) -> list[Start]:
        self._thread = 0
        return [Start(*name_line(line), calls, self._seconds[line]) for line, calls in self._calls.items()]

    def _attach(self) -> None:
        for own, starts in ((_STARTS, True), (_WAITS, False)):
            for owner, method in own:
                setattr(owner, method, self._watch(getattr(owner, method), starts))
        self._attached = True

    def _watch(self, function: Callable[..., Any], starts: bool) -> Callable[..., Any]:
        @wraps(function)
        def watched(process: Any, *args: Any, **options: Any) -> Any:
            if self._depth or get_ident() != self._thread:
                return function(process, *args, **options)
            if starts:
                stack = find_stack(sys._getframe(1))
                if stack:  # not one that a framework starts for itself
                    self._own[process] = stack[0]
                    self._calls[stack[0]] = self._calls.get(stack[0], 0) + 1
            self._depth += 1  # what these functions call among themselves is part of it
            began = perf_counter()
            try:
                return function(process, *args, **options)
            finally:
                self._depth -= 1
                line = self._own.get(process)
                if line is not None and line in self._calls:
                    self._seconds[line] = self._seconds.get(line, 0.0) + perf_counter() - began

        return watched

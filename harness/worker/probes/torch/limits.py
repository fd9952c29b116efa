"""Notices functions that Dynamo gives up compiling, because they were compiled too often.

It says so only in its log. What it logs is read here, and stays in the log.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from types import ModuleType

from harness.worker.imports.hooks import when_imported
from harness.worker.probes.base import Awake
from harness.worker.probes.places import shorten_path
from harness.worker.wire.evidence import LIMITS, Limit

_MODULE = "torch._dynamo.convert_frame"
_TOLD = re.compile(
    r"hit config\.(?P<limit>\w+) \((?P<value>\d+)\)\s+function: '(?P<function>[^']*)' \((?P<file>.+?):(?P<line>\d+)\)"
)


class LimitProbe:
    """Collects what was given up in each epoch."""

    name = LIMITS
    unavailable: Mapping[str, str] = {}

    def __init__(self) -> None:
        self.idle = True
        """Whether Dynamo has not been imported yet."""
        self._seen: list[Limit] = []

    def install(self) -> None:
        """Watch the log from the import of Dynamo on."""
        when_imported(_MODULE, self._attach)

    def begin(self, fresh: bool) -> None:
        if self._seen:
            self._seen = []

    def end(self, wall: float = 0.0) -> list[Limit]:
        return self._seen

    def _attach(self, module: ModuleType) -> None:
        self.idle = False
        Awake.probes += 1
        logging.getLogger(module.__name__).addFilter(self._read)

    def _read(self, record: logging.LogRecord) -> bool:
        """Note a message about a limit. It is logged as always."""
        if isinstance(record.msg, str) and "hit config." in record.msg and (found := _TOLD.search(record.getMessage())):
            where = f"{shorten_path(found['file'])}:{found['line']}"
            self._seen.append(Limit(found["function"], where, f"{found['limit']} = {found['value']}"))
        return True

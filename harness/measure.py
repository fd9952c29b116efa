"""A plan -> a record on disk: runs it, keeps every line, and tells a watcher what happens."""

import signal
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from threading import current_thread, main_thread
from types import FrameType
from typing import Self

from harness.engine import machine, runner
from harness.events import Event, Progress
from harness.plan import Plan
from harness.record import SCHEMA, Footer, Header, Line, Record, Writer


def run_id(plan: Plan) -> str:
    """A name for a run that sorts by time."""
    what = [plan.command, plan.case, plan.scale]
    return "-".join([f"{datetime.now():%Y%m%d-%H%M%S}", *filter(None, what)]).replace("/", "-")


def measure(plan: Plan, directory: Path, watch: Callable[[Event, Record], None]) -> Record:
    """Carry out `plan`. Whatever ends it, what was measured is in `directory`; Ctrl-C ends it tidily.

    `watch` is called with each event and the record so far, while no arm is being timed. Raises BadInput where
    `directory` cannot hold a run.
    """
    header = Header(SCHEMA, directory.name, _now(), plan, machine.facts(), machine.versions(), machine.commit())
    record = Record()
    with Writer(directory) as writer:

        def keep(line: Line) -> None:
            writer.write(line)
            record.add(line)

        keep(header)
        try:
            with _Interruption() as ctrl_c, closing(runner.run(plan, directory / "logs", lambda: True)) as events:
                for event in events:
                    with ctrl_c.held_back():
                        if not isinstance(event, Progress):
                            keep(event)
                        watch(event, record)
            status = "complete"
        except KeyboardInterrupt:
            status = "interrupted"
        keep(Footer(status, _now()))
    return record


class _Interruption:
    """Ctrl-C, held back while a line is written or a library is imported: some swallow it, or break for good."""

    def __init__(self) -> None:
        self._came = self._held = False

    def __enter__(self) -> Self:
        self._before = signal.getsignal(signal.SIGINT)
        if self._before is signal.default_int_handler and current_thread() is main_thread():
            signal.signal(signal.SIGINT, self._handle)
        return self

    def __exit__(self, *exception: object) -> None:
        if signal.getsignal(signal.SIGINT) == self._handle:
            signal.signal(signal.SIGINT, self._before)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self._came = True
        if not self._held:
            raise KeyboardInterrupt

    @contextmanager
    def held_back(self) -> Iterator[None]:
        self._held = True
        yield
        self._held = False
        if self._came:
            raise KeyboardInterrupt


def _now() -> str:
    return datetime.now().astimezone().isoformat(timespec="seconds")

"""Runs a plan and writes its record to disk, line by line; reports each event to a watcher."""

import logging
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from threading import current_thread, main_thread
from types import FrameType
from typing import Self

from harness.catalog import registry
from harness.engine import runner
from harness.engine.blocks import RunBlock
from harness.engine.machine import machine
from harness.engine.machine.gpus import get_gpus
from harness.engine.revisions import repository
from harness.errors import BadInput
from harness.plan.plan import Plan
from harness.record import compatibility
from harness.record.events import Event, Progress
from harness.record.schema import SCHEMA, BlockEnd, Footer, Header, Line, Look, Resume, Stored
from harness.record.store import Record, Writer

_log = logging.getLogger(__name__)


def run_id(plan: Plan) -> str:
    """A name for a run; names sort by time."""
    parts = [plan.command, plan.case, plan.scale]
    return "-".join([f"{datetime.now():%Y%m%d-%H%M%S}", *filter(None, parts)]).replace("/", "-")


def measure(
    plan: Plan,
    directory: Path,
    watch: Callable[[Event, Record], None],
    look: Callable[[Record], Look | None] | None = None,
    elapsed: Callable[[], float] = machine.seconds_since_start,
    stored: Iterable[Stored] = (),
    run_block: RunBlock | None = None,
) -> Record:
    """Carry out `plan` and return its record.

    However the run ends, what was measured is in `directory`; Ctrl-C ends it cleanly.
    `watch` is called with each event and the record so far, while no arm is being timed.
    `look` is called with the record so far after each block, and decides whether to run another; by default all planned
    blocks run.
    `elapsed` returns how many seconds of the plan's budget are spent: when all are, the current block is cut off.
    `stored` are results of earlier runs that a gate compares with; they are copied into the record.
    `run_block` runs one block; the default follows from the plan's features.
    Raises BadInput if `directory` cannot hold a run.
    """
    # Collected before the file is created, so that a record never lacks its header.
    get_gpus().check(plan.device)
    facts, versions, commit = machine.facts(), machine.versions(), repository.describe()
    header = Header(
        schema=SCHEMA,
        run=directory.name,
        started=_get_time(),
        plan=plan,
        machine=facts,
        versions=versions,
        commit=commit,
        code=_hash_code(plan),
    )
    with Writer(directory) as writer:
        run = _Run(writer, Record(), watch)
        run.keep(header)
        for line in stored:
            run.keep(line)
        return run.run_blocks(directory, look, elapsed, run_block)


def resume(
    command: str,
    before: Record,
    directory: Path,
    watch: Callable[[Event, Record], None],
    look: Callable[[Record], Look | None] | None = None,
    elapsed: Callable[[], float] = machine.seconds_since_start,
    run_block: RunBlock | None = None,
) -> Record:
    """Complete `before`, the run in `directory` that was cut off, by its own plan. The rest is as for `measure`.

    The unfinished block is discarded and run again. Raises BadInput if another command than `command` began the run, if
    it is already complete, or if the machine, the code or the versions are not those that it began with.
    """
    header = before.header
    began_with = header.plan.command
    if began_with != command:
        raise BadInput(f"{directory} is a run of `harness {began_with}`: resume it with that command.")
    if not before.partial:
        raise BadInput(f"{directory} is a complete run: there is nothing to resume.")
    facts, versions = machine.facts(), machine.versions()
    for name in compatibility.MACHINE:
        here, there = facts.get(name), header.machine.get(name)
        if here != there:
            raise BadInput(f"{directory} cannot be resumed: its {name} was {there}, here it is {here}.")
    for name in sorted(versions.keys() | header.versions.keys()):
        here, there = versions.get(name), header.versions.get(name)
        if here != there:
            raise BadInput(f"{directory} cannot be resumed: it ran with {name} {there}, here it is {here}.")
    code = _hash_code(header.plan)
    if header.code and code is None:
        raise BadInput(f"{directory} cannot be resumed here: its code is not here. Go to the directory where it began.")
    if header.code and header.code != code:
        raise BadInput(f"{directory} cannot be resumed: the code has changed since it began. Start a new run.")
    with Writer.reopen(directory) as writer:
        run = _Run(writer, before, watch)
        run.keep(Resume(_get_time(), facts, repository.describe()))
        return run.run_blocks(directory, look, elapsed, run_block)


def _hash_code(plan: Plan) -> str | None:
    """A hash that shows whether code has changed: the Python files of this repository, and variants given as files."""
    files = []
    for arm in plan.arms:
        if arm.command:
            files.append(Path(arm.command.script) if arm.command.script else None)
        elif ":" in arm.variant:
            with suppress(BadInput):  # the file no longer exists
                files.append(registry.source_of(arm.variant)[0])
    return repository.code_hash(filter(None, files))


class _Run:
    """A record that is being written, and the watcher that is called with each event."""

    def __init__(self, writer: Writer, record: Record, watch: Callable[[Event, Record], None]) -> None:
        self._writer, self._record, self._watch = writer, record, watch

    def keep(self, line: Line) -> None:
        self._writer.write(line)
        self._record.add(line)

    def run_blocks(
        self,
        directory: Path,
        look: Callable[[Record], Look | None] | None,
        elapsed: Callable[[], float],
        run_block: RunBlock | None,
    ) -> Record:
        """Run from the first unfinished block until the plan is done, its budget is spent, or Ctrl-C."""
        record = self._record
        plan = record.plan
        _log.info("%s: %s of %s", directory, plan.command, ", ".join(arm.label for arm in plan.arms))
        events = runner.run(plan, directory / "logs", lambda: look(record) if look else None, record, run_block)
        status = "complete"
        try:
            with _Interruption() as ctrl_c, closing(events):
                for event in events:
                    with ctrl_c.deferred():
                        if not isinstance(event, Progress):
                            self.keep(event)
                        self._watch(event, record)
                    between = isinstance(event, BlockEnd | Look)  # no block is running that could be cut off
                    spent = plan.budget and elapsed() > plan.budget and len(record.blocks_done) < record.most
                    if spent and not between:
                        status = "out of time"
                        break
        except KeyboardInterrupt:
            status = "interrupted"
        self.keep(Footer(status, _get_time()))
        _log.info("%s: %s after %d blocks", directory, status, len(record.blocks_done))
        return record


class _Interruption:
    """Defers Ctrl-C while a line is written or a library is imported: some libraries swallow it, or stay broken."""

    def __init__(self) -> None:
        self._pending = self._deferring = False

    def __enter__(self) -> Self:
        self._before = signal.getsignal(signal.SIGINT)
        if self._before is signal.default_int_handler and current_thread() is main_thread():
            signal.signal(signal.SIGINT, self._handle)
        return self

    def __exit__(self, *exception: object) -> None:
        if signal.getsignal(signal.SIGINT) == self._handle:
            signal.signal(signal.SIGINT, self._before)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self._pending = True
        if not self._deferring:
            raise KeyboardInterrupt

    @contextmanager
    def deferred(self) -> Iterator[None]:
        self._deferring = True
        try:
            yield
        finally:
            self._deferring = False
        if self._pending:
            raise KeyboardInterrupt


def _get_time() -> str:
    return datetime.now().astimezone().isoformat(timespec="seconds")

"""A plan -> a record on disk: runs it, keeps every line, and tells a watcher what happens."""

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
from harness.engine.revisions import repository
from harness.errors import BadInput
from harness.plan.plan import Plan
from harness.record import compatibility
from harness.record.events import Event, Progress
from harness.record.schema import SCHEMA, BlockEnd, Footer, Header, Line, Look, Resume, Stored
from harness.record.store import Record, Writer


def run_id(plan: Plan) -> str:
    """A name for a run that sorts by time."""
    what = [plan.command, plan.case, plan.scale]
    return "-".join([f"{datetime.now():%Y%m%d-%H%M%S}", *filter(None, what)]).replace("/", "-")


def measure(
    plan: Plan,
    directory: Path,
    watch: Callable[[Event, Record], None],
    look: Callable[[Record], Look | None] | None = None,
    elapsed: Callable[[], float] = machine.seconds_since_start,
    before: Iterable[Stored] = (),
    run_block: RunBlock | None = None,
) -> Record:
    """Carry out `plan`. Whatever ends it, what was measured is in `directory`; Ctrl-C ends it tidily.

    `watch` is called with each event and the record so far, while no arm is being timed; `look`, after each block, with
    the record so far: it decides whether there is to be another. Without it there are as many as were planned.
    `elapsed` says how much of the plan's budget is spent: when all of it is, the block at hand is cut off.
    `before` is what the run is to be judged by, which its record then has. `run_block` runs a block, by default as the
    plan's features say.
    Raises BadInput where `directory` cannot hold a run.
    """
    # Gathered before there is a file, so that none is ever seen without its header.
    facts, versions, commit = machine.facts(), machine.versions(), repository.describe()
    header = Header(
        schema=SCHEMA,
        run=directory.name,
        started=_now(),
        plan=plan,
        machine=facts,
        versions=versions,
        commit=commit,
        code=_code(plan),
    )
    with Writer(directory) as writer:
        run = _Run(writer, Record(), watch)
        run.keep(header)
        for line in before:
            run.keep(line)
        return run.go_on(directory, look, elapsed, run_block)


def resume(
    command: str,
    before: Record,
    directory: Path,
    watch: Callable[[Event, Record], None],
    look: Callable[[Record], Look | None] | None = None,
    elapsed: Callable[[], float] = machine.seconds_since_start,
    run_block: RunBlock | None = None,
) -> Record:
    """Complete `before`, the run in `directory` that was cut off, by its own plan; the rest is as for `measure`.

    Its unfinished block is set aside, and run again. Raises BadInput where `command` did not begin it, where nothing is
    left to do, and where this is not the machine, the code or the versions that it began with.
    """
    header = before.header
    began_with = header.plan.command
    if began_with != command:
        raise BadInput(f"{directory} is a run of `harness {began_with}`: resume it with that command.")
    if not before.partial:
        raise BadInput(f"{directory} is a complete run: there is nothing to resume.")
    facts, versions = machine.facts(), machine.versions()
    for what in compatibility.MACHINE:
        here, there = facts.get(what), header.machine.get(what)
        if here != there:
            raise BadInput(f"{directory} cannot be resumed: its {what} was {there}, here it is {here}.")
    for name in sorted(versions.keys() | header.versions.keys()):
        here, there = versions.get(name), header.versions.get(name)
        if here != there:
            raise BadInput(f"{directory} cannot be resumed: it ran with {name} {there}, here is {here}.")
    code = _code(header.plan)
    if header.code and code is None:
        raise BadInput(f"{directory} cannot be resumed here: the code that it began with is elsewhere. Go there.")
    if header.code and header.code != code:
        raise BadInput(f"{directory} cannot be resumed: the code here is not what it began with. Start it again.")
    with Writer.reopen(directory) as writer:
        run = _Run(writer, before, watch)
        run.keep(Resume(_now(), facts, repository.describe()))
        return run.go_on(directory, look, elapsed, run_block)


def _code(plan: Plan) -> str | None:
    """What tells whether the code has changed since: that of the repository here, and of variants in files."""
    files = []
    for arm in plan.arms:
        if ":" in arm.variant:
            with suppress(BadInput):  # it is not there any more
                files.append(registry.source_of(arm.variant)[0])
    return repository.code(filter(None, files))


class _Run:
    """A record being written, and whoever watches it grow."""

    def __init__(self, writer: Writer, record: Record, watch: Callable[[Event, Record], None]) -> None:
        self._writer, self._record, self._watch = writer, record, watch

    def keep(self, line: Line) -> None:
        self._writer.write(line)
        self._record.add(line)

    def go_on(
        self,
        directory: Path,
        look: Callable[[Record], Look | None] | None,
        elapsed: Callable[[], float],
        run_block: RunBlock | None,
    ) -> Record:
        """From the first block that is not done, until the plan or its budget is, or Ctrl-C."""
        record = self._record
        plan = record.plan
        events = runner.run(plan, directory / "logs", lambda: look(record) if look else None, record, run_block)
        status = "complete"
        try:
            with _Interruption() as ctrl_c, closing(events):
                for event in events:
                    with ctrl_c.held_back():
                        if not isinstance(event, Progress):
                            self.keep(event)
                        self._watch(event, record)
                    between = isinstance(event, BlockEnd | Look)  # nothing is under way that could be cut off
                    spent = plan.budget and elapsed() > plan.budget and len(record.blocks_done) < plan.blocks
                    if spent and not between:
                        status = "out of time"
                        break
        except KeyboardInterrupt:
            status = "interrupted"
        self.keep(Footer(status, _now()))
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
        try:
            yield
        finally:
            self._held = False
        if self._came:
            raise KeyboardInterrupt


def _now() -> str:
    return datetime.now().astimezone().isoformat(timespec="seconds")

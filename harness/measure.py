"""A plan -> a record on disk: runs it, keeps every line, and tells a watcher what happens."""

from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path

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
            with closing(runner.run(plan, directory / "logs", lambda: True)) as events:
                for event in events:
                    if not isinstance(event, Progress):
                        keep(event)
                    watch(event, record)
            status = "complete"
        except KeyboardInterrupt:
            status = "interrupted"
        keep(Footer(status, _now()))
    return record


def _now() -> str:
    return datetime.now().astimezone().isoformat(timespec="seconds")

"""The progress of a profile: one bar per pass."""

from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.table import Table

from harness.plan.plan import ANOTHER_SEED, Plan
from harness.record import events
from harness.record.events import Event
from harness.record.schema import ArmEnd, BlockStart

TIMING = "epochs"
"""The name of the pass in which only the clock, traces and compilations are watched."""


class Passes:
    """One bar per pass: first without further probes, then one for each probe."""

    def __init__(self, plan: Plan) -> None:
        columns = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[doing]}")
        self._bars = Progress(*columns, auto_refresh=False)
        names = [TIMING, *plan.probes, *([ANOTHER_SEED] if plan.tries_another_seed else [])]
        self._waiting = [self._bars.add_task(name, total=1, doing="waiting") for name in names]
        self._at: TaskID | None = None

    def note(self, event: Event) -> None:
        match event:
            case BlockStart() if self._waiting:
                self._at = self._waiting.pop(0)
                self._bars.update(self._at, doing="starting")
            case events.Progress() if self._at is not None:
                self._bars.update(self._at, doing=event.text)
                if event.steps:
                    self._bars.update(self._at, total=event.steps, completed=event.step)
            case ArmEnd() if self._at is not None:
                (task,) = (task for task in self._bars.tasks if task.id == self._at)
                doing = "done" if event.status == "ok" else event.status
                self._bars.update(self._at, completed=task.total if event.status == "ok" else 0, doing=doing)
            case _:
                pass

    def table(self) -> Table:
        return self._bars.make_tasks_table(self._bars.tasks)

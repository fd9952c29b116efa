"""The live display of a run: a table on a terminal, plain lines elsewhere.

It draws only when it receives an event, and events come while no arm is being timed.
"""

from collections import Counter
from time import monotonic
from types import TracebackType
from typing import Self

from rich.console import Console, Group
from rich.live import Live
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from harness.plan.plan import Plan
from harness.record.events import Doing, Event, Progress
from harness.record.lines import Lines
from harness.record.schema import ArmEnd, ArmReady, BlockAgain, BlockEnd, BlockStart, Evaluation, Look, Slice
from harness.report import units
from harness.report.live.passes import Passes
from harness.report.live.so_far import Evaluations, Ratios
from harness.report.wording.looks import describe_look


class Display:
    """Called with each event and the record so far."""

    def __init__(self, plan: Plan, console: Console) -> None:
        self._plan, self._most = plan, plan.blocks
        self._console = console
        self._started = monotonic()
        self._live = Live(console=console, auto_refresh=False, transient=True) if console.is_terminal else None
        self._last: Progress | None = None
        self._grouping = ""
        self._epochs: Counter[str] = Counter()
        self._states: dict[str, str] = {}
        self._latest: dict[str, float] = {}
        self._lengths: dict[str, int] = {}
        self._last_reported = 0
        self._looked = ""
        self._results = Evaluations(plan) if plan.trains else Ratios(plan)
        self._passes = Passes(plan) if plan.profiles else None
        self._block_started = self._started
        self._turns_started = 0.0
        self._block_seconds: list[float] = []

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()

    def __call__(self, event: Event, record: Lines) -> None:
        self._most = record.most
        self._note(event)
        self._results.note(event, record)
        if self._passes:
            self._passes.note(event)
        if self._live:
            below = self._passes.table() if self._passes else self._make_table()
            self._live.update(Group(self._make_headline(), below), refresh=True)
        else:
            self._print_event(event)

    def _note(self, event: Event) -> None:
        match event:
            case BlockStart():
                if not event.group:
                    self._block_started = monotonic()
                self._grouping = _describe_grouping(event, self._plan)
                self._states = dict.fromkeys(event.order, "waiting")
                if self._plan.trains:  # the column shows how far the present training has got
                    self._epochs.subtract({arm: self._epochs[arm] for arm in event.order})
            case Progress():
                if event.steps and not (self._last and self._last.steps):
                    self._turns_started = monotonic()
                self._states[event.arm] = event.text
                self._last = event
            case ArmReady():
                self._states[event.arm] = "ready"
                length = self._find_length(event)
                if length:
                    self._lengths[event.arm] = length
            case Slice():
                self._epochs[event.arm] += len(event.epochs)
                self._latest[event.arm] = event.epochs[-1].wall
                self._states[event.arm] = "ready"
            case Evaluation():
                self._states[event.arm] = "ready"
            case ArmEnd():
                self._states[event.arm] = "done" if event.status == "ok" else event.status
            case BlockEnd():
                self._block_seconds.append(monotonic() - self._block_started)
            case Look():
                self._looked = (
                    f"{'goes on' if event.go_on else 'stops'}: {describe_look(event, self._plan, self._most)}"
                )
            case _:
                pass

    def _find_length(self, ready: ArmReady) -> int | None:
        """The number of epochs of a whole training. A program may run for longer than it expects, in another loop."""
        if not self._plan.trains:
            return None
        segments = ready.description.segments
        lengths = [segments[-1].stop] if segments else [ready.description.expected, self._plan.epochs]
        return min(filter(None, lengths), default=None)

    def _make_headline(self) -> Text:
        last = self._last
        if last is None:
            return Text("starting")
        parts = [] if self._passes else [f"{self._name_unit()} {last.block + 1} of {self._most}"]
        if self._grouping:
            parts.append(self._grouping)
        parts.append(f"{last.arm}: {last.text}")
        if last.steps:
            parts.append(f"round {last.step + 1} of {last.steps}")
        parts.append(f"{units.seconds(monotonic() - self._started)} so far{self._estimate_left()}")
        if self._looked:
            parts.append(self._looked)
        return Text(" | ".join(parts), style="bold")

    def _estimate_left(self) -> str:
        """The estimated time left, from the time of earlier blocks or, in the first one, of its rounds."""
        if self._last is None:
            return ""
        now, last = monotonic(), self._last
        in_block = now - self._block_started
        later = max(self._plan.fewest, last.block + 1) - last.block - 1
        if self._block_seconds:
            block = sum(self._block_seconds) / len(self._block_seconds)
        elif last.step and last.steps and not self._grouping:
            block = in_block + (now - self._turns_started) / last.step * (last.steps - last.step)
        else:
            return ""
        left = later * block + (max(block - in_block, 0.0) if len(self._block_seconds) <= last.block else 0.0)
        return f", about {units.seconds(left)} left" if left > 1 else ""

    def _make_table(self) -> Table:
        table = Table("arm", "now", "epochs", "last epoch", escape(self._results.title), header_style="bold")
        for label in self._plan.labels(self._last.block if self._last else 0):
            latest = units.seconds(self._latest[label]) if label in self._latest else ""
            epochs = f"{self._epochs[label]}{f' of {self._lengths[label]}' if label in self._lengths else ''}"
            table.add_row(escape(label), self._states.get(label, ""), epochs, latest, self._results.cell(label))
        return table

    def _print_event(self, event: Event) -> None:
        where = f"{self._name_unit()} {getattr(event, 'block', 0) + 1}/{self._most}"
        match event:
            case BlockStart():
                grouping = f" ({self._grouping})" if self._grouping else ""
                self._last_reported = 0
                self._print(f"{where}: starting {', '.join(event.order)}{grouping}")
            case Progress(doing=Doing.TRAINING) if self._is_reported(event):
                self._last_reported = event.step
                of = f" of {event.steps}" if event.steps else ""
                self._print(f"{where}: {event.step}{of} parts{self._estimate_left()}{self._format_results()}")
            case Progress(doing=Doing.FIRST_EPOCHS):
                self._print(f"{where}: first epochs of {event.arm}")
            case Progress(doing=Doing.OBSERVING):
                self._print(f"{where}: {event.text}")
            case ArmEnd(status="failed"):
                self._print(f"{where}: {event.arm} failed {event.moment}: {event.reason}")
            case ArmEnd(status="regrouped"):
                self._print(f"{where}: {event.arm} was ended: {event.reason}")
            case BlockAgain():
                self._print(f"{where}: restarts: {event.why}")
            case BlockEnd():
                self._print(f"{where}: done{self._estimate_left()}{self._format_results()}")
            case Look():
                self._print(f"{where}: {self._looked}")
            case _:
                pass

    def _is_reported(self, parts: Progress) -> bool:
        """Whether to tell how far trainings have got: at each quarter or, while their length is unknown, whenever they
        have got twice as far."""
        if not parts.steps:
            return parts.step >= max(2 * self._last_reported, 1)
        return parts.step > self._last_reported and parts.step % max(parts.steps // 4, 1) == 0

    def _format_results(self) -> str:
        shown = [self._plan.ablation.goal] if self._plan.ablation else list(self._results.by_arm)
        return "".join(f"; {arm} {self._results.by_arm[arm]}" for arm in shown if arm in self._results.by_arm)

    def _name_unit(self) -> str:
        return "seed" if self._plan.trains else "block"

    def _print(self, text: str) -> None:
        self._console.print(escape(text), soft_wrap=True, highlight=False)


def _describe_grouping(start: BlockStart, plan: Plan) -> str:
    """How arms are grouped that do not fit in memory together. Empty if all do."""
    if start.one_by_one:
        return "one after the other: memory holds only one"
    return "in pairs: memory does not hold all arms" if 1 < len(start.order) < len(plan.arms) and start.group else ""

"""What a run shows while it goes on: a table on a terminal, plain lines elsewhere.

It draws only when told of an event, which is while no arm is being timed.
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
from harness.record.events import Event, Progress
from harness.record.lines import Lines
from harness.record.schema import ArmEnd, ArmReady, BlockAgain, BlockEnd, BlockStart, Evaluation, Look, Slice
from harness.report import units
from harness.report.live.passes import Passes
from harness.report.live.so_far import Evaluations, Ratios


class Display:
    """Called with each event and the record so far."""

    def __init__(self, plan: Plan, console: Console) -> None:
        self._plan = plan
        self._console = console
        self._started = monotonic()
        self._live = Live(console=console, auto_refresh=False, transient=True) if console.is_terminal else None
        self._last: Progress | None = None
        self._apart = ""
        self._epochs: Counter[str] = Counter()
        self._states: dict[str, str] = {}
        self._latest: dict[str, float] = {}
        self._lengths: dict[str, int] = {}
        self._told = 0
        self._looked = ""
        self._found = Evaluations(plan) if plan.trains else Ratios(plan)
        self._passes = Passes(plan) if plan.probes else None
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
        self._note(event)
        self._found.note(event, record)
        if self._passes:
            self._passes.note(event)
        if self._live:
            below = self._passes.table() if self._passes else self._table()
            self._live.update(Group(self._headline(), below), refresh=True)
        else:
            self._say(event)

    def _note(self, event: Event) -> None:
        match event:
            case BlockStart():
                if not event.group:
                    self._block_started = monotonic()
                self._apart = _apart(event, self._plan)
                self._states = dict.fromkeys(event.order, "waiting")
                if self._plan.trains:  # what counts is how far the training at hand has got
                    self._epochs.subtract({arm: self._epochs[arm] for arm in event.order})
            case Progress():
                if event.steps and not (self._last and self._last.steps):
                    self._turns_started = monotonic()
                self._states[event.arm] = event.doing
                self._last = event
            case ArmReady():
                self._states[event.arm] = "ready"
                if self._plan.trains:
                    self._lengths[event.arm] = event.description.segments[-1].stop
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
                self._looked = f"{'goes on' if event.go_on else 'stops'}: {event.why}"
            case _:
                pass

    def _headline(self) -> Text:
        last = self._last
        if last is None:
            return Text("starting")
        parts = [] if self._passes else [f"{self._block()} {last.block + 1} of {self._plan.blocks}"]
        if self._apart:
            parts.append(self._apart)
        parts.append(f"{last.arm}: {last.doing}")
        if last.steps:
            parts.append(f"round {last.step + 1} of {last.steps}")
        parts.append(f"{units.seconds(monotonic() - self._started)} so far{self._left()}")
        if self._looked:
            parts.append(self._looked)
        return Text(" | ".join(parts), style="bold")

    def _left(self) -> str:
        """How long it may still take: as long as the blocks before took, or as the rounds of this one suggest."""
        if self._last is None:
            return ""
        now, last = monotonic(), self._last
        in_block = now - self._block_started
        later = max(self._plan.fewest, last.block + 1) - last.block - 1
        if self._block_seconds:
            block = sum(self._block_seconds) / len(self._block_seconds)
        elif last.step and not self._apart:
            block = in_block + (now - self._turns_started) / last.step * (last.steps - last.step)
        else:
            return ""
        left = later * block + (max(block - in_block, 0.0) if len(self._block_seconds) <= last.block else 0.0)
        return f", about {units.seconds(left)} left" if left > 1 else ""

    def _table(self) -> Table:
        table = Table("arm", "now", "epochs", "last epoch", escape(self._found.title), header_style="bold")
        for label in self._plan.labels(self._last.block if self._last else 0):
            latest = units.seconds(self._latest[label]) if label in self._latest else ""
            epochs = f"{self._epochs[label]}{f' of {self._lengths[label]}' if label in self._lengths else ''}"
            table.add_row(escape(label), self._states.get(label, ""), epochs, latest, self._found.cell(label))
        return table

    def _say(self, event: Event) -> None:
        where = f"{self._block()} {getattr(event, 'block', 0) + 1}/{self._plan.blocks}"
        match event:
            case BlockStart():
                apart = f" ({self._apart})" if self._apart else ""
                self._told = 0
                self._line(f"{where}: starting {', '.join(event.order)}{apart}")
            case Progress(doing="training") if event.step > self._told and event.step % max(event.steps // 4, 1) == 0:
                self._told = event.step
                self._line(f"{where}: {event.step} of {event.steps} parts{self._left()}{self._so_far()}")
            case Progress(doing="first epochs"):
                self._line(f"{where}: first epochs of {event.arm}")
            case Progress() if self._passes and not event.steps and event.doing.startswith("watching"):
                self._line(f"{where}: {event.doing}")
            case ArmEnd(status="failed"):
                self._line(f"{where}: {event.arm} failed {event.moment}: {event.reason}")
            case ArmEnd(status="regrouped"):
                self._line(f"{where}: {event.arm} was ended: {event.reason}")
            case BlockAgain():
                self._line(f"{where}: begins again: {event.why}")
            case BlockEnd():
                self._line(f"{where}: done{self._left()}{self._so_far()}")
            case Look():
                self._line(f"{where}: {self._looked}")
            case _:
                pass

    def _so_far(self) -> str:
        shown = [self._plan.ablation.goal] if self._plan.ablation else list(self._found.by_arm)
        return "".join(f"; {arm} {self._found.by_arm[arm]}" for arm in shown if arm in self._found.by_arm)

    def _block(self) -> str:
        return "seed" if self._plan.trains else "block"

    def _line(self, text: str) -> None:
        self._console.print(escape(text), soft_wrap=True, highlight=False)


def _apart(start: BlockStart, plan: Plan) -> str:
    """How this group keeps arms apart that memory does not hold together."""
    if start.one_by_one:
        return "one after the other: memory holds one"
    return "in pairs: memory does not hold all" if 1 < len(start.order) < len(plan.arms) and start.group else ""

"""The live progress of a profile."""

import io

from planned import planned
from rich.console import Console
from simulated import DATA, record

from harness.record.events import Doing, Progress
from harness.record.schema import ArmEnd, BlockStart
from harness.report.live.live import Display
from harness.report.live.passes import Passes

PLAN = planned("profile", "fast", scale="smoke")
START = BlockStart(0, 0, ["fast"])


def shown(*sent):
    passes = Passes(PLAN)
    for event in sent:
        passes.note(event)
    console = Console(file=io.StringIO(), width=100)
    console.print(passes.table())
    return [line.split() for line in console.file.getvalue().splitlines()]


def test_passes_wait_for_their_turn():
    lines = shown(START, Progress(0, Doing.TAKING_TURNS, "fast", 3, 12))
    assert [(line[0], line[-1]) for line in lines] == [
        ("epochs", "turns"),
        ("phases", "waiting"),
        ("memory", "waiting"),
        ("operations", "waiting"),
        ("another", "waiting"),
    ]


def test_a_finished_pass_is_full_and_the_next_starts():
    done = ArmEnd(block=0, group=0, arm="fast", status="ok")
    lines = shown(
        START, Progress(0, Doing.TAKING_TURNS, "fast", 3, 12), done, START, Progress(0, Doing.OBSERVING, "fast")
    )
    assert [(line[0], line[-1]) for line in lines[:2]] == [("epochs", "done"), ("phases", "observing")]
    assert set(lines[0][1]) == {"━"}


def test_marks_a_failed_pass():
    assert shown(START, ArmEnd(block=0, group=0, arm="fast", status="failed"))[0][-1] == "failed"


def test_one_line_per_pass_without_a_terminal():
    console = Console(file=io.StringIO(), force_terminal=False, width=100)
    with Display(PLAN, console) as display:
        for event in (START, Progress(0, Doing.OBSERVING, "fast", probe="memory")):
            display(event, record({"fast": {DATA: 1.0}}, blocks=1))
    assert "observing its memory" in console.file.getvalue()

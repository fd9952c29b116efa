"""How far a profile has got."""

import io

from planned import planned
from rich.console import Console

from harness.record.events import Progress
from harness.record.schema import ArmEnd, BlockStart
from harness.report.live.live import Display
from harness.report.live.passes import Passes

PLAN = planned("profile", "fast", scale="smoke")
START = BlockStart(0, 0, ["fast"])


def shown(*told):
    passes = Passes(PLAN)
    for event in told:
        passes.note(event)
    console = Console(file=io.StringIO(), width=100)
    console.print(passes.table())
    return [line.split() for line in console.file.getvalue().splitlines()]


def test_each_pass_waits_its_turn():
    lines = shown(START, Progress(0, "taking turns", "fast", 3, 12))
    assert [(line[0], line[-1]) for line in lines] == [
        ("epochs", "turns"),
        ("phases", "waiting"),
        ("memory", "waiting"),
        ("operations", "waiting"),
    ]


def test_what_is_done_is_full_and_the_next_begins():
    done = ArmEnd(block=0, group=0, arm="fast", status="ok")
    lines = shown(START, Progress(0, "taking turns", "fast", 3, 12), done, START, Progress(0, "watching", "fast"))
    assert [(line[0], line[-1]) for line in lines[:2]] == [("epochs", "done"), ("phases", "watching")]
    assert set(lines[0][1]) == {"━"}


def test_a_pass_that_fails_says_so():
    assert shown(START, ArmEnd(block=0, group=0, arm="fast", status="failed"))[0][-1] == "failed"


def test_without_a_terminal_each_pass_is_a_line():
    console = Console(file=io.StringIO(), force_terminal=False, width=100)
    with Display(PLAN, console) as display:
        for event in (START, Progress(0, "watching its memory", "fast")):
            display(event, None)
    assert "watching its memory" in console.file.getvalue()

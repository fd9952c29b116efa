"""Arms forked from one process, checked in real runs and after failures."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import psutil
import pytest
from msgspec.structs import replace
from paths import ARMS
from planned import planned
from running import begun, gone

from harness.engine.groups.group import Group
from harness.engine.processes import arm as arm_process
from harness.engine.processes import fork_client
from harness.engine.session import measure
from harness.record import evidence
from harness.record.schema import ArmEnd, ArmReady, BlockAgain, BlockStart, Slice
from harness.record.store import read
from harness.report.summarize import summarize

PRELOAD = ("decimal",)

pytestmark = pytest.mark.skipif(not fork_client.available(), reason="arms can be forked on Linux")


def forking(*names, command="compare", preload=PRELOAD, references=(), **options):
    """Treats these arms as variants of a registered collection that imports `preload`."""
    made = planned(command, [name if ":" in name else f"{ARMS}:{name}" for name in names], **options)
    return replace(made, preload=preload, references=references)


def run(out, *names, watch=lambda event, record: None, **options):
    events = []

    def note(event, record):
        events.append(event)
        watch(event, record)

    record = measure(forking(*names, **options), out, note)
    assert read(out).slices == record.slices
    return record, events


class Family:
    """Records the parent process of each arm when the arm is ready."""

    def __init__(self):
        self.servers = {}
        self.sessions = {}

    def __call__(self, event, record):
        if isinstance(event, ArmReady):
            self.servers[event.block, event.arm] = psutil.Process(event.pid).ppid()
            self.sessions[event.pid] = os.getsid(event.pid)


def test_the_arms_of_a_run_are_forked_from_one_process_and_take_turns(tmp_path):
    family = Family()
    record, _ = run(tmp_path / "run", "Steady", "Other", epochs=32, blocks=2, watch=family)
    assert {ready.started for ready in record.ready} == {"forked"}
    assert len({ready.pid for ready in record.ready}) == 4
    assert all(session == pid for pid, session in family.sessions.items())
    (parent,) = set(family.servers.values())
    assert parent != os.getpid()
    assert not any(psutil.pid_exists(pid) for pid in {parent, *family.sessions})
    for block in (0, 1):
        for arm in ("Steady", "Other"):
            own = [e.index for s in record.slices if (s.block, s.arm) == (block, arm) for e in s.epochs]
            assert own == [*range(32)]
    assert {end.status for end in record.ends} == {"ok"}
    assert all(end.peak_rss_bytes for end in record.ends)


def test_the_fork_server_sleeps_during_measurement(tmp_path):
    family = Family()
    switches = set()

    def watch(event, record):
        family(event, record)
        if isinstance(event, Slice):
            process = psutil.Process(family.servers[0, "Steady"])
            assert process.num_threads() == 1
            switches.add(process.num_ctx_switches())

    run(tmp_path / "run", "Steady", "Other", epochs=32, blocks=1, watch=watch)
    assert len(switches) == 1


TROUBLES = {
    "RaisesWhenBuilt": "while it was being built: RuntimeError: no such grid",
    "RaisesAtThree": "in epoch 3: ValueError: the residual is empty",
    "KillsItself": "in epoch 3: its process was killed by SIGKILL (9)",
    "Exits": "in epoch 3: its process ended with exit code 0",
    "CallsSysExit": "in epoch 3: SystemExit: enough",
    "WantsInput": "in epoch 3: EOFError",
    "ForksAndDies": "in epoch 3: its process ended with exit code 7",
    "RedirectsItsOutput": "in epoch 3: ValueError: said to nobody",
    "DiesInObjective": "in objective(): its process ended with exit code 3",
    "Hangs": "in epoch 3: it gave no answer for 4 s",
    "ClosesEverything": "in epoch 3: it closed harness's pipe",
}


def test_failures_of_forked_and_fresh_arms_are_reported_alike(tmp_path):
    record, events = run(tmp_path / "run", "Steady", *TROUBLES, blocks=1, epochs=12, timeout=4)
    failures = {end.arm: f"{end.moment}: {end.reason}" for end in record.ends if end.status == "failed"}
    assert failures.keys() == TROUBLES.keys()
    for name, reason in TROUBLES.items():
        assert failures[name].startswith(reason)
    assert any("the residual is empty" in line for line in record.failure("RaisesAtThree").last_lines)
    assert [end.status for end in record.ends if end.arm == "Steady"] == ["ok"]
    assert not any(isinstance(event, BlockAgain) for event in events)
    assert gone([ready.pid for ready in record.ready])


def test_output_of_a_forked_arm_is_separate(tmp_path):
    run(tmp_path / "run", "Steady", "PrintsRubbish", blocks=1, epochs=5)
    counts = {log.name: log.read_bytes().count(b"nonsense") for log in (tmp_path / "run" / "logs").iterdir()}
    assert counts == {"block0-group0-arm0.log": 0, "block0-group0-arm1.log": 5, "fork-server-seed0.log": 0}


EARLY = """
import random, tempfile
tempfile.gettempdir()
random.random()
"""
DRAWING = """
import random, sys, tempfile
was_there = "early" in sys.modules
import early

class Drawing:
    def epoch(self, index):
        place = tempfile.mkdtemp()
        print(was_there, place, flush=True)
        return {"loss": random.random()}
"""


@pytest.fixture
def drawing(tmp_path, monkeypatch):
    """A trainer in a file, and the module that it imports, which draws a number and asks for the temporary folder."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(tmp_path), os.environ.get("PYTHONPATH")])))
    (tmp_path / "early.py").write_text(EARLY)
    (tmp_path / "drawing.py").write_text(DRAWING)
    return f"{tmp_path / 'drawing.py'}:Drawing"


def test_a_forked_arm_has_the_same_random_numbers_and_its_own_files(tmp_path, drawing):
    losses, places = [], []
    for name, preload in (("forked", ("early",)), ("fresh", ())):
        record, _ = run(tmp_path / name, drawing, preload=preload, epochs=4, blocks=2, seed=7)
        losses.append([e.losses for s in record.slices for e in s.epochs])
        for log in sorted((tmp_path / name / "logs").glob("*arm*")):
            lines = [line.split() for line in log.read_text().splitlines()]
            assert {preloaded for preloaded, _ in lines} == {str(bool(preload))}
            places.append({str(Path(place).parent) for _, place in lines})
    assert losses[0] == losses[1]
    assert losses[0][:4] == losses[0][4:]
    assert all(len(own) == 1 for own in places)
    assert len(set.union(*places)) == 4
    assert not any(Path(place).exists() for own in places for place in own)


LATE = """
import random
before = random.random()
import early

class Late:
    def __init__(self):
        import early
        self.built = random.random()

    def epoch(self, index):
        return {"before": before, "built": self.built, "loss": random.random()}
"""


def test_random_draws_during_imports_do_not_matter_for_forked_or_fresh_arms(tmp_path, drawing, monkeypatch):
    (tmp_path / "late.py").write_text(LATE)
    losses = []
    for name, forks in (("forked", True), ("fresh", False)):
        monkeypatch.setattr(fork_client, "available", lambda forks=forks: forks)
        record, _ = run(tmp_path / name, f"{tmp_path / 'late.py'}:Late", preload=("early",), epochs=3, blocks=1, seed=7)
        assert {ready.started for ready in record.ready} == {name}
        assert record.ready[0].seeded == {"random": "7"}
        losses.append([e.losses for s in record.slices for e in s.epochs])
    assert losses[0] == losses[1]
    # From the seed on at each of the two moments, and not where importing had left the generator.
    assert losses[0][0]["before"] == losses[0][0]["built"]


def test_arms_start_fresh_if_the_fork_server_cannot_import(tmp_path):
    record, events = run(tmp_path / "run", "Steady", "Other", preload=("nosuch",), epochs=6, blocks=2)
    (again,) = (event for event in events if isinstance(event, BlockAgain))
    assert again.block == 0
    assert again.why.startswith("the process from which arms are forked could not import nosuch: ModuleNotFoundError")
    assert {ready.started for ready in record.ready} == {"fresh"}
    assert [end.status for end in record.ends] == ["ok"] * 4
    assert not record.partial
    assert "nosuch" in (tmp_path / "run" / "logs" / "fork-server-seed0.log").read_text()


POOLED = """
from concurrent.futures import ThreadPoolExecutor

pool = ThreadPoolExecutor(1)
pool.submit(sum, [1, 2]).result()  # starts a thread, which fork does not copy
"""
WAITING = """
import pooled

class InBuild:
    def __init__(self):
        self.value = float(pooled.pool.submit(sum, [1, 2]).result())

    def epoch(self, index):
        return {"loss": self.value}

class InEpoch:
    def epoch(self, index):
        return {"loss": float(pooled.pool.submit(sum, [1, 2]).result())}
"""


@pytest.mark.parametrize("name", ["InBuild", "InEpoch"])
def test_arms_that_wait_for_a_thread_of_the_fork_server_start_fresh(tmp_path, monkeypatch, name):
    (tmp_path / "pooled.py").write_text(POOLED)
    (tmp_path / "waiting.py").write_text(WAITING)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(arm_process, "STUCK_SECONDS", 1.0)
    monkeypatch.setattr(arm_process, "CHECK_SECONDS", 0.2)
    where = tmp_path / "run"
    record, events = run(where, f"{tmp_path}/waiting.py:{name}", preload=("pooled",), epochs=4, blocks=1)
    (again,) = (event for event in events if isinstance(event, BlockAgain))
    assert again.why.startswith(f"{name} waited for 1 s without computing, as forked processes do for threads")
    assert [ready.started for ready in record.ready] == ["fresh"]
    assert [end.status for end in record.ends] == ["ok"]
    assert record.slices[0].epochs[0].losses == {"loss": 3.0}


def test_if_the_fork_server_dies_the_block_restarts_with_fresh_arms(tmp_path):
    family = Family()
    killed = []

    def watch(event, record):
        family(event, record)
        if isinstance(event, Slice) and event.block == 1 and event.round == 1 and not killed:
            killed.append(family.servers[1, "Stating"])
            os.kill(killed[0], signal.SIGKILL)

    record, events = run(tmp_path / "run", "Stating", "Other", epochs=12, blocks=3, watch=watch)
    (again,) = (event for event in events if isinstance(event, BlockAgain))
    assert again.block == 1
    assert "was killed by SIGKILL (9)" in again.why
    assert {(ready.block, ready.started) for ready in record.ready} == {(0, "forked"), (1, "fresh"), (2, "fresh")}
    assert [end.status for end in record.ends] == ["ok"] * 6
    assert {type(line) for line in record.abandoned} >= {BlockStart, ArmReady, Slice}
    assert summarize(read(tmp_path / "run")).arms[1].ratio.low is not None
    assert gone({ready.pid for ready in [*record.ready, *record.abandoned] if isinstance(ready, ArmReady)})


def test_one_time_reports_and_failures_reappear_in_a_restarted_first_block(tmp_path):
    family = Family()
    killed = []

    def watch(event, record):
        family(event, record)
        if isinstance(event, ArmEnd) and not killed:
            killed.append(family.servers[0, "Stating"])
            os.kill(killed[0], signal.SIGKILL)

    record, _ = run(tmp_path / "run", "Stating", "RaisesAtThree", epochs=12, blocks=1, watch=watch)
    assert killed
    assert [line.terms for line in record.objectives] == [{"data": 0.5, "physics": 0.5}]
    assert sorted((end.arm, end.status) for end in record.ends) == [("RaisesAtThree", "failed"), ("Stating", "ok")]


def test_arms_start_fresh_where_fork_is_unavailable(tmp_path, monkeypatch):
    monkeypatch.setattr(fork_client, "available", lambda: False)
    record, _ = run(tmp_path / "run", "Steady", epochs=4, blocks=1)
    assert [ready.started for ready in record.ready] == ["fresh"]


def test_arms_that_run_one_after_the_other_are_forked_from_one_process_too(tmp_path, monkeypatch):
    monkeypatch.setattr(Group, "short_of_memory", lambda self, extra: len(self.live) > 1)
    family = Family()
    record, _ = run(tmp_path / "run", "Sought", "Slow", epochs=12, blocks=1, watch=family)
    assert [start.one_by_one for start in record.starts] == [False, True]
    assert {ready.started for ready in record.ready} == {"forked"}
    assert len(set(family.servers.values())) == 1


def test_whole_trainings_are_forked_and_their_references_are_not(tmp_path):
    record, _ = run(
        tmp_path / "run",
        "Learner",
        "Solver",
        command="converge",
        references=("Solver",),
        evaluations=2,
        blocks=2,
        seed=7,
    )
    assert {(ready.arm, ready.started) for ready in record.ready} == {("Learner", "forked"), ("Solver", "fresh")}
    assert {ready.environment["PYTHONHASHSEED"] for ready in record.ready} == {"7", "8"}
    assert {line.metrics["seed"] for line in record.evaluations if line.arm == "Learner"} == {7.0, 8.0}
    assert {end.status for end in record.ends} == {"ok"}


RUN = """
import sys
from pathlib import Path
from msgspec.structs import replace
from harness.commands.registry import COMMANDS
from harness.engine.session import measure
from harness.plan.request import Request

planned = COMMANDS["compare"].plan(Request(names=tuple(sys.argv[2:]), epochs=2000))
made = replace(planned.plan, preload=("decimal",))
measure(made, Path(sys.argv[1]), lambda event, record: None)
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_no_process_remains_however_the_run_ends(tmp_path, how):
    out = tmp_path / "run"
    command = [sys.executable, "-c", dedent(RUN), str(out), f"{ARMS}:Slow", f"{ARMS}:Steady"]
    with begun(command, out) as (running, arms):
        parents = {psutil.Process(pid).ppid() for pid in arms}
        running.send_signal(how)
        _, err = running.communicate(timeout=60)
    assert len(parents) == 1
    assert gone({*arms, *parents})
    assert "Traceback" not in err
    footer = read(tmp_path / "run").footer
    assert (footer and footer.status) == (None if how == signal.SIGKILL else "interrupted")


# With TensorFlow


def test_built_in_variants_have_equal_losses_traces_and_counts_forked_and_fresh(tmp_path):
    found = []
    for fresh in (False, True):
        plan = planned("compare", "moments", baseline="moments", scale="smoke", epochs=1, blocks=1, fresh=fresh)
        assert bool(plan.preload) is not fresh
        record = measure(plan, tmp_path / f"{fresh}", lambda event, record: None)
        (ready,) = record.ready
        assert ready.started == ("fresh" if fresh else "forked")
        warm_up = record.slices[:2]  # which epochs are sampled after these goes by their pace
        first = [epoch for piece in warm_up for epoch in piece.epochs]
        found.append(
            (
                ready.versions,
                ready.environment,
                [(e.index, e.kind, e.losses, [(t.function, t.where) for t in evidence.traces(e)]) for e in first],
                record.objectives,
                # Those of other kinds grow with the epoch, and which one is counted goes by their pace, too.
                [work.flops["full"] for work in record.works],
            )
        )
    assert found[0] == found[1]
    assert sum(len(traces) for _, _, _, traces in found[0][2]) > 1


IMPORTED = """
import importlib, sys, threading
from harness.catalog import registry
known = registry.registered()
for name in known.preloads["original"]:
    importlib.import_module(name)
from tensorflow.python.eager import context
assert context.context()._context_handle is None, "importing it has set TensorFlow going"
assert threading.active_count() == 1
before = set(sys.modules)
for name in ("original", "fast"):
    known.variants[name].build(case="case1", scale="smoke", seed=0).epoch(0)
print(*sorted(set(sys.modules) - before))
"""


def test_preloaded_modules_are_those_of_built_in_variants_and_compute_nothing():
    done = subprocess.run([sys.executable, "-c", IMPORTED], check=True, capture_output=True, text=True)
    late = {name.partition(".")[0] for name in done.stdout.splitlines()[-1].split()}
    assert late <= {"harness", "variants"}

"""An arm's process, as its parent sees it."""

import logging
import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.connection import Pipe, wait
from pathlib import Path
from time import monotonic
from typing import Any

import msgspec
import psutil

from harness.catalog import registry
from harness.catalog.command_lines import CommandLine
from harness.engine.processes import process
from harness.engine.processes.answers import Answer, Failed, from_journal, receive_answer
from harness.engine.processes.fork_client import ForkServer, ForkServerLost
from harness.engine.processes.surroundings import list_variables
from harness.engine.revisions import revisions
from harness.plan.plan import UNSEEN, Arm, Plan
from harness.worker import frameworks, journal
from harness.worker.imports import loading
from harness.worker.wire.messages import Build, CountWork, Evaluate, Finish, Order, Program, Run, send

_log = logging.getLogger(__name__)

LAST_LINES = 12
LOGGED = 300
"""Characters of an order or an answer that are logged."""
STUCK_SECONDS = 20.0
"""Seconds without any computing after which a forked arm is taken to wait for a thread that it lacks: fork copies only
the thread that calls it, so a module that starts threads when it is imported may wait forever in the arms."""
CHECK_SECONDS = 2.0
"""Seconds between two checks of that."""
COUNTING_SECONDS = 60.0
"""Seconds that an arm may take to count its operations. It takes about two, and the user did not ask for it."""
_LAST_BYTES = 20_000
_ROUTINE = re.compile("|".join(frameworks.routine_output()) or "(?!)")
"""Lines that frameworks always log: they do not explain why an arm ended."""


class ArmProcess:
    """One arm's process. The constructor starts it, `send` gives an order, `receive` waits for an answer, `close` kills
    it.

    If `server` is given, the process is forked from it; methods that wait for the process to end then raise
    ForkServerLost if the server has died.
    """

    def __init__(
        self,
        arm: Arm,
        plan: Plan,
        block: int,
        cores: Sequence[int],
        log: Path,
        server: ForkServer | None = None,
        exact_memory: bool = False,
        repeatable: bool = False,
    ) -> None:
        source = revisions.source(arm, plan)  # first, because it raises if the revision is not available
        self.label = arm.label
        self.forked = server is not None
        seed = plan.seed_of(block)
        self.started = monotonic()
        self._timeout = self._patience = plan.timeout
        self._deadline = 0.0
        self._order: Order | None = None
        self._moment = ""
        """When the current order takes place, for the report of a failure. Not used for epochs, which have numbers."""
        self._indices: list[int] = []
        self._log = log
        self._log.parent.mkdir(parents=True, exist_ok=True)
        # For temporary files too: the arm is killed before it can remove them, and some frameworks write many.
        self._scratch = Path(tempfile.mkdtemp(prefix="harness-"))
        self._journal = self._scratch / "journal"
        self._journal.touch()
        self._pipe, theirs = Pipe()
        self._process: process.Process
        self._pidfd: int | None = None
        with self._log.open("wb") as output, theirs:
            if server:
                try:
                    self._process = server.fork(theirs.fileno(), output.fileno(), self._scratch)
                except ForkServerLost:
                    self._clean_up()
                    raise
            else:
                command = arm.command or CommandLine()
                self._process = process.start(
                    "harness.worker.worker",
                    theirs.fileno(),
                    seed,
                    self._scratch,
                    output,
                    interpreter=command.interpreter,
                    flags=command.flags,
                    variables={**list_variables(plan), **command.variables},
                    given=command.input,
                )
        if hasattr(os, "pidfd_open"):
            with suppress(ProcessLookupError):  # the server died, and this process with it: `receive` reports it
                self._pidfd = os.pidfd_open(self.pid)
        self._prefer_for_oom_kill()
        _log.info("%s: process %d, %s; its output is in %s", arm.label, self.pid, "forked" if server else "fresh", log)
        self.send(
            Build(
                variant=arm.variant,
                case=plan.case,
                scale=plan.scale,
                seed=seed,
                cores=list(cores),
                journal=str(self._journal),
                settings=arm.settings,
                slowdown=arm.slowdown,
                allow_nonfinite=plan.allow_nonfinite,
                whole=plan.trains,
                epochs=plan.length_of(arm.label),
                exact_memory=exact_memory,
                repeatable=repeatable,
                notes_phases=plan.notes_phases,
                source=source,
                preload=list(_choose_preload(arm, plan)),
                program=_make_program(arm),
            ),
            "while it was being built",
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def run(
        self,
        indices: Sequence[int],
        note_calls: bool = False,
        watch: str | None = None,
        timeline: Path | None = None,
        least: int = 0,
        seconds: float | None = None,
        settling: int = 0,
    ) -> Answer:
        """Run these epochs, and wait until they are done.

        At least `least` of them run; after that the run ends with the epoch in which they have taken `seconds`. The
        work of the first `settling` ones is done before the others are timed. A pass
        of a profile is one order, so its timeout is that of all its epochs together.
        """
        self._indices = list(indices)
        patience = self._timeout * len(self._indices) if watch else None
        order = Run(
            self._indices,
            note_calls=note_calls,
            watch=_make_absolute(watch),
            timeline=str(timeline) if timeline else None,
            least=least,
            seconds=seconds,
            settling=settling,
        )
        self.send(order, "in an epoch", patience)
        return self.receive()

    def evaluate(self, epochs: int, metric: str | None) -> Answer:
        """Ask for the quality after `epochs` epochs of training. `metric` must be among the answers."""
        order = Evaluate(epochs, metric)
        self.send(order, order.moment)
        return self.receive()

    def finish(self) -> Answer:
        """Ask for its peak memory, after its last epoch."""
        self.send(Finish(), "as it ended")
        return self.receive()

    def count_work(self, rate: bool = True) -> Answer:
        """Ask for the operations of its epochs; after `finish`, because counting takes memory too."""
        self.send(CountWork(rate), "as its work was counted", min(COUNTING_SECONDS, self._timeout))
        return self.receive()

    def send(self, order: Order, moment: str, patience: float | None = None) -> None:
        """Give an order. `moment` is when it takes place, for the report of a failure.

        The answer is due within `patience` seconds; the default is the plan's timeout.
        """
        self._order, self._moment = order, moment
        self._patience = patience or self._timeout
        self._deadline = monotonic() + self._patience
        self._computed, self._computed_at = 0.0, monotonic()
        _log.debug("%s <- %s", self.label, _abridge(order))
        with suppress(OSError):  # the process is dead: `receive` reports it
            send(self._pipe, order)

    def receive(self) -> Answer:
        """Wait for its answer. If the process died or hangs, return a failure built from its exit code and journal.

        Raises ForkServerLost if it was forked and waits for what it did not inherit.
        """
        while True:
            if self.overdue:
                self._kill()
                return self._build_failure(f"it gave no answer for {self._patience:g} s and was stopped")
            if receive_any([self], min(max(self._deadline - monotonic(), 0.0), CHECK_SECONDS)):
                break
            self.check_stuck()
        try:
            if self._pipe.poll():
                answer = receive_answer(self._pipe)
                _log.debug("%s -> %s", self.label, _abridge(answer))
                return answer
        except (EOFError, OSError):
            pass
        except msgspec.DecodeError as error:
            self._kill()
            return self._build_failure(f"it wrote something to harness's pipe that is not an answer: {error}")
        return self._build_failure(self._describe_death())

    @property
    def overdue(self) -> bool:
        """Whether the time for its answer is over."""
        return monotonic() >= self._deadline

    def check_stuck(self) -> None:
        """Raise ForkServerLost if it was forked, and has not computed for too long since its order or since it last
        did."""
        if not self.forked:
            return
        with suppress(psutil.Error):
            computed = sum(psutil.Process(self.pid).cpu_times()[:2])
            if computed > self._computed:
                self._computed, self._computed_at = computed, monotonic()
        if monotonic() - self._computed_at > STUCK_SECONDS:
            raise ForkServerLost(
                f"{self.label} waited for {STUCK_SECONDS:g} s without computing, as forked processes do for threads"
                " that their modules started when they were imported"
            )

    def waitables(self) -> list[Any]:
        """Handles that become readable when it answers or dies. The pipe is not enough: a child that it forked may keep
        the pipe open."""
        return [self._pipe] if self._pidfd is None else [self._pipe, self._pidfd]

    def last_lines(self) -> list[str]:
        """The last lines that the variant printed, without routine output of frameworks."""
        try:
            with self._log.open("rb") as log:
                log.seek(max(0, log.seek(0, os.SEEK_END) - _LAST_BYTES))
                text = log.read().decode(errors="backslashreplace")
        except OSError:
            return []
        return [line for line in text.splitlines() if line.strip() and not _ROUTINE.match(line)][-LAST_LINES:]

    def close(self) -> None:
        """Kill the process and everything that it started, and remove its files."""
        _log.info("%s: process %d ends", self.label, self.pid)
        self._kill()
        self._clean_up()

    def _clean_up(self) -> None:
        self._pipe.close()
        if self._pidfd is not None:
            os.close(self._pidfd)
        shutil.rmtree(self._scratch, ignore_errors=True)

    def _kill(self) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        with suppress(ForkServerLost):  # then the arm has ended too
            self._process.wait()

    def _build_failure(self, reason: str) -> Failed:
        """The failure of a process that can no longer answer, with the epochs that its journal holds."""
        if not isinstance(self._order, Run):
            return Failed(self._moment, reason, [])
        # At most all but one: it may have died after its last epoch.
        done = from_journal(journal.read(self._journal))[: len(self._indices) - 1]
        return Failed(f"in epoch {self._indices[len(done)]}", reason, done)

    def _describe_death(self) -> str:
        try:
            code = self._process.wait(timeout=max(self._deadline - monotonic(), 1))
        except subprocess.TimeoutExpired:
            self._kill()
            return "it closed harness's pipe, so it could not answer"
        return f"its process {process.describe_end(code)}"

    def _prefer_for_oom_kill(self) -> None:
        """If memory runs out, the kernel should kill the arm, not the parent, which holds the record."""
        with suppress(OSError):
            Path(f"/proc/{self.pid}/oom_score_adj").write_text("1000")


def _abridge(message: object) -> str:
    """A message of bounded length, for the log."""
    text = repr(message)
    return text if len(text) <= LOGGED else f"{text[:LOGGED]}..."


def _choose_preload(arm: Arm, plan: Plan) -> tuple[str, ...]:
    """The modules that an arm imports before anything else, forked or not, so that it draws the same random numbers."""
    if arm.label in plan.references:
        return ()
    return plan.preload or registry.registered().preloads.get(arm.variant, ())


def _make_program(arm: Arm) -> Program | None:
    if arm.command is None:
        return None
    return Program(
        script=arm.command.script,
        module=arm.command.module,
        arguments=list(arm.command.arguments),
        epochs_at=list(arm.command.epochs_at),
        whole=arm.command.whole,
        seeks_loop=arm.command.whole == UNSEEN,
    )


def _make_absolute(watch: str | None) -> str | None:
    """The pass, with the absolute path of its file: a trainer may have changed its directory by then."""
    place, _, name = (watch or "").rpartition(":")
    return f"{loading.file(place).absolute()}:{name}" if loading.is_file(place) else watch


def receive_any(arms: Sequence[ArmProcess], timeout: float) -> list[ArmProcess]:
    """Wait until at least one of `arms` has answered or died, and return those; empty after `timeout` seconds."""
    ready = wait([handle for arm in arms for handle in arm.waitables()], timeout)
    return [arm for arm in arms if any(handle in ready for handle in arm.waitables())]

"""A child process, seen from its parent."""

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

from harness.catalog import registry
from harness.engine.processes import process
from harness.engine.processes.answers import Answer, Failed, from_journal, receive_answer
from harness.engine.processes.fork_client import ForkServer, ForkServerLost
from harness.engine.revisions import revisions
from harness.plan.plan import Arm, Plan
from harness.worker import frameworks, journal
from harness.worker.wire.messages import Build, CountWork, Evaluate, Finish, Order, Run, send

LAST_LINES = 12
COUNTING_SECONDS = 60.0
"""How long an arm may take to count its operations: it takes about two, and nobody has asked for it."""
_LAST_BYTES = 20_000
_ROUTINE = re.compile("|".join(frameworks.routine_output()) or "(?!)")
"""What frameworks log in any case: it says nothing of why an arm ended."""


class ArmProcess:
    """One arm's own process, started when this is made: `send` gives an order, `receive` waits, `close` ends it.

    It is forked from `server`, if there is one. Whatever waits for its end then raises ForkServerLost when that
    has gone.
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
    ) -> None:
        source = revisions.source(arm, plan)  # first: it may not be there to be had
        self.label = arm.label
        self.forked = server is not None
        seed = plan.seed_of(block)
        self.started = monotonic()
        self._timeout = self._patience = plan.timeout
        self._deadline = 0.0
        self._doing = ""
        self._indices: list[int] = []
        self._log = log
        self._log.parent.mkdir(parents=True, exist_ok=True)
        # Its temporary files too: it ends too abruptly to remove them, and some frameworks write one for each function.
        self._scratch = Path(tempfile.mkdtemp(prefix="harness-"))
        self._journal = self._scratch / "journal"
        self._journal.touch()
        self._pipe, theirs = Pipe()
        self._process: process.Process
        self._death_notice: int | None = None
        with self._log.open("wb") as output, theirs:
            if server:
                try:
                    self._process = server.fork(theirs.fileno(), output.fileno(), self._scratch)
                except ForkServerLost:
                    self._clear_away()
                    raise
            else:
                self._process = process.start("harness.worker.worker", theirs.fileno(), seed, self._scratch, output)
        if hasattr(os, "pidfd_open"):
            with suppress(ProcessLookupError):  # the server has gone, and this with it: receiving will say so
                self._death_notice = os.pidfd_open(self.pid)
        self._offer_to_the_oom_killer()
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
                notes_phases=plan.notes_phases,
                source=source,
                preload=list(_preload(arm, plan)),
            ),
            "while it was built",
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
    ) -> Answer:
        """Run these epochs, and wait until they are done: `least` of them in any case, and the others until they have
        taken so many seconds. A pass of a profile is one order, with the time of all its epochs."""
        self._indices = list(indices)
        patience = self._timeout * len(self._indices) if watch else None
        drawn = str(timeline) if timeline else None
        self.send(Run(self._indices, note_calls, watch, drawn, least, seconds), "in epoch", patience)
        return self.receive()

    def evaluate(self, epochs: int, metric: str | None) -> Answer:
        """Ask what it has come to after so many epochs."""
        order = Evaluate(epochs, metric)
        self.send(order, order.moment)
        return self.receive()

    def finish(self) -> Answer:
        """Ask what it used, once it has run its last epoch."""
        self.send(Finish(), "as it ended")
        return self.receive()

    def count_work(self, rate: bool = True) -> Answer:
        """Ask how much its epochs compute, once it has said what it used: counting takes memory too."""
        self.send(CountWork(rate), "as its work was counted", min(COUNTING_SECONDS, self._timeout))
        return self.receive()

    def send(self, order: Order, doing: str, patience: float | None = None) -> None:
        """Give an order, to be answered within `patience` seconds, or else the plan's timeout."""
        self._doing = doing
        self._patience = patience or self._timeout
        self._deadline = monotonic() + self._patience
        with suppress(OSError):  # it is dead: receiving will say so
            send(self._pipe, order)

    def receive(self) -> Answer:
        """Its answer. A child that died or hangs answers through what it left behind."""
        while True:
            left = self._deadline - monotonic()
            if left <= 0:
                self._kill()
                return self._lost(f"it gave no answer for {self._patience:g} s and was stopped")
            if receive_any([self], left):
                break
        try:
            if self._pipe.poll():
                return receive_answer(self._pipe)
        except (EOFError, OSError):
            pass
        except msgspec.DecodeError as error:
            self._kill()
            return self._lost(f"it sent on harness's own pipe what harness cannot read: {error}")
        return self._lost(self._death())

    def waitables(self) -> list[Any]:
        """What becomes readable when it answers, or dies: a forked child of its own may hold its pipe open."""
        return [self._pipe] if self._death_notice is None else [self._pipe, self._death_notice]

    def last_lines(self) -> list[str]:
        """The last lines that the variant printed."""
        try:
            with self._log.open("rb") as log:
                log.seek(max(0, log.seek(0, os.SEEK_END) - _LAST_BYTES))
                text = log.read().decode(errors="backslashreplace")
        except OSError:
            return []
        return [line for line in text.splitlines() if line.strip() and not _ROUTINE.match(line)][-LAST_LINES:]

    def close(self) -> None:
        """End it, whatever it is doing, and what it started itself."""
        self._kill()
        self._clear_away()

    def _clear_away(self) -> None:
        self._pipe.close()
        if self._death_notice is not None:
            os.close(self._death_notice)
        shutil.rmtree(self._scratch, ignore_errors=True)

    def _kill(self) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        with suppress(ForkServerLost):  # then it has ended too
            self._process.wait()

    def _lost(self, reason: str) -> Failed:
        """What a child that can no longer speak would have said."""
        if self._doing != "in epoch":
            return Failed(self._doing, reason, [])
        done = from_journal(journal.read(self._journal))[
            : len(self._indices) - 1
        ]  # it may have ended after its last epoch
        return Failed(f"in epoch {self._indices[len(done)]}", reason, done)

    def _death(self) -> str:
        try:
            code = self._process.wait(timeout=max(self._deadline - monotonic(), 1))
        except subprocess.TimeoutExpired:
            self._kill()
            return "it closed harness's own pipe, so it could not be heard"
        return f"its process {process.describe_end(code)}"

    def _offer_to_the_oom_killer(self) -> None:
        """Should memory run out, the kernel is to take the arm, not the parent that holds the record."""
        with suppress(OSError):
            Path(f"/proc/{self.pid}/oom_score_adj").write_text("1000")


def _preload(arm: Arm, plan: Plan) -> tuple[str, ...]:
    """What an arm imports before anything else, forked or not: it is to draw the same numbers either way."""
    if arm.label in plan.references:
        return ()
    return plan.preload or registry.registered().preloads.get(arm.variant, ())


def receive_any(arms: Sequence[ArmProcess], timeout: float) -> list[ArmProcess]:
    """Those of `arms` that have answered, or have died, once one of them has; none after `timeout` seconds."""
    ready = wait([place for arm in arms for place in arm.waitables()], timeout)
    return [arm for arm in arms if any(place in ready for place in arm.waitables())]

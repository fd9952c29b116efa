"""The child: it prepares its process, builds one trainer, runs the requested epochs, and answers on its own pipe.

Started as `python -P -m harness.worker.worker PIPE PARENT`, or forked from a process that has been prepared already.
The output of the variant does not go to the pipe.
"""

from __future__ import annotations

import gc
import os
import platform
import sys
import traceback
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NoReturn

from harness.worker import environment, frameworks, libraries, passes, seeding
from harness.worker.allocators import hand_back_memory
from harness.worker.frameworks import FRAMEWORKS
from harness.worker.imports import sources
from harness.worker.imports.early import EarlyImports
from harness.worker.probes.base import Probe
from harness.worker.probes.clock import Clock
from harness.worker.probes.memory import peak_rss_bytes, peak_tensor_bytes
from harness.worker.probes.phases import Place as PhasePlace
from harness.worker.probes.places import claim, claim_file
from harness.worker.programs import adapters
from harness.worker.programs import watcher as watching
from harness.worker.programs.execute import execute
from harness.worker.programs.loop_samples import LoopSamples
from harness.worker.programs.marking import Marker, Place
from harness.worker.programs.watcher import Watcher
from harness.worker.recorder import Recorder
from harness.worker.subject import BUILDING, Subject, build
from harness.worker.wire.messages import (
    Answer,
    Build,
    Built,
    CountWork,
    Description,
    Evaluate,
    Evaluated,
    Failed,
    Finish,
    Finished,
    Idle,
    Order,
    Program,
    Ran,
    Run,
    State,
    Stated,
    StateObjective,
    receive_order,
    send,
)
from harness.worker.wire.reasons import Misbehaved, one_line

LIBRARIES = (*frameworks.libraries(), "pandas", "sklearn", "sympy", "matplotlib", "torch._dynamo")
"""Large libraries that a program may import, and that leave the process as it is until they are used."""
NO_PEAK = "peak of tensors"
NOTHING_REPORTS = "no framework was loaded that reports it"


class Worker:
    """Turns orders into answers. Any failure of the variant that Python can catch becomes an answer, too."""

    def __init__(self, pipe: Connection, prepared: dict[str, str] | None = None) -> None:
        self._pipe, self._prepared = pipe, prepared
        self._recorder: Recorder | None = None
        self._subject: Subject | None = None
        self._watcher: Watcher | None = None
        """Watches the program, if the arm is one."""
        self._loop = ""
        """The loop in which a program computed gradients that ran as a whole."""
        self._seed = 0
        self._facts: dict[str, str] = {}
        self._waiting, self._running = Clock(), Clock()
        self._idle = Idle(0.0, 0.0)
        self._allocators = passes.allocators()
        self._imports: EarlyImports | None = None
        """The imports of a process that is not forked."""

    def serve(self) -> None:
        """Answer orders until there are no more, or one fails."""
        while True:
            order = self._receive()
            answer = self.answer(order)
            if answer:
                self._send(answer)
            if isinstance(answer, Failed):
                return

    def next_run(self) -> Run:
        """Answer the orders to a running program until one asks for epochs, and return it."""
        while True:
            order = self._receive()
            if isinstance(order, Run):
                self._begin_run()
                return order
            answer = self.answer(order)
            assert answer is not None, "only the first order starts a program"
            self._send(answer)

    def built(self, description: Description) -> None:
        gc.collect()  # see `_start`
        self._send(self._make_built(description))

    def ran(self, ended: bool, expected: int | None, after: float | None = None) -> None:
        assert self._recorder is not None, "a program that runs is recorded"
        try:
            answer = self._finish_run(self._recorder)
        except Misbehaved as error:  # the program must not catch it
            self.fail(error)
            raise
        if ended:  # what a program does after its last epoch is not between epochs
            answer = replace(answer, between=None, loop=self._loop)
        self._send(replace(answer, ended=ended, expected=expected, after=after))

    def fail(self, error: BaseException) -> None:
        self._send(self._describe_failure(error))
        os._exit(0)

    def _receive(self) -> Order:
        try:
            return receive_order(self._pipe)
        except EOFError:  # the parent has ended
            os._exit(0)

    def _send(self, answer: Answer) -> None:
        with suppress(Exception):  # the variant may have replaced them
            sys.stdout.flush()
            sys.stderr.flush()
        send(self._pipe, answer)
        self.rest()

    def rest(self) -> None:
        """Note that the answer has been sent: work of this process until the next order is outside its turn."""
        self._waiting.start()

    def answer(self, order: Order) -> Answer | None:
        """Carry out an order and return the answer; None if a program ran, and answered for itself."""
        if isinstance(order, Build):
            return self._start(order)
        try:
            return self._execute(order)
        except BaseException as error:  # a variant may also raise SystemExit or KeyboardInterrupt
            return self._describe_failure(error)

    def _execute(self, order: Order) -> Answer:
        assert self._recorder is not None, "an arm must be built before any other order"
        match order:
            case Finish():
                return Finished(peak_rss_bytes(), peak_tensor_bytes(self._allocators), self._describe_final_state())
            case CountWork(rate):
                return self._recorder.count(rate)
            case Run() if self._watcher:  # the program has ended
                self._begin_run()
                self._recorder.open(order)
                return replace(self._finish_run(self._recorder), ended=True)
            case StateObjective() if self._watcher:
                return Stated(None)
        assert self._subject is not None, "a program is given no other order"
        match order:
            case StateObjective():
                terms = self._subject.objective()
                for allocator in self._allocators:
                    allocator.forget_peak()  # the memory of objective() is not that of the training
                return Stated(terms)
            case Run():
                self._begin_run()
                self._subject.run(order)
                return self._finish_run(self._recorder)
            case Evaluate():
                return Evaluated(self._subject.evaluate(order))
        raise AssertionError(f"no process is given a second {type(order).__name__}")

    def _prepare(self, order: Build) -> Recorder:
        """Prepare the process, and return what records its epochs."""
        self._facts = self._prepared or environment.prepare(order.cores, order.seed, order.repeatable)
        if not self._prepared:
            self._imports = EarlyImports(LIBRARIES, lambda: seeding.save(order.seed))
        missing = hand_back_memory() if order.exact_memory else None
        place = PhasePlace() if order.notes_phases else None
        self._seed = order.seed
        self._recorder = Recorder(order, list(_make_probes(place)), missing, place)
        return self._recorder

    def _start(self, order: Build) -> Answer | None:
        """Build a trainer, or run a program to its end. A program answers the orders itself, whenever one of its epochs
        ends, and the result is then None: see `Watcher`."""
        try:
            recorder = self._prepare(order)
            self._watcher = Watcher(recorder, self, frameworks.any_loaded, frameworks.defer)
            loaded: dict[str, Any] = sys.modules  # where `harness.loops` finds it
            if not (order.program and order.program.whole):
                loaded[watching.NAME] = self._watcher
            built = None
            if order.program:
                self._loop = _run_program(order, order.program, self._watcher)
            else:
                built = build(order, self._watcher)
            if self._watcher.begun:
                self._watcher.finish()
                return None
            if order.program:
                raise watching.NothingSeen
            del loaded[watching.NAME]
            self._watcher.dismiss()
            self._watcher = None
            self._subject = Subject(order, recorder, built)
            claim(type(built).__module__)
        except BaseException as error:  # a variant may also raise SystemExit or KeyboardInterrupt
            if self._watcher:
                self._watcher.fail()
            if not (order.program or (self._watcher and self._watcher.begun)):
                self._watcher = None  # it was still building
            return self._describe_failure(error)
        # Otherwise the garbage of importing and building would be collected in an epoch that differs between arms,
        # which takes a quarter of a second in a process with a large framework.
        gc.collect()
        return self._make_built(self._subject.description)

    def _make_built(self, description: Description) -> Built:
        imported, why_not = dict[str, str](), ""
        if self._imports:
            self._imports.stop()
            imported, why_not = self._imports.found, self._imports.why_not
        state = self._describe_state()
        return Built(description, self._facts, state, platform.python_version(), sys.prefix, imported, why_not)

    def _begin_run(self) -> None:
        self._idle = Idle(*self._waiting.stop())
        self._running.start()

    def _finish_run(self, recorder: Recorder) -> Ran:
        """End the slice and return the answer. Raises Misbehaved as `Recorder.close`."""
        epochs = recorder.close()
        between = self._running.stop()[0] - sum(epoch.wall for epoch in epochs)
        return Ran(
            epochs,
            self._idle,
            max(between, 0.0),
            pending=recorder.pending.seconds,
            early=recorder.pending.early,
            counts_apart=recorder.counts_apart,
            times_apart=recorder.times_apart,
        )

    def _describe_failure(self, error: BaseException) -> Failed:
        if isinstance(error, Misbehaved):
            reason = str(error)
        else:
            with suppress(Exception):  # the variant may have replaced stderr
                traceback.print_exception(error)
            reason = one_line(error)
        running = self._watcher or self._subject
        moment = running.moment if running else BUILDING
        finished = self._recorder.epochs if self._recorder else []
        peak = peak_tensor_bytes(self._allocators)
        return Failed(
            moment,
            reason,
            finished,
            peak_rss_bytes(),
            peak,
            self._describe_final_state(),
            unseen=isinstance(error, watching.NothingSeen),
        )

    def _describe_state(self) -> State:
        unavailable = self._recorder.unavailable if self._recorder else {}
        return State(libraries.loaded(), seeding.seeded(self._seed), unavailable, frameworks.threads_used())

    def _describe_final_state(self) -> State:
        """Return the state, with the reason if there is no peak of tensors.

        A framework that is asked for its peak may start up, so this must not be asked before the trainer has used it.
        """
        state = self._describe_state()
        reasons = [one.why_no_peak() for one in self._allocators if one.is_used()]
        missing = {NO_PEAK: next(filter(None, reasons), NOTHING_REPORTS)} if all(reasons) else {}
        return replace(
            state,
            unavailable={**state.unavailable, **missing},
            threads_set_by=frameworks.threads_set_by(),
            arithmetic=frameworks.arithmetic(),
        )


def _run_program(order: Build, program: Program, watcher: Watcher) -> str:
    """Run a program to its end. Returns the loop in which it computed gradients, if that was to be noted."""
    places = program.epochs_at
    if order.source:
        places = [sources.reference(place, order.source) for place in places]
        sources.use(order.source)
        os.chdir(Path(order.source.folder) / order.source.prefix)
    if program.module:
        claim(program.module)
    if program.script:
        claim_file(program.script)
    seeding.seed_again(order.seed)
    if program.whole:
        return _run_whole(program, watcher)
    marker = Marker(watcher, [Place(text) for text in places])
    marker.install()
    if not program.epochs_at:
        adapters.install(watcher)
    execute(program, marker)
    return ""


def _run_whole(program: Program, watcher: Watcher) -> str:
    samples = LoopSamples()

    def run() -> None:
        with samples if program.seeks_loop else nullcontext():
            execute(program)

    watcher.run_whole(run, program.whole)
    return samples.find_loop()


def _make_probes(place: PhasePlace | None) -> Iterator[Probe]:
    """Make the probes that observe every epoch, for each framework."""
    for framework in FRAMEWORKS:
        yield from framework.probes(place.path if place else None)


def serve(pipe: Connection, prepared: dict[str, str] | None = None) -> NoReturn:
    """Answer orders until there are no more. `prepared` are the settings of a process that is prepared already."""
    os.set_inheritable(pipe.fileno(), False)
    Worker(pipe, prepared).serve()
    # An interpreter with a large framework takes long to shut down and may crash meanwhile. All answers have been sent.
    os._exit(0)


def main() -> None:
    handle, parent = (int(argument) for argument in sys.argv[1:])
    environment.die_with_parent(parent)
    serve(Connection(handle))


if __name__ == "__main__":
    main()

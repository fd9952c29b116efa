"""The child: it prepares its process, builds one trainer, runs the requested epochs, and answers on its own pipe.

Started as `python -P -m harness.worker.worker PIPE PARENT`, or forked from a process that has been prepared already.
The output of the variant does not go to the pipe.
"""

from __future__ import annotations

import gc
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NoReturn

from harness.worker import environment, libraries, passes, seeding
from harness.worker.allocators import hand_back_memory
from harness.worker.frameworks import FRAMEWORKS
from harness.worker.probes.base import Probe
from harness.worker.probes.clock import Clock
from harness.worker.probes.memory import peak_rss_bytes, peak_tensor_bytes
from harness.worker.probes.phases import Place
from harness.worker.returned import Misbehaved
from harness.worker.subject import BUILDING, Bound, Subject
from harness.worker.timeline import Timeline
from harness.worker.wire.messages import (
    NOTHING_COUNTS,
    Answer,
    Build,
    Built,
    Counted,
    CountWork,
    Evaluate,
    Evaluated,
    Failed,
    Finish,
    Finished,
    Idle,
    Order,
    Ran,
    Run,
    State,
    Stated,
    StateObjective,
    receive_order,
    send,
)
from harness.worker.wire.reasons import one_line

NO_PEAK = "peak of tensors"


class Worker:
    """Turns orders into answers. Any failure of the variant that Python can catch becomes an answer, too."""

    def __init__(self, prepared: dict[str, str] | None = None) -> None:
        self._prepared = prepared
        self._subject: Subject | None = None
        self._seed = 0
        self._waiting = Clock()
        self._allocators = passes.allocators()

    def answer(self, order: Order) -> Answer:
        try:
            return self._execute(order)
        except BaseException as error:  # a variant may also raise SystemExit or KeyboardInterrupt
            return self._describe_failure(error)

    def rest(self) -> None:
        """Note that the answer has been sent: work of this process until the next order is outside its turn."""
        self._waiting.start()

    def _execute(self, order: Order) -> Answer:
        if isinstance(order, Build):
            return self._build_subject(order)
        if isinstance(order, Finish):
            return Finished(peak_rss_bytes(), peak_tensor_bytes(self._allocators), self._describe_final_state())
        assert self._subject is not None, "an arm must be built before any other order"
        match order:
            case StateObjective():
                terms = self._subject.objective()
                for allocator in self._allocators:
                    allocator.forget_peak()  # the memory of objective() is not that of the training
                return Stated(terms)
            case Run():
                return self._run_epochs(self._subject, order)
            case Evaluate():
                return Evaluated(self._subject.evaluate(order))
            case CountWork(rate):
                found = [counted for one in self._subject.counters if (counted := one.count(rate))]
                return found[0] if found else Counted({}, NOTHING_COUNTS, None)

    def _build_subject(self, order: Build) -> Built:
        facts = self._prepared or environment.prepare(order.cores, order.seed)
        missing = hand_back_memory() if order.exact_memory else None
        place = Place() if order.notes_phases else None
        self._seed = order.seed
        self._subject = Subject(order, list(_make_probes(place)), missing, place)
        # Otherwise the garbage of importing and building would be collected in an epoch that differs between arms,
        # which takes a quarter of a second in a process with a large framework.
        gc.collect()
        return Built(self._subject.description, facts, self._describe_state())

    def _run_epochs(self, subject: Subject, order: Run) -> Ran:
        idle = Idle(*self._waiting.stop())
        whole = Clock()
        whole.start()
        timeline = Timeline() if order.timeline else None
        bound = None if order.seconds is None else Bound(order.least, order.seconds)
        epochs = subject.run(order.indices, order.note_calls, order.watch, timeline, bound)
        between = whole.stop()[0] - sum(epoch.wall for epoch in epochs)
        if order.timeline and timeline:
            with suppress(OSError):  # the timeline is optional, and its absence is reported
                timeline.write(Path(order.timeline))
        return Ran(epochs, idle, max(between, 0.0))

    def _describe_failure(self, error: BaseException) -> Failed:
        if isinstance(error, Misbehaved):
            reason = str(error)
        else:
            with suppress(Exception):  # the variant may have replaced stderr
                traceback.print_exception(error)
            reason = one_line(error)
        moment = self._subject.moment if self._subject else BUILDING
        finished = self._subject.finished if self._subject else []
        peak = peak_tensor_bytes(self._allocators)
        return Failed(moment, reason, finished, peak_rss_bytes(), peak, self._describe_final_state())

    def _describe_state(self) -> State:
        unavailable = self._subject.unavailable if self._subject else {}
        return State(libraries.loaded(), seeding.seeded(self._seed), unavailable)

    def _describe_final_state(self) -> State:
        """Return the state, with the reason if there is no peak of tensors.

        A framework that is asked for its peak may start up, so this must not be asked before the trainer has used it.
        """
        state = self._describe_state()
        reasons = [one.why_no_peak() for one in self._allocators]
        missing = {NO_PEAK: next(filter(None, reasons), "no framework reports it")} if all(reasons) else {}
        return State(state.versions, state.seeded, {**state.unavailable, **missing})


def _make_probes(place: Place | None) -> Iterator[Probe]:
    """Make the probes that observe every epoch, for each framework."""
    for framework in FRAMEWORKS:
        yield from framework.probes(place.path if place else None)


def serve(pipe: Connection, prepared: dict[str, str] | None = None) -> NoReturn:
    """Answer orders until there are no more. `prepared` are the settings of a process that is prepared already."""
    os.set_inheritable(pipe.fileno(), False)
    worker = Worker(prepared)
    answer: Answer | None = None
    while not isinstance(answer, Failed):
        try:
            order = receive_order(pipe)
        except EOFError:  # the parent has ended
            break
        answer = worker.answer(order)
        with suppress(Exception):  # the variant may have replaced them
            sys.stdout.flush()
            sys.stderr.flush()
        send(pipe, answer)
        worker.rest()
    # An interpreter with a large framework takes long to shut down and may crash meanwhile. All answers have been sent.
    os._exit(0)


def main() -> None:
    handle, parent = (int(argument) for argument in sys.argv[1:])
    environment.die_with_parent(parent)
    serve(Connection(handle))


if __name__ == "__main__":
    main()

"""The child: prepares its process, builds one trainer, runs the epochs that it is told to, and answers on its own pipe.

Started as `python -P -m harness.worker.worker PIPE PARENT`, or forked from a process that has been prepared likewise.
Whatever the variant prints goes elsewhere.
"""

import gc
import os
import sys
import traceback
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NoReturn

from msgspec.structs import replace

from harness.errors import describe
from harness.record.schema import Idle
from harness.worker import environment, libraries, seeding
from harness.worker.allocators import hand_back_memory
from harness.worker.probes.clock import Clock
from harness.worker.probes.memory import (
    forget_peak_tensor_bytes,
    peak_rss_bytes,
    peak_tensor_bytes,
    why_no_tensor_peak,
)
from harness.worker.probes.phases import Place
from harness.worker.probes.tensorflow.traces import TraceProbe
from harness.worker.probes.tensorflow.work import count
from harness.worker.returned import Misbehaved
from harness.worker.subject import BUILDING, Bound, Subject
from harness.worker.timeline import Timeline
from harness.worker.wire import (
    Answer,
    Build,
    Built,
    CountWork,
    Evaluate,
    Evaluated,
    Failed,
    Finish,
    Finished,
    Order,
    Ran,
    Run,
    State,
    Stated,
    StateObjective,
    receive_order,
    send,
)


class Worker:
    """Turns orders into answers. A variant that fails, in whatever way Python can see, is an answer too."""

    def __init__(self, prepared: dict[str, str] | None = None) -> None:
        self._prepared = prepared
        self._subject: Subject | None = None
        self._seed = 0
        self._waiting = Clock()

    def answer(self, order: Order) -> Answer:
        try:
            return self._obey(order)
        except BaseException as error:  # a variant may also raise SystemExit or KeyboardInterrupt
            return self._failed(error)

    def rest(self) -> None:
        """All is said: what this process does until the next order is no work of its own turn."""
        self._waiting.start()

    def _obey(self, order: Order) -> Answer:
        match order:
            case Build():
                facts = self._prepared or environment.prepare(order.cores, order.seed)
                lacking = hand_back_memory() if order.exact_memory else None
                place = Place() if order.notes_phases else None
                self._seed = order.seed
                traces = TraceProbe(place.path if place else None)
                traces.install()
                self._subject = Subject(order, traces, lacking, place)
                # What importing and building left would else be searched in some epoch, in another one for each arm:
                # with TensorFlow that takes a quarter of a second.
                gc.collect()
                return Built(self._subject.description, facts, self._state())
            case StateObjective():
                assert self._subject is not None, "an arm is built before it is asked for its objective"
                terms = self._subject.objective()
                forget_peak_tensor_bytes()  # that was no training
                return Stated(terms)
            case Run(indices, note_calls, probe, file, least, seconds):
                assert self._subject is not None, "an arm is built before it is run"
                idle = Idle(*self._waiting.stop())
                whole = Clock()
                whole.start()
                timeline = Timeline() if file else None
                bound = None if seconds is None else Bound(least, seconds)
                epochs = self._subject.run(indices, note_calls, probe, timeline, bound)
                between = whole.stop()[0] - sum(epoch.wall for epoch in epochs)
                if file and timeline:
                    with suppress(OSError):  # it is an extra, and whoever wanted it is told that it is not there
                        timeline.write(Path(file))
                return Ran(epochs, idle, max(between, 0.0))
            case Evaluate():
                assert self._subject is not None, "an arm is built before it is evaluated"
                return Evaluated(self._subject.evaluate(order))
            case Finish():
                return Finished(peak_rss_bytes(), peak_tensor_bytes(), self._state_at_its_end())
            case CountWork(rate):
                assert self._subject is not None, "an arm has run before its work is counted"
                return count(self._subject.calls, rate)

    def _failed(self, error: BaseException) -> Failed:
        if isinstance(error, Misbehaved):
            reason = str(error)
        else:
            with suppress(Exception):  # stderr may be an object of the variant's own making
                traceback.print_exception(error)
            reason = describe(error)
        moment = self._subject.moment if self._subject else BUILDING
        finished = self._subject.finished if self._subject else []
        return Failed(moment, reason, finished, peak_rss_bytes(), peak_tensor_bytes(), self._state_at_its_end())

    def _state(self) -> State:
        unavailable = self._subject.unavailable if self._subject else {}
        return State(libraries.loaded(), seeding.seeded(self._seed), unavailable)

    def _state_at_its_end(self) -> State:
        """Asking TensorFlow for its peak starts it, so nobody does before the trainer has."""
        state, why = self._state(), why_no_tensor_peak()
        return replace(state, unavailable=state.unavailable | ({"peak of tensors": why} if why else {}))


def serve(pipe: "Connection[bytes, bytes]", prepared: dict[str, str] | None = None) -> NoReturn:
    """Answer orders until there are no more. `prepared` are the facts of a process that is prepared already."""
    os.set_inheritable(pipe.fileno(), False)
    worker = Worker(prepared)
    answer: Answer | None = None
    while not isinstance(answer, Failed):
        try:
            order = receive_order(pipe)
        except EOFError:  # the parent is gone
            break
        answer = worker.answer(order)
        with suppress(Exception):  # they may be objects of the variant's own making
            sys.stdout.flush()
            sys.stderr.flush()
        send(pipe, answer)
        worker.rest()
    # An interpreter with TensorFlow loaded takes its time to end, and can crash in doing so: all has been said.
    os._exit(0)


def main() -> None:
    handle, parent = (int(argument) for argument in sys.argv[1:])
    environment.die_with_parent(parent)
    serve(Connection(handle))


if __name__ == "__main__":
    main()

"""Watches the loops of a program: it is told where epochs begin and end, and lets the program go on when it has a turn.

The program is not turned inside out. The call that ends an epoch is where the process answers its order and waits for
the next one, so it returns only when it is this arm's turn again.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from operator import length_hint
from time import perf_counter
from types import FrameType, GeneratorType
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from harness.worker.wire.messages import EPOCH, Description, Run
from harness.worker.wire.reasons import Misbehaved

if TYPE_CHECKING:
    from harness.worker.recorder import Recorder

_T = TypeVar("_T")
NAME = "_harness_watcher"
"""The name under which `harness.loops`, or a copy of it, finds the watcher in `sys.modules`."""


class Turns(Protocol):
    """The process's connection to its parent, as a running program needs it."""

    def next_run(self) -> Run:
        """Answer orders until one asks for epochs, and return it."""

    def built(self, description: Description) -> None:
        """Answer that the program has reached its first epoch."""

    def ran(self, ended: bool, expected: int | None, after: float | None = None) -> None:
        """Answer the latest order for epochs. `expected` is the number of epochs at the end of the current loop, and
        `after` the seconds since the last epoch, if the program has ended."""

    def fail(self, error: BaseException) -> None:
        """Answer that the program failed, and end the process: the program must not catch this error."""


class Loop:
    """One training loop of the program."""

    def __init__(
        self,
        place: str,
        kind: str | Callable[[int], str] | None = None,
        by_adapter: bool = False,
        length: int | None = None,
    ) -> None:
        self.place = place
        """Where it is in the source, or what its adapter calls it. It tells loops apart."""
        self.kind = kind
        self.by_adapter = by_adapter
        """Whether an adapter watches it, or it was found in the source, and it is not marked in the program."""
        self.length = length
        """The number of its epochs, if it is known."""
        self.done = 0
        """The number of its epochs so far."""


class Watcher:
    """Watches the loops of this process."""

    def __init__(
        self,
        recorder: Recorder,
        turns: Turns,
        is_training: Callable[[], bool],
        defer: Callable[[Any], Any] = lambda _: None,
    ) -> None:
        self._recorder, self._turns = recorder, turns
        self.is_training = is_training
        """Whether a loop that says nothing of itself may be one of training: whether a framework is loaded."""
        self.defer = defer
        """Returns what to read later in place of a value that may still be computed; None for any other."""
        self._is_here = True
        """Whether this is the process that is measured, and not one that the program has forked."""
        os.register_at_fork(after_in_child=self._note_fork)
        self._run: Run | None = None
        """The order that is being carried out. None before the first epoch."""
        self._index = 0
        """The number of epochs so far, over all loops."""
        self._expected: int | None = None
        """The number of epochs at the end of the current loop, if its length is known."""
        self._current: Loop | None = None
        """The loop whose epoch is running."""
        self._left = False
        """Whether the latest epoch ended because its loop was left, by `break` or by an exception."""
        self._losses: dict[str, Any] = {}
        self._kinds: dict[str, str] = {}
        """The kinds of loops that do not name theirs, by place."""
        self._marked = False
        """Whether the program marks its own epochs, so that the loops of libraries do not count."""
        self._dismissed = False
        """Whether there is nothing to watch: a trainer was built."""
        self._ended_at = 0.0
        """The time at the end of the latest epoch."""
        self._over = False
        """Whether the time of the current slice is over."""
        self.moment = "before its first epoch"
        self.before_first: list[Callable[[], None]] = []
        """What to do before the first epoch, or when there is nothing to watch."""

    def watch(self, iterable: Iterable[_T], kind: str | Callable[[int], str] | None = None) -> Iterable[_T]:
        """Return `iterable`, each pass of which is one epoch."""
        loop = Loop(f"the marked loop at {_locate(sys._getframe(2))}", kind)
        return self.iterate(iterable, loop)

    def watches(self, iterable: object) -> bool:
        """Whether each pass over it is an epoch already, as of what `watch` returned."""
        return isinstance(iterable, GeneratorType) and iterable.gi_code is Watcher.iterate.__code__

    def report(self, losses: Mapping[str, Any]) -> None:
        """Note losses of the current epoch."""
        self._losses.update(losses)

    def begin(self, loop: Loop) -> None:
        """Begin an epoch, once it is this arm's turn. An enclosing epoch, of which it is a part, does not count."""
        if self._dismissed or not self._is_here or self._is_part_of_another(loop):
            return
        self._marked = self._marked or not loop.by_adapter
        if self._run is None:
            self._prepare()
            self._turns.built(Description(False, [], expected=loop.length, marked_by=loop.place))
            self._wait()
        elif self._current is not None:
            self._recorder.cancel()
        elif self._left:
            self._take_turns()
        self._left = False
        self._current = loop
        self._losses = {}
        self.moment = f"in epoch {self._index}"
        try:
            self._recorder.begin(self._index, self._name_kind(loop))
        except Exception as error:
            self._turns.fail(error)
            raise

    def _is_part_of_another(self, loop: Loop) -> bool:
        """Whether a library's loop does not count: the program marks its own, or an epoch of another one is running."""
        return loop.by_adapter and (self._marked or self._current not in (None, loop))

    def end(self, loop: Loop, losses: Mapping[str, Any] | None = None) -> None:
        """End the loop's epoch with these losses, and wait for the next turn if the slice is complete."""
        if self._current is loop:
            self._losses.update(losses or {})
        if self._record(loop):
            self._take_turns()

    def leave(self, loop: Loop) -> None:
        """End the loop's epoch because the loop was left. If an exception did that, `fail` may forget the epoch."""
        self._left = self._record(loop) or self._left

    def _record(self, loop: Loop) -> bool:
        """Record the loop's epoch if it is running, and return whether it was."""
        if self._current is not loop:
            return False
        self._current = None
        try:
            self._over = self._recorder.end(self._losses, defers=True)
        except Exception as error:
            self._turns.fail(error)
            raise
        self._ended_at = perf_counter()
        if loop.place not in self._kinds:
            self._kinds[loop.place] = self._name_kind(loop)
        loop.done += 1
        self._index += 1
        self._expected = self._index - loop.done + loop.length if loop.length else None
        self.moment = f"after epoch {self._index - 1}"
        return True

    def _take_turns(self) -> None:
        """Answer and wait for the next order if the slice is complete."""
        assert self._run is not None, "an epoch begins with an order"
        if self._over or self._index > self._run.indices[-1]:
            self._turns.ran(ended=False, expected=self._expected)
            self._wait()
            self._ended_at = perf_counter()  # what follows is work of the program again

    def cancel(self, loop: Loop) -> None:
        """Forget the loop's epoch, which has begun and does no work."""
        if self._current is loop:
            self._current = None
            self._recorder.cancel()

    def finish(self) -> None:
        """The program has ended: answer the order that it carries out."""
        if self._current:
            self.cancel(self._current)  # what ran after the end of its last epoch
        if self._run is not None:
            after = perf_counter() - self._ended_at if self._index else None
            self._turns.ran(ended=True, expected=self._index, after=after)

    def fail(self) -> None:
        """The program has failed: an epoch that the failure interrupted does not count."""
        if self._left:
            self._recorder.epochs.pop()
            self._index -= 1
            self.moment = f"in epoch {self._index}"

    def _note_fork(self) -> None:
        self._is_here = False

    def runs(self, loop: Loop) -> bool:
        """Whether an epoch of this loop is running."""
        return self._current is loop

    @property
    def begun(self) -> bool:
        """Whether the program has reached an epoch."""
        return self._run is not None

    def _wait(self) -> None:
        self._run = self._turns.next_run()
        self._recorder.open(self._run)

    def _name_kind(self, loop: Loop) -> str:
        """Return the kind of the loop's next epoch. Loops without a name of their own are kinds by place."""
        if callable(loop.kind):
            return str(loop.kind(loop.done))
        if loop.kind is not None:
            return str(loop.kind)
        number = len(self._kinds) + 1
        return self._kinds.get(loop.place) or (EPOCH if number == 1 else f"loop {number}")

    def run_whole(self, run: Callable[[], None], name: str) -> None:
        """Run a program as one epoch of this name, whatever loops it has."""
        loop = Loop(name, "whole", length=1)
        self.begin(loop)
        run()
        self.leave(loop)

    def dismiss(self) -> None:
        """Watch no more: what trains is a trainer, whose epochs are known."""
        self._dismissed = True
        self._prepare()

    def _prepare(self) -> None:
        for function in self.before_first:
            function()
        self.before_first.clear()

    def iterate(
        self, iterable: Iterable[_T], loop: Loop, losses: Callable[[FrameType], Mapping[str, Any]] | None = None
    ) -> Iterator[_T]:
        """Yield the items of a loop, and record each pass as an epoch. `losses` reads those of a pass in its frame."""
        if self._dismissed or not self._is_here:
            yield from iterable
            return
        loop.length = loop.length or length_hint(iterable) or None
        items = iter(iterable)
        try:
            while True:
                self.begin(loop)
                try:
                    item = next(items)
                except StopIteration:
                    self.cancel(loop)
                    return
                yield item
                # Only of an epoch: reading a loss waits for it, which a loop within a trainer's epoch must not do.
                self.end(loop, losses(sys._getframe(1)) if losses and self.runs(loop) else None)
        except GeneratorExit:  # the loop was left by `break` or `return`, after the work of its last epoch
            self.leave(loop)
            raise


def _locate(frame: FrameType) -> str:
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"


class NothingSeen(Misbehaved):
    """A program ran to its end without an epoch that could be seen."""

    def __init__(self) -> None:
        super().__init__(
            "it ended without an epoch that harness could see: write `for epoch in harness.epochs(range(n)):`, name"
            " where an epoch ends with --epoch-at, or compare whole programs with --whole"
        )

"""Observes the operations that TensorFlow runs one by one from Python, outside of every `tf.function`, each with the
line of the user's own code that it belongs to.

Python asks TensorFlow's runtime for every one of them through the same three functions, which are replaced meanwhile.
They run what they ran before, with the same operands, so results do not change.

A tape keeps the type of each operation that it records, the very object, and gives it to the function that computes the
gradient. So the type is passed as a string that also knows its place. What runs while a gradient is computed belongs to
that place, and so do gradients of gradients.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from time import perf_counter
from types import FrameType
from typing import Any, NamedTuple

from harness.worker.probes.counted import Place
from harness.worker.probes.places import DEEPEST, Line, find_stack, keep_own, line_of
from harness.worker.probes.sampler import around
from harness.worker.probes.tensorflow.products import is_product, read_eager_product
from harness.worker.probes.tensorflow.steps import Step, Steps
from harness.worker.probes.tensorflow.traffic import of_eager_operation
from harness.worker.wire.reasons import one_line

UNKNOWN = Place("", ())
around.add(__file__)


class _Typed(str):
    """The type of an operation that knows its place."""

    place: Place


class _Gradient(NamedTuple):
    """What a gradient that is computed is the gradient of."""

    place: Place
    written: bool = False
    """Whether a function computes it that may be the user's own."""
    functions: tuple[Any, ...] = ()
    """The function, if it is one, and those that it is the gradient of."""


class EagerProbe:
    """Notes what runs in its context while `inside` is false, which says whether this thread is in a `tf.function`."""

    def __init__(self, inside: Callable[[], bool]) -> None:
        self._inside = inside
        self._steps = Steps()
        self._thread = threading.local()
        """Of each thread: the `gradient` that is computed, or None; `slow`, type and place of the latest operation that
        took the slow way; the `function` that runs, and the latest one that was `called`."""

    @contextmanager
    def watching(self) -> Iterator[Steps]:
        """Note what runs in this context. Where TensorFlow has none of these functions, nothing is noted, with the
        reason."""
        steps = self._steps = Steps()
        with ExitStack() as undo:
            try:
                self._attach(undo)
            except Exception as error:  # an unexpected version of TensorFlow must not make an arm fail
                undo.close()
                steps.trouble = f"TensorFlow's single operations could not be observed: {one_line(error)}"
            try:
                yield steps
            finally:
                steps.close()

    def _attach(self, undo: ExitStack) -> None:
        from tensorflow.python import pywrap_tfe
        from tensorflow.python.eager import backprop, context, execute, forwardprop

        self._context: Callable[[], Any] = context.context

        def replace(owner: Any, name: str, wrap: Callable[[Any], Any]) -> None:
            original = getattr(owner, name)
            setattr(owner, name, wrap(original))
            undo.callback(setattr, owner, name, original)

        replace(pywrap_tfe, "TFE_Py_FastPathExecute", self._wrap_fast)
        replace(pywrap_tfe, "TFE_Py_Execute", self._wrap_slow)
        replace(pywrap_tfe, "TFE_Py_ExecuteCancelable", self._wrap_slow)
        replace(execute, "record_gradient", self._wrap_record)
        for name in ("TFE_Py_TapeSetRecordOperation", "TFE_Py_TapeSetRecordOperationBackprop"):
            replace(pywrap_tfe, name, self._wrap_tape)
        for register, function in (
            (pywrap_tfe.TFE_Py_RegisterGradientFunction, backprop._gradient_function),
            (pywrap_tfe.TFE_Py_RegisterJVPFunction, forwardprop._jvp_dispatch),
        ):
            register(self._wrap_gradient(function))
            undo.callback(register, function)
        with suppress(ImportError, AttributeError):  # without it, functions are seen, but not their graphs
            from tensorflow.python.eager.polymorphic_function.atomic_function import AtomicFunction

            replace(AtomicFunction, "call_flat", self._wrap_function)

    def _wrap_fast(self, execute: Any) -> Any:
        def run(*args: Any) -> Any:
            if self._inside():
                return execute(*args)
            entered = perf_counter()
            type_ = _Typed(args[1])
            place = type_.place = self._find_place(sys._getframe(1))
            began = perf_counter()
            out = execute(args[0], type_, *args[2:])
            self._note(entered, began, str(type_), place, args[3:], out)
            return out

        return run

    def _wrap_slow(self, execute: Any) -> Any:
        def run(handle: Any, device: Any, type_: Any, inputs: Any, attributes: Any, *others: Any) -> Any:
            if self._inside():
                return execute(handle, device, type_, inputs, attributes, *others)
            entered = perf_counter()
            place = self._find_place(sys._getframe(1))
            began = perf_counter()
            out = execute(handle, device, type_, inputs, attributes, *others)
            name = type_ if isinstance(type_, str) else type_.decode()
            self._note(entered, began, name, place, (*inputs, *attributes), out)
            self._thread.slow = name, place
            return out

        return run

    def _wrap_record(self, record: Any) -> Any:
        """The slow way records what its operation needs for the gradient separately, afterwards."""

        def noted(type_: Any, *others: Any) -> Any:
            name, place = getattr(self._thread, "slow", (None, UNKNOWN))
            if name == type_:
                type_ = _Typed(type_)
                type_.place = place
            return record(type_, *others)

        return noted

    def _wrap_gradient(self, function: Any) -> Any:
        def compute(type_: Any, *others: Any) -> Any:
            with self._computing(_Gradient(getattr(type_, "place", UNKNOWN))):
                return function(str(type_) if isinstance(type_, _Typed) else type_, *others)

        return compute

    def _wrap_tape(self, record: Any) -> Any:
        """Give the gradients of functions, such as `tf.function`s and custom gradients, to the line of their call."""

        def noted(type_: Any, outputs: Any, inputs: Any, backward: Any, *others: Any) -> Any:
            if not self._context().executing_eagerly():
                return record(type_, outputs, inputs, backward, *others)
            place = self._find_place(sys._getframe(1))
            called = getattr(self._thread, "called", None)
            around = self._gradient.functions if self._gradient else ()
            own = (called, *around) if called is not None and _name(called) == type_ else ()

            def compute_written(*given: Any) -> Any:
                with self._computing(_Gradient(place, written=True, functions=own)):
                    return backward(*given)

            return record(type_, outputs, inputs, compute_written, *others)

        return noted

    def _wrap_function(self, call: Any) -> Any:
        def noted(function: Any, *args: Any) -> Any:
            before = getattr(self._thread, "function", None)
            self._thread.function = function
            try:
                return call(function, *args)
            finally:
                self._thread.function, self._thread.called = before, function

        return noted

    @contextmanager
    def _computing(self, gradient: _Gradient) -> Iterator[None]:
        """What runs in this context is part of this gradient."""
        before, self._thread.gradient = self._gradient, gradient
        try:
            yield
        finally:
            self._thread.gradient = before

    @property
    def _gradient(self) -> _Gradient | None:
        return getattr(self._thread, "gradient", None)

    def _find_place(self, frame: FrameType) -> Place:
        try:
            if gradient := self._gradient:
                own = keep_own(_walk_gradient(frame)) if gradient.written else ()
                return gradient.place._replace(stack=(own + gradient.place.stack)[:DEEPEST])
            return Place((self._context().scope_name or "").strip("/"), find_stack(frame))
        except Exception as error:  # an error here would end the user's own call
            self._steps.trouble = f"an operation of TensorFlow has no place: {one_line(error)}"
            return UNKNOWN

    def _note(self, entered: float, began: float, type_: str, place: Place, given: Any, out: Any) -> None:
        ended = perf_counter()
        steps = self._steps
        try:
            flops: int | None = 0
            functions: tuple[Any, ...] = ()
            if type_.startswith("__"):
                flops = None
                function = getattr(self._thread, "function", None)
                if function is not None and _name(function) == type_:
                    functions = (function, *(self._gradient.functions if self._gradient else ()))
            elif is_product(type_):
                sizes, flops = read_eager_product(type_, given, out)
                place = place._replace(sizes=sizes)
            moved = of_eager_operation(type_, given, out)
            steps.all.append(Step(began, ended, type_, place, flops, moved, functions))
        except Exception as error:  # an error here would end the user's own call
            steps.trouble = f"an operation of TensorFlow could not be counted: {one_line(error)}"
        steps.aside += [(entered, began), (ended, perf_counter())]


def _name(function: Any) -> str:
    return function.name if isinstance(function.name, str) else function.name.decode()


def _walk_gradient(frame: FrameType | None) -> Iterator[Line]:
    """Yield the lines from a frame outwards to the one that computes a gradient."""
    while frame is not None and frame.f_code.co_name != "compute_written":
        yield line_of(frame)
        frame = frame.f_back

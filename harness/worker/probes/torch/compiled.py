"""Times the calls of what torch.compile compiled, while all other operations are seen one by one in a mode.

Dynamo compiles a function again for a call in a mode, or does not run what it compiled. So the mode is left when such
a function is called, and entered again when it has returned. In between it is entered only in code that TorchInductor
generated: it calls PyTorch's own kernels, mostly for matrix products, whose lines are known. All other time of a call
counts to the line that calls the function, because what is fused of several lines has no time of its own for each. A
call counts as a whole, with the check whether what was compiled still holds.

A gradient that was compiled runs outside of such a call. It counts to the line that called the function.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from time import perf_counter
from types import CodeType, FrameType
from typing import Any, Protocol

from harness.worker.probes.counted import Place
from harness.worker.probes.places import DEEPEST, is_own
from harness.worker.probes.torch.generated import find_lines

_HOOKS = "enter_exit_hooks"
"""The attribute in which a context of Dynamo keeps what is to be called before and after a compiled function."""
_GUARD = "_ForceDispatchKeyGuard"
"""What some versions restore whether a mode is active with, after they have called that."""
_GRAPHS = ("torch._inductor.output_code", "torch._inductor.codecache")
"""The modules that may have the class of what TorchInductor has compiled."""


class Places(Protocol):
    """What attributes operations to their parts and lines."""

    elsewhere: bool
    trouble: str | None

    def find(self, forward: int | None, frame: FrameType) -> Place:
        """Return where an operation belongs that runs in this stack, or is part of the gradient of `forward`."""

    def note_call(self, place: Place, began: float, ended: float, own: float, first: int, number: int) -> None:
        """Note a call, which took `own` seconds besides the operations that were noted meanwhile. It has numbered
        operations from `first` up to `number`."""


@dataclass
class _Call:
    """A call of a compiled function, or one of its gradients."""

    place: Place
    number: int
    """The number that the first operation in it will have."""
    began: float
    noted: float = 0.0
    """Seconds of it that belong to operations that were noted by themselves, and to noting them."""
    files: set[str] = field(default_factory=set)
    """The user's own files in which it, or what calls it, is."""
    waits_for: Any = None
    """What has to be left before the mode may be entered again."""


def why_not() -> str | None:
    """Return why this version of PyTorch cannot be observed in this way, or None if it can."""
    context = getattr(sys.modules.get("torch._dynamo.eval_frame"), "_TorchDynamoContext", None)
    if context is None or not _mentions(context.__call__.__code__, _HOOKS):
        return "this version of PyTorch has no way to observe calls of compiled functions"
    return None


def _mentions(code: CodeType, name: str) -> bool:
    inner = (one for one in code.co_consts if isinstance(one, CodeType))
    return name in code.co_names or any(_mentions(one, name) for one in inner)


@contextmanager
def without_compilation() -> Iterator[None]:
    """Run functions as if they were not compiled."""
    with ExitStack() as changes:
        dynamo: Any = sys.modules.get("torch._dynamo.eval_frame")
        if set_stance := getattr(sys.modules["torch"].compiler, "set_stance", None):
            changes.enter_context(set_stance("force_eager"))
        elif dynamo is not None:  # before PyTorch 2.6
            original = dynamo.set_eval_frame
            _replace(changes, dynamo, "set_eval_frame", lambda callback: original(None))
        yield


class CompiledCalls:
    """Leaves and enters `mode` as described above, in the thread that enters `watching`."""

    def __init__(self, places: Places, mode: Any) -> None:
        torch: Any = sys.modules["torch"]
        self._torch, self._places, self._mode = torch, places, mode
        self._thread = threading.get_ident()
        self._call: _Call | None = None
        """The call of a compiled function that is under way."""
        self._generated: _Call | None = None
        """The same, or the gradient, while generated code runs."""
        self._guards: list[Any] = []
        """What was entered during the call and will restore whether the mode is active."""
        self._known: dict[int, _Call] = {}
        """The calls by the numbers of the operations in them."""

    @contextmanager
    def watching(self) -> Iterator[None]:
        with ExitStack() as changes:
            self._install(changes)
            with self._mode:
                yield
                active = self._is_active() and self._torch._C._dispatch_tls_is_dispatch_key_included("Python")
                if self._call or not active:
                    self._places.trouble = "operations were not seen after a call of a compiled function"

    def find(self, frame: FrameType) -> Place | None:
        """Return where an operation belongs that generated code runs in this stack; None if it runs elsewhere."""
        around = self._generated
        if around is None or threading.get_ident() != self._thread:
            return None
        stack = find_lines(frame, around.files) + around.place.stack
        return around.place._replace(stack=stack[:DEEPEST])

    def leave_out(self, seconds: float) -> None:
        """Leave time out of the call under way, because it was noted, or is that of noting it."""
        if self._generated is not None and threading.get_ident() == self._thread:
            self._generated.noted += seconds

    def _install(self, changes: ExitStack) -> None:
        context = sys.modules["torch._dynamo.eval_frame"]._TorchDynamoContext
        # This is for all contexts, whenever they were made. Each keeps its own hooks in its dictionary.
        hooks = property(
            lambda one: [*one.__dict__[_HOOKS], self._enter], lambda one, own: one.__dict__.update({_HOOKS: own})
        )
        _replace(changes, context, _HOOKS, hooks)
        if guard := getattr(self._torch._C, _GUARD, None):
            _replace(changes, self._torch._C, _GUARD, _make_guard(guard, self))
        graphs = {getattr(sys.modules.get(module), "CompiledFxGraph", None) for module in _GRAPHS}
        for graph in graphs:
            if graph is not None and "__call__" in vars(graph):
                _replace(changes, graph, "__call__", _make_run(graph.__call__, self))

    def _is_active(self) -> bool:
        """Whether operations reach the mode first, in this thread."""
        from torch.utils._python_dispatch import _get_current_dispatch_mode

        return _get_current_dispatch_mode() is self._mode

    def _next_number(self) -> int:
        number: int = self._torch._C._autograd._get_sequence_nr()
        return number

    def _forward(self) -> int | None:
        node = self._torch._C._current_autograd_node()
        return int(node._sequence_nr()) if node else None

    def _enter(self) -> Callable[[], None]:
        """Leave the mode, because a compiled function is about to be called, and return what to call afterwards."""
        if threading.get_ident() != self._thread or self._call or not self._is_active():
            return _do_nothing
        place = self._places.find(self._forward(), sys._getframe(1))
        self._guards.clear()
        self._mode.__exit__(None, None, None)
        self._call = _Call(place, self._next_number(), perf_counter())
        return self._leave

    def _leave(self) -> None:
        call = self._call
        if call is None:
            return
        self._close(call)
        self._known |= dict.fromkeys(range(call.number, self._next_number()), call)
        if self._guards:
            call.waits_for = self._guards[-1]
        else:
            self._enter_again()

    def _close(self, call: _Call) -> None:
        ended = perf_counter()
        own = max(ended - call.began - call.noted, 0.0)
        self._places.note_call(call.place, call.began, ended, own, call.number, self._next_number())

    def _enter_again(self) -> None:
        self._call = None
        self._mode.__enter__()

    def guard(self, guard: Any) -> None:
        """Note that `guard` was entered."""
        if self._call and threading.get_ident() == self._thread:
            self._guards.append(guard)

    def unguard(self, guard: Any) -> None:
        """Note that `guard` was left."""
        if threading.get_ident() == self._thread and guard in self._guards:
            self._guards.remove(guard)
            if self._call and self._call.waits_for is guard:
                self._enter_again()

    def run(self, graph: Callable[[], Any], inputs: Any, frame: FrameType) -> Any:
        """Run the generated code of a graph, which is called from `frame`."""
        entered = self._call is not None
        if threading.get_ident() != self._thread or self._generated or not (entered or self._is_active()):
            return graph()
        began = perf_counter()
        call = self._call or self._open_gradient(frame)
        if any(getattr(one, "is_cpu", True) is False for one in inputs):
            self._places.elsewhere = True
        if not call.files:
            call.files.update(_find_files(frame))
        if entered:
            self._mode.__enter__()
        self._generated = call
        call.noted += perf_counter() - began
        if not entered:
            call.began, call.noted = perf_counter(), 0.0
        try:
            return graph()
        finally:
            self._generated = None
            if entered:
                self._mode.__exit__(None, None, None)
            else:
                self._close(call)

    def _open_gradient(self, frame: FrameType) -> _Call:
        forward = self._forward()
        known = self._known.get(forward) if forward is not None else None
        return _Call(
            self._places.find(forward, frame), self._next_number(), 0.0, files=set(known.files) if known else set()
        )


def _replace(changes: ExitStack, owner: Any, name: str, value: Any) -> None:
    """Set an attribute until `changes` are undone."""
    if name in vars(owner):
        changes.callback(setattr, owner, name, vars(owner)[name])
    else:
        changes.callback(delattr, owner, name)
    setattr(owner, name, value)


def _make_guard(original: Any, calls: CompiledCalls) -> Any:
    class Guard:
        def __init__(self, *arguments: Any) -> None:
            self._own = original(*arguments)

        def __enter__(self) -> Any:
            calls.guard(self)
            return self._own.__enter__()

        def __exit__(self, *error: Any) -> Any:
            found = self._own.__exit__(*error)
            calls.unguard(self)
            return found

    return Guard


def _make_run(original: Any, calls: CompiledCalls) -> Any:
    def run(graph: Any, inputs: Any) -> Any:
        return calls.run(lambda: original(graph, inputs), inputs, sys._getframe(1))

    return run


def _find_files(frame: FrameType | None) -> Iterator[str]:
    while frame is not None:
        if is_own(frame.f_code.co_filename):
            yield frame.f_code.co_filename
        frame = frame.f_back


def _do_nothing() -> None:
    """Do nothing after a call."""

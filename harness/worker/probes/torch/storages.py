"""The peak memory of PyTorch's tensors on processors, for which it has no allocator that counts.

Every operation that reaches the dispatcher is seen, and so is each new storage among its results. A weak reference to a
storage tells when it is freed. Views share a storage, which counts once. Tensors that exist before the epoch count from
its start on, as far as Python knows them: what only an old graph holds counts from its first use on. What an operation
takes within itself and frees again is not seen.
"""

from __future__ import annotations

import gc
import sys
import weakref
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from types import FrameType
from typing import Any

from harness.worker.probes.places import find_stack, name_line
from harness.worker.wire.evidence import TensorPeak
from harness.worker.wire.reasons import one_line

FOLLOWED = "live storages, followed from operation to operation in an epoch that ran apart"
NO_REFERENCES = "this version of PyTorch does not tell when the memory of a tensor is freed"
NO_STORAGE = "a tensor without a storage was used, such as a sparse one, so not all could be followed"


class Storages:
    """The storages on processors that are alive in an epoch."""

    def __init__(self) -> None:
        self._known: dict[int, _Reference] = {}
        self._freed = deque[int]()
        """The storages whose end was seen, which may be at any time and in any thread."""
        self._live = self._peak = 0
        self._at: tuple[str, str] = "", ""
        self._why: str | None = None
        """Why not everything can be followed, or None."""

    def start(self) -> None:
        """Begin an epoch, with the tensors that exist."""
        try:
            if not _keeps_storage_objects():
                self._why = NO_REFERENCES
                return
            for one in _find_tensors():
                self._add(one)
            self._peak = self._live
        except Exception as error:  # an exception here would end the program
            self._why = f"PyTorch's tensors could not be followed: {one_line(error)}"

    def note(self, args: Any, out: Any, frame: FrameType) -> None:
        """Note an operation with its arguments, its results and its stack."""
        if self._why:
            return
        try:
            self._forget_freed()
            for one in _walk((args, out)):
                self._add(one)
            if self._live > self._peak:
                self._peak = self._live
                stack = find_stack(frame)
                self._at = name_line(stack[0]) if stack else ("", "")
        except Exception as error:  # an exception here would end the program
            self._why = f"PyTorch's tensors could not be followed: {one_line(error)}"

    def stop(self) -> None:
        """End the epoch."""
        self._known.clear()

    def peak(self) -> TensorPeak | str:
        """Return the peak, or why there is none."""
        return self._why or TensorPeak(self._peak, FOLLOWED, *self._at)

    def _add(self, tensor: Any) -> None:
        try:
            storage = tensor.untyped_storage()
        except NotImplementedError:
            self._why = NO_STORAGE
            return
        if storage.device.type != "cpu":
            return
        key, size = storage._cdata, storage.nbytes()
        known = self._known.get(key)
        if known is None:
            self._known[key] = _Reference(storage, key, size, self._freed)
            self._live += size
        elif known.size != size:  # it was resized in place
            self._live += size - known.size
            known.size = size

    def _forget_freed(self) -> None:
        while self._freed:
            known = self._known.pop(self._freed.popleft(), None)
            self._live -= known.size if known else 0


class _Reference(weakref.ref):  # type: ignore[type-arg]
    """A weak reference to a storage that tells its end."""

    __slots__ = "key", "size"

    def __new__(cls, storage: Any, key: int, size: int, freed: deque[int]) -> _Reference:
        return super().__new__(cls, storage, lambda _: freed.append(key))

    def __init__(self, storage: Any, key: int, size: int, freed: deque[int]) -> None:
        self.key, self.size = key, size


def _keeps_storage_objects() -> bool:
    """Whether a storage has one Python object as long as it lives, so that a weak reference tells its end."""
    torch: Any = sys.modules["torch"]
    tensor = torch.empty(1)
    reference = weakref.ref(tensor.untyped_storage())
    alive = reference() is not None
    del tensor
    return alive and reference() is None


def _find_tensors() -> Iterator[Any]:
    """Yield the tensors that exist, and their gradients."""
    torch: Any = sys.modules["torch"]
    types = {torch.Tensor}
    left = [torch.Tensor]
    while left:
        for one in type.__subclasses__(left.pop()):
            if one not in types:
                types.add(one)
                left.append(one)
    # By type() and not isinstance(), because objects of some libraries run code when asked for __class__.
    for one in [one for one in gc.get_objects() if type(one) in types]:
        with suppress(Exception):  # the parameter of a lazy module, or a tensor of a library that has no storage
            one.untyped_storage()
            yield one
            if one.is_leaf and one.grad is not None:
                yield one.grad


def _walk(value: Any) -> Iterator[Any]:
    """Yield the tensors in the arguments or the results of an operation."""
    if isinstance(value, list | tuple):
        for inner in value:
            yield from _walk(inner)
    elif hasattr(value, "untyped_storage"):
        yield value

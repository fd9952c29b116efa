"""The peak memory of PyTorch's tensors on accelerators, as counted by its allocator."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Any


class TorchAllocator:
    def is_used(self) -> bool:
        return "torch" in sys.modules

    def forget_peak(self) -> None:
        for kind, number in used_devices():
            kind.reset_peak_memory_stats(number)

    def peak_bytes(self) -> int | None:
        """Return the peak in bytes, added up over all devices that the process used; None if nothing counts it."""
        with suppress(Exception):  # this calls code of the framework, and the answer is optional
            return sum(int(kind.max_memory_allocated(number)) for kind, number in used_devices()) or None
        return None

    def why_no_peak(self) -> str | None:
        return None if self.peak_bytes() else "PyTorch does not count it on CPUs"


def used_devices() -> Iterator[tuple[Any, int]]:
    """Yield the accelerators on which the process holds memory: a module such as `torch.cuda`, and a number.

    Others are left alone, because to ask them for anything would make a context there.
    """
    torch: Any = sys.modules.get("torch")
    for name in ("cuda", "xpu"):
        kind = getattr(torch, name, None)
        if kind is not None and kind.is_initialized():
            yield from ((kind, number) for number in range(kind.device_count()) if kind.memory_reserved(number))

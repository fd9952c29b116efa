"""Makes allocators return freed memory immediately, so that the peak of resident memory repeats from epoch to epoch.

By default, the allocator of a framework keeps the memory of large tensors, so running an epoch again does not raise the
peak. The C library also keeps memory that it expects to need again. Returning memory takes time, so no times should be
measured in a process that does it.
"""

from __future__ import annotations

import ctypes

from harness.worker.frameworks import FRAMEWORKS

_THRESHOLD = 65_536
"""Allocations of at least this many bytes get a memory mapping of their own, which is removed when they are freed."""
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3


def hand_back_memory() -> dict[str, str] | None:
    """Make the allocators of this process return freed memory immediately.

    Call it before any framework is loaded. Returns what is unavailable with the reason, or None if nothing is.
    """
    for framework in FRAMEWORKS:
        framework.hand_back_memory()
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt and all(mallopt(option, _THRESHOLD) for option in (_M_MMAP_THRESHOLD, _M_TRIM_THRESHOLD)):
        return None
    return {"repeatable peak memory": "this C library offers no way to return freed memory"}

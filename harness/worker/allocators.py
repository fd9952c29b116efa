"""Allocators told to hand back at once what is freed, so that the peak of resident memory repeats from epoch to epoch.

Left alone, a framework's keeps what large tensors have taken, so an epoch that runs again adds nothing to the peak; and
the C library keeps what it thinks will be wanted again. Handing back takes time: nothing is to be timed then.
"""

from __future__ import annotations

import ctypes

from harness.worker.frameworks import FRAMEWORKS

_THRESHOLD = 65_536
"""Bytes from which on an allocation is a mapping of its own, which ends with it."""
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3


def hand_back_memory() -> dict[str, str] | None:
    """To be called before any framework is loaded. What cannot be had, and why; None if all can."""
    for framework in FRAMEWORKS:
        framework.hand_back_memory()
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt and all(mallopt(option, _THRESHOLD) for option in (_M_MMAP_THRESHOLD, _M_TRIM_THRESHOLD)):
        return None
    return {"peaks that repeat": "this C library cannot be told to hand back memory"}

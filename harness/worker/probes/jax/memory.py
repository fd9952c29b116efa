"""The peak memory of JAX's arrays on accelerators, as counted by its allocator. It cannot be reset."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import Any

from harness.worker.probes.jax.backends import has_computed


class JaxAllocator:
    def is_used(self) -> bool:
        return has_computed()

    def forget_peak(self) -> None:
        """JAX has no way to do this: each peak is that of the process so far."""

    def peak_bytes(self) -> int | None:
        """Return the peak in bytes, added up over all devices that the process used; None if nothing counts it."""
        peaks = []
        with suppress(Exception):  # this calls code of the framework, and the answer is optional
            if not has_computed():
                return None
            jax: Any = sys.modules.get("jax")
            for device in {device for array in jax.live_arrays() for device in array.devices()}:
                peaks.append((device.memory_stats() or {}).get("peak_bytes_in_use"))
        return sum(filter(None, peaks)) or None

    def why_no_peak(self) -> str | None:
        return None if self.peak_bytes() else "JAX does not count it on CPUs"

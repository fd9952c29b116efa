"""The NVIDIA GPUs of this machine, asked through NVML, the library of their driver. Without one there are none.

The arms' processes are not asked for any of this, so it does not depend on their framework.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from typing import Any

from harness.errors import BadInput
from harness.record.schema import GpuState

_EXCLUSIVE = ("exclusive thread", "exclusive process")
"""The compute modes in which a GPU serves one process at a time."""
_MODES = ("default", _EXCLUSIVE[0], "prohibited", _EXCLUSIVE[1])
_REASONS = {
    0x4: "power cap",
    0x8: "slowdown by hardware",
    0x20: "heat",
    0x40: "heat, by hardware",
    0x80: "power brake",
}
"""The reasons, of those that NVML lists, for which a clock is below what the work could use."""


class Gpus:
    """The GPUs. `nvml` is the module `pynvml`, or another with the same functions.

    A fact that a GPU does not tell is left out.
    """

    def __init__(self, nvml: Any = None) -> None:
        self._nvml = nvml
        self._handles: list[Any] = []
        self._driver = ""
        with suppress(Exception):  # no driver, no library of the driver, or no GPU
            if nvml is None:
                import pynvml

                self._nvml = pynvml
            self._nvml.nvmlInit()
            self._driver = _to_text(self._nvml.nvmlSystemGetDriverVersion())
            self._handles = [
                self._nvml.nvmlDeviceGetHandleByIndex(number) for number in range(self._nvml.nvmlDeviceGetCount())
            ]

    def __len__(self) -> int:
        return len(self._handles)

    def describe(self) -> list[dict[str, Any]]:
        """Return the facts of each GPU, by name: sizes in bytes, clocks in MHz, power in watts, degrees Celsius."""
        return [dict(self._describe(handle)) for handle in self._handles]

    def states(self) -> list[GpuState]:
        """Return the clock of each GPU, and what holds it down."""
        found = []
        for number, handle in enumerate(self._handles):
            facts = dict(self._describe_clock(handle))
            if "clock" in facts and "highest_clock" in facts:
                found.append(GpuState(number, facts["clock"], facts["highest_clock"], facts.get("slowed_by", [])))
        return found

    def free_bytes(self) -> dict[int, int]:
        """Return the free memory of each GPU that tells it, by its number."""
        found = {
            number: self._ask("MemoryInfo", handle, lambda memory: int(memory.free))
            for number, handle in enumerate(self._handles)
        }
        return {number: free for number, free in found.items() if free is not None}

    def check(self, device: str | None) -> None:
        """Raise BadInput if `device` is the number of a GPU that does not exist."""
        if device and device.isdigit() and int(device) >= len(self):
            has = f"GPUs 0 to {len(self) - 1}" if len(self) > 1 else "only GPU 0" if len(self) else "no NVIDIA GPU"
            raise BadInput(f"--device {device}: this machine has {has}.")

    def used_by(self, pid: int) -> dict[int, int]:
        """Return the memory that a process holds, its context included, by the number of the GPU."""
        return {
            number: int(one.usedGpuMemory)
            for number, handle in enumerate(self._handles)
            for one in self._ask("ComputeRunningProcesses", handle) or ()
            if one.pid == pid and one.usedGpuMemory
        }

    def is_exclusive(self, device: str | None) -> bool:
        """Whether a GPU that arms see serves only one process at a time, if they see `device` or, with None, all."""
        if device == "cpu":
            return False
        seen = [int(device)] if device and device.isdigit() else range(len(self))
        return any(self._ask_mode(self._handles[number]) in _EXCLUSIVE for number in seen if number < len(self))

    def _describe(self, handle: Any) -> Iterator[tuple[str, Any]]:
        nvml = self._nvml
        asked: dict[str, tuple[str, Callable[[Any], Any]]] = {
            "name": ("Name", _to_text),
            "memory_bytes": ("MemoryInfo", lambda found: int(found.total)),
            "memory_free_bytes": ("MemoryInfo", lambda found: int(found.free)),
            "power": ("PowerUsage", lambda found: found / 1000),
            "power_limit": ("EnforcedPowerLimit", lambda found: found / 1000),
            "ecc": ("EccMode", lambda found: bool(found[0])),
            "mig": ("MigMode", lambda found: bool(found[0])),
            "processes": ("ComputeRunningProcesses", lambda found: sorted(int(one.pid) for one in found)),
        }
        yield "driver", self._driver
        for fact, (question, read) in asked.items():
            if (found := self._ask(question, handle, read)) is not None:
                yield fact, found
        if (mode := self._ask_mode(handle)) is not None:
            yield "compute_mode", mode
        with suppress(Exception):
            yield "temperature", int(nvml.nvmlDeviceGetTemperature(handle, nvml.NVML_TEMPERATURE_GPU))
        yield from self._describe_clock(handle)

    def _describe_clock(self, handle: Any) -> Iterator[tuple[str, Any]]:
        nvml = self._nvml
        with suppress(Exception):
            yield "clock", int(nvml.nvmlDeviceGetClockInfo(handle, nvml.NVML_CLOCK_SM))
        with suppress(Exception):
            yield "highest_clock", int(nvml.nvmlDeviceGetMaxClockInfo(handle, nvml.NVML_CLOCK_SM))
        for name in ("CurrentClocksEventReasons", "CurrentClocksThrottleReasons"):  # newer and older libraries
            found = self._ask(name, handle)
            if found is not None:
                yield "slowed_by", [reason for bit, reason in _REASONS.items() if found & bit]
                return

    def _ask_mode(self, handle: Any) -> str | None:
        found: str | None = self._ask("ComputeMode", handle, lambda mode: _MODES[mode])
        return found

    def _ask(self, what: str, handle: Any, read: Callable[[Any], Any] = lambda found: found) -> Any:
        """Return an answer of NVML, or None if this GPU or this driver has none."""
        try:
            return read(getattr(self._nvml, f"nvmlDeviceGet{what}")(handle))
        except Exception:  # of many classes; what is not told is left out, whatever the reason
            return None


@cache
def get_gpus() -> Gpus:
    """Return the GPUs of this machine."""
    return Gpus()


def visible(device: str | None) -> dict[str, str]:
    """Return the environment variables with which a process sees only `device`: "cpu", or a GPU by number or UUID.

    Without one, the user's own settings hold.
    """
    if device is None:
        return {}
    if device == "cpu":
        return {"CUDA_VISIBLE_DEVICES": "-1", "JAX_PLATFORMS": "cpu"}
    return {"CUDA_VISIBLE_DEVICES": device, "CUDA_DEVICE_ORDER": "PCI_BUS_ID"}


def _to_text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value

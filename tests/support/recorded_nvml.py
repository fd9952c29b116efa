"""What NVML answered on a machine with one NVIDIA H200, as far as it was recorded, in place of the module `pynvml`.

Recorded in a virtual machine with PyTorch 2.11.0+cu130 and JAX 0.11.2: the name, the size of the memory, the clock of
an idle card (345 MHz) and of one on which a context lives (1,980 MHz), 948 MB for a process whose tensors peak at 153
MB, and that power, temperature, ECC, MIG and event reasons can be read. The other numbers were not recorded; they are
plausible values.
"""

from types import SimpleNamespace

NAME, MEMORY, IDLE_CLOCK, CLOCK = "NVIDIA H200", 150_800_000_000, 345, 1980
PROCESS_BYTES = 948_000_000


class NVMLError(Exception):
    pass


class NotFound(NVMLError):
    pass


class Nvml:
    """The module. Each answer can be changed; `pids` returns the processes that hold memory."""

    NVML_CLOCK_SM, NVML_TEMPERATURE_GPU = 1, 0

    def __init__(self, pids=list, cards=1):
        self.pids, self.cards = pids, cards
        self.clock, self.reasons, self.mode, self.free = IDLE_CLOCK, 0x1, 0, MEMORY - 600_000_000
        self.mig, self.silent, self.modes = [0, 0], set(), {}

    def nvmlInit(self):  # noqa: N802 - the names are NVML's
        if not self.cards:
            raise NotFound("NVML Shared Library Not Found")

    def nvmlSystemGetDriverVersion(self):  # noqa: N802
        return b"580.82.07"

    def nvmlDeviceGetCount(self):  # noqa: N802
        return self.cards

    def __getattr__(self, name):
        if not name.startswith("nvmlDeviceGet"):
            raise AttributeError(name)
        what = name.removeprefix("nvmlDeviceGet")
        if what in self.silent or not hasattr(self, f"_{what}"):
            raise NotFound(what)
        return getattr(self, f"_{what}")

    def _HandleByIndex(self, number):  # noqa: N802
        return number

    def _Name(self, card):  # noqa: N802
        return NAME.encode()

    def _MemoryInfo(self, card):  # noqa: N802
        free = self.free() if callable(self.free) else self.free
        return SimpleNamespace(total=MEMORY, free=free, used=MEMORY - free)

    def _ClockInfo(self, card, which):  # noqa: N802
        return self.clock

    def _MaxClockInfo(self, card, which):  # noqa: N802
        return CLOCK

    def _CurrentClocksEventReasons(self, card):  # noqa: N802
        return self.reasons

    def _PowerUsage(self, card):  # noqa: N802
        return 76_540

    def _EnforcedPowerLimit(self, card):  # noqa: N802
        return 700_000

    def _Temperature(self, card, which):  # noqa: N802
        return 29

    def _EccMode(self, card):  # noqa: N802
        return [1, 1]

    def _MigMode(self, card):  # noqa: N802
        return self.mig

    def _ComputeMode(self, card):  # noqa: N802
        return self.modes.get(card, self.mode)

    def _ComputeRunningProcesses(self, card):  # noqa: N802
        return [SimpleNamespace(pid=pid, usedGpuMemory=PROCESS_BYTES) for pid in self.pids()]

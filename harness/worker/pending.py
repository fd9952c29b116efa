"""Waits for the work that epochs leave behind when they return, and counts it as theirs.

Frameworks that compute asynchronously return arrays before their values are known. A program that reads none of them in
an epoch runs ahead of its device, and the clock of an epoch then shows when work was asked for, not when it was done.
To wait in each epoch would change what is measured, so this waits once at the end of a stretch of epochs. If much is
left by then, only the time of the stretch is known, and each of its epochs gets an equal share.
"""

from __future__ import annotations

from harness.worker import frameworks
from harness.worker.probes.clock import Clock
from harness.worker.wire.evidence import COMPILATIONS, TRACES
from harness.worker.wire.messages import Epoch

EARLY = 0.5
"""Epochs are called early if what they leave behind takes at least this share of one of them. Less is the rest of the
latest one, such as an update of its parameters after its loss is known."""
LEAST_SECONDS = 1e-4
"""Less than this is not told from the time that asking takes."""


class Pending:
    """The work that the epochs of the current stretch have left behind. `slowdown` is a deliberate one, see `Build`."""

    def __init__(self, slowdown: float = 0.0) -> None:
        self._slowdown = slowdown
        self._stretch: list[Epoch] = []
        self.forget()

    def forget(self) -> None:
        """Begin a slice."""
        self._stretch = []
        self.seconds = 0.0
        """Seconds for which the work of this slice had to be waited."""
        self.early = False
        """Whether epochs of this slice returned early, so that only the times of stretches are known."""

    def add(self, epoch: Epoch) -> None:
        self._stretch.append(epoch)

    def wait(self) -> None:
        """End the stretch: wait for its work, and add the time to its epochs."""
        if not self._stretch:
            return
        own, self._stretch = self._stretch, []
        wall, cpu = _wait()
        if wall < LEAST_SECONDS:
            return
        if self._slowdown:
            clock = Clock()
            clock.start()
            clock.spend(self._slowdown * wall)
            more, more_cpu = clock.stop()
            wall, cpu = wall + more, cpu + more_cpu
        self.seconds += wall
        # An epoch that traced or compiled took that time itself: only the work that it asked for is left behind.
        usual = [epoch for epoch in own if not (epoch.first or epoch.evidence.keys() & {TRACES, COMPILATIONS})]
        mean = (sum(epoch.wall for epoch in usual) + wall) / len(usual) if usual else 0.0
        if len(usual) > 1 and wall >= EARLY * mean:
            self.early = True
            mean_cpu = (sum(epoch.cpu for epoch in usual) + cpu) / len(usual)
            for epoch in usual:
                epoch.wall, epoch.cpu = mean, mean_cpu
        else:
            own[-1].wall += wall
            own[-1].cpu += cpu


def _wait() -> tuple[float, float]:
    """Wait for all devices, and return the wall-clock and processor seconds beyond those that asking takes."""
    clock = Clock()
    clock.start()
    if not frameworks.synchronize():
        return 0.0, 0.0
    wall, cpu = clock.stop()
    clock.start()
    frameworks.synchronize()
    asking, asking_cpu = clock.stop()
    return max(wall - asking, 0.0), max(cpu - asking_cpu, 0.0)

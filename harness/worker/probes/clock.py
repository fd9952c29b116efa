"""Wall-clock and processor time of a stretch of work."""

from __future__ import annotations

from time import perf_counter_ns, process_time_ns


class Clock:
    """Started, then read: nothing else happens between the two readings and the work, unless it is to be drawn out.

    The processor's clock is read outside the wall's, since reading it costs more.
    """

    __slots__ = ("_cpu", "_wall")

    def start(self) -> None:
        self._cpu = process_time_ns()
        self._wall = perf_counter_ns()

    def draw_out(self, share: float) -> None:
        """Keep the processor busy for that share of the time since `start`, as slower work would."""
        end = self._wall + (perf_counter_ns() - self._wall) * (1 + share)
        while perf_counter_ns() < end:
            pass

    def stop(self) -> tuple[float, float]:
        """Seconds of wall-clock time, and of processor time over all threads of this process, since `start`."""
        wall = perf_counter_ns() - self._wall
        cpu = process_time_ns() - self._cpu
        return wall / 1e9, cpu / 1e9

"""Measures the wall-clock and processor time of a section of code."""

from __future__ import annotations

from time import perf_counter_ns, process_time_ns


class Clock:
    """A stopwatch for wall-clock and processor time, with nothing else between its readings and the measured code.

    The processor clock is read first and last, because reading it takes longer.
    """

    __slots__ = ("_cpu", "_wall")

    def start(self) -> None:
        self._cpu = process_time_ns()
        self._wall = perf_counter_ns()

    def draw_out(self, share: float) -> None:
        """Keep the processor busy for this share of the time since `start`, as slower code would."""
        self.spend((perf_counter_ns() - self._wall) * (1 + share) / 1e9)

    def spend(self, seconds: float) -> None:
        """Keep the processor busy until these seconds since `start` are over."""
        end = self._wall + seconds * 1e9
        while perf_counter_ns() < end:
            pass

    def stop(self) -> tuple[float, float]:
        """Return the seconds since `start`: wall-clock time, and processor time over all threads of this process."""
        wall = perf_counter_ns() - self._wall
        cpu = process_time_ns() - self._cpu
        return wall / 1e9, cpu / 1e9

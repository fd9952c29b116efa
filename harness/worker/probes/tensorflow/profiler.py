"""TensorFlow's own profiler."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness.worker.probes.operations import MARK


class Profiler:
    """Profiles what runs between `start` and `stop`."""

    _mark: Any = None

    def start(self, folder: Path) -> None:
        from tensorflow import profiler

        options = profiler.experimental.ProfilerOptions(host_tracer_level=2, python_tracer_level=0)
        profiler.experimental.start(str(folder), options)
        self._mark = profiler.experimental.Trace(MARK)
        self._mark.__enter__()

    def stop(self, folder: Path) -> Any:
        """Stop profiling and return the profile, an `XSpace`."""
        self._mark.__exit__(None, None, None)
        from tensorflow import profiler
        from tensorflow.tsl.profiler.protobuf import xplane_pb2

        profiler.experimental.stop()
        (file,) = folder.rglob("*.xplane.pb")
        return xplane_pb2.XSpace.FromString(file.read_bytes())

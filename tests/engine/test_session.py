import os
import signal

from paths import ARMS
from planned import planned

from harness.engine.session import measure
from harness.record.schema import Slice
from harness.record.store import read


def test_an_interruption_that_a_library_would_swallow_still_ends_the_run(tmp_path):
    swallowed = []

    def watch(event, record):
        try:
            if isinstance(event, Slice) and len(record.slices) == 3:
                os.kill(os.getpid(), signal.SIGINT)
        except KeyboardInterrupt:
            swallowed.append(event)

    measure(planned("profile", f"{ARMS}:Steady", epochs=500), tmp_path / "run", watch)
    run = read(tmp_path / "run")
    assert run.footer.status == "interrupted"
    assert len(run.slices) == 3
    assert swallowed == []
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler

import os
import signal
from contextlib import suppress

import pytest
from paths import ARMS
from planned import planned

from harness.engine import session
from harness.engine.session import measure
from harness.record.schema import Slice
from harness.record.store import read


def test_an_interrupt_swallowed_by_a_library_still_ends_the_run(tmp_path):
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


def test_ctrl_c_is_restored_after_an_exception():
    with pytest.raises(KeyboardInterrupt), session._Interruption() as ctrl_c:
        with suppress(ValueError), ctrl_c.deferred():
            raise ValueError("the disk is full")
        os.kill(os.getpid(), signal.SIGINT)
        pytest.fail("it is held back for good")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_failing_watcher_ends_the_run_and_restores_ctrl_c(tmp_path):
    def watch(event, record):
        if isinstance(event, Slice):
            raise ValueError("the disk is full")

    with pytest.raises(ValueError, match="the disk is full"):
        measure(planned("compare", f"{ARMS}:Steady", epochs=20, blocks=1), tmp_path / "run", watch)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    run = read(tmp_path / "run")
    assert run.partial
    assert len(run.slices) == 1

import atexit

import pytest

from harness.worker.programs.exiting import ExitHandlers


@pytest.fixture
def handlers(monkeypatch):
    for name in ("register", "unregister"):
        monkeypatch.setattr(atexit, name, getattr(atexit, name))  # puts the function of Python back afterwards
    return ExitHandlers()


def test_calls_the_latest_first_and_goes_on_after_a_failure(handlers, capsys):
    called = []

    def fail():
        raise ValueError("no such file")

    def note(*args, **kwargs):
        called.append((args, kwargs))

    assert atexit.register(note, 1) is note
    atexit.register(fail)
    atexit.register(note, 2, key=3)
    handlers.run()
    assert called == [((2,), {"key": 3}), ((1,), {})]
    assert "ValueError: no such file" in capsys.readouterr().err
    handlers.run()
    assert len(called) == 2, "each is called once"


def test_forgets_what_is_unregistered_and_leaves_functions_of_libraries_to_python(handlers, monkeypatch):
    called, passed = [], []
    monkeypatch.setattr(handlers, "_register", lambda *args: passed.append(args))

    def note():
        called.append(1)

    atexit.register(note)
    atexit.unregister(note)
    atexit.register(len, [])
    handlers.run()
    assert (called, passed) == ([], [(len, [])])

"""Runs a script or a module as Python would: as `__main__`, with its arguments and its own first folder on the path."""

from __future__ import annotations

import builtins
import runpy
import sys
import threading
from pathlib import Path
from types import ModuleType

from harness.worker.imports import hiding
from harness.worker.imports.hooks import Uncached
from harness.worker.programs.exiting import ExitHandlers
from harness.worker.programs.marking import Marker
from harness.worker.wire.messages import Program
from harness.worker.wire.reasons import Misbehaved


def execute(program: Program, marker: Marker | None = None) -> None:
    """Run a program to its end, its threads included. `marker` marks epochs in its script.

    Raises whatever it raises, and Misbehaved if it exits with a failure.
    """
    handlers = ExitHandlers()
    safe = getattr(sys.flags, "safe_path", False)  # the user's -P or PYTHONSAFEPATH
    try:
        if program.module:
            _put_first([] if safe else [str(Path.cwd())])
            sys.argv = [program.module, *program.arguments]
            runpy.run_module(program.module, run_name="__main__", alter_sys=True)
        else:
            script = str(program.script)
            sys.argv = [script, *program.arguments]
            if Path(script).is_dir():
                _put_first([])
                runpy.run_path(script, run_name="__main__")
            else:
                _put_first([] if safe else [str(Path(script).resolve().parent)])
                _run_script(script, marker)
        _wait_for_threads()
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)  # as Python does
            raise Misbehaved(f"it exited with the message {end.code!r}") from None
        if end.code:
            raise Misbehaved(f"it exited with code {end.code}") from None
    finally:
        handlers.run()


def _run_script(script: str, marker: Marker | None) -> None:
    """Run a file as `__main__`. The module stays in place: programs look for it there, as do their processes."""
    source = Path(script).read_bytes()
    code = marker.compile(source, script) if marker else compile(source, script, "exec", dont_inherit=True)
    module = ModuleType("__main__")
    module.__dict__.update(
        __file__=script, __builtins__=builtins, __loader__=Uncached("__main__", script), __cached__=None
    )
    sys.modules["__main__"] = module
    exec(code, module.__dict__)


def _put_first(folders: list[str]) -> None:
    """Put folders first on the path."""
    sys.path[:0] = folders
    loaded = getattr(sys.modules.get("__main__"), "LOADED_BY_PYTHON", sys.modules)
    hiding.make_way(sys.path, folders, loaded)


def _wait_for_threads() -> None:
    """Wait for the threads that Python would wait for."""
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join()

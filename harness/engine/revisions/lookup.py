"""Checks whether a revision has a registered variant. Only importing its collection can tell.

Run as `python -P -m harness.engine.revisions.lookup SOURCE NAME PARENT`. The last line of its output is the problem
found, as JSON, or null.
"""

import os
import subprocess
import sys

import msgspec

from harness.catalog import registry
from harness.errors import BadInput, BadSource
from harness.worker import environment
from harness.worker.imports import loading, sources
from harness.worker.wire.messages import Source

SECONDS = 120.0
"""Seconds that importing a collection may take."""


class _Problem(msgspec.Struct):
    text: str
    unloadable: bool
    """Whether the source could not be imported, so that it is unknown whether it has the variant."""


def check(name: str, source: Source) -> None:
    """Check, in a process of its own, that `source` has a registered variant of that name.

    Raises BadInput if it has none, BadSource if it cannot be imported.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", __name__, msgspec.json.encode(source).decode(), name, str(os.getpid())],
            check=False,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise BadSource(f"importing its collection took more than {SECONDS:g} s.") from None
    *_, last, _ = ["", *done.stdout.split(b"\n")]
    if done.returncode or not last:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        raise BadSource(lines[-1] if lines else f"importing its collection ended with exit code {done.returncode}.")
    problem = msgspec.json.decode(last, type=_Problem | None)
    if problem:
        raise (BadSource if problem.unloadable else BadInput)(problem.text)


def main() -> None:
    environment.die_with_parent(int(sys.argv[3]))
    source = msgspec.json.decode(sys.argv[1], type=Source)
    sources.use(source)
    print(f"\n{msgspec.json.encode(_find_problem(sys.argv[2], source)).decode()}", flush=True)
    os._exit(0)  # imported code may print more at exit, after the last line


def _find_problem(name: str, source: Source) -> _Problem | None:
    try:
        registry.find(name)
    except BadInput as error:
        return _Problem(str(error), isinstance(error, BadSource))
    for entry in loading.entries():
        file = getattr(sys.modules.get(entry.module), "__file__", None)
        if file and name in loading.names_of(entry) and not sources.holds_code_of(file, source.folder):
            # It would be the same program for every revision.
            return _Problem(
                f"It is registered by {entry.module}, which is not in this repository but at {file}.", False
            )
    return None


if __name__ == "__main__":
    main()

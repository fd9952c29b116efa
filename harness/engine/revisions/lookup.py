"""Whether a registered variant is among those of a revision: only importing its collection can tell.

Started as `python -P -m harness.engine.revisions.lookup SOURCE NAME PARENT`; the last line that it prints is what is
wrong, as JSON.
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


class _Trouble(msgspec.Struct):
    text: str
    unloadable: bool
    """Whether it is not that the variant is lacking, but that nobody can tell."""


def check(name: str, source: Source) -> None:
    """Raises BadInput where a source has no registered variant of that name, BadSource where it cannot be imported.

    In a process of its own.
    """
    try:
        asked = subprocess.run(
            [sys.executable, "-P", "-m", __name__, msgspec.json.encode(source).decode(), name, str(os.getpid())],
            check=False,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise BadSource(f"importing its collection took more than {SECONDS:g} s.") from None
    *_, last, _ = ["", *asked.stdout.split(b"\n")]
    if asked.returncode or not last:
        said = asked.stderr.decode(errors="replace").strip().splitlines()
        raise BadSource(said[-1] if said else f"importing its collection ended with exit code {asked.returncode}.")
    trouble = msgspec.json.decode(last, type=_Trouble | None)
    if trouble:
        raise (BadSource if trouble.unloadable else BadInput)(trouble.text)


def main() -> None:
    environment.die_with_parent(int(sys.argv[3]))
    source = msgspec.json.decode(sys.argv[1], type=Source)
    sources.use(source)
    print(f"\n{msgspec.json.encode(_trouble(sys.argv[2], source)).decode()}", flush=True)
    os._exit(0)  # whatever was imported may have something to say at its end


def _trouble(name: str, source: Source) -> _Trouble | None:
    try:
        registry.find(name)
    except BadInput as error:
        return _Trouble(str(error), isinstance(error, BadSource))
    for entry in loading.entries():
        file = getattr(sys.modules.get(entry.module), "__file__", None)
        if file and name in loading.names_of(entry) and not sources.holds_code_of(file, source.folder):
            # It would be the same program, whatever the revision.
            return _Trouble(
                f"It is registered by {entry.module}, which is not of this repository but at {file}.", False
            )
    return None


if __name__ == "__main__":
    main()

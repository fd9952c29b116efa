"""Whether a registered variant is among those of a revision: only importing its collection can tell.

Started as `python -P -m harness.engine.lookup SOURCE NAME`; the last line that it prints is what is wrong, or empty.
"""

import subprocess
import sys

import msgspec

from harness import catalog
from harness.engine import sources
from harness.engine.messages import Source
from harness.errors import BadInput

SECONDS = 120.0


def lacking(name: str, source: Source) -> str | None:
    """Why a source has no registered variant of that name, or None where it has. In a process of its own."""
    try:
        asked = subprocess.run(
            [sys.executable, "-P", "-m", __name__, msgspec.json.encode(source).decode(), name],
            check=False,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired:
        return f"importing its collection took more than {SECONDS:g} s"
    lines = asked.stdout.decode(errors="replace").split("\n")
    if asked.returncode or len(lines) < 2:
        said = asked.stderr.decode(errors="replace").strip().splitlines()
        return said[-1] if said else f"importing its collection ended with exit code {asked.returncode}"
    return lines[-2] or None


def main() -> None:
    source = msgspec.json.decode(sys.argv[1], type=Source)
    sources.use(source)
    try:
        catalog.find(sys.argv[2])
        trouble = _elsewhere(sys.argv[2], source)
    except BadInput as error:
        trouble = str(error)
    print(f"\n{trouble}")


def _elsewhere(name: str, source: Source) -> str:
    """Why a registered variant is none of the source's: it would be the same program, whatever the revision."""
    for entry in catalog.entries():
        file = getattr(sys.modules.get(entry.module), "__file__", None)
        if file and name in catalog.names_of(entry) and not sources.holds_code_of(file, source.folder):
            return f"It is registered by {entry.module}, which is not of this repository but at {file}."
    return ""


if __name__ == "__main__":
    main()

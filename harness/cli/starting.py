"""Writes a first training for the framework that is installed here."""

from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

from harness.errors import BadInput

FRAMEWORKS = ("torch", "jax", "tensorflow")
"""The modules of the frameworks that have a starter, the first one that is found wins."""
OTHERWISE = "numpy"
_STARTERS = files("harness.cli") / "starters"


def write_starter(path: Path) -> str:
    """Write a training to a new file, and return the module of its framework. Raises BadInput if that cannot be."""
    if path.suffix != ".py":
        raise BadInput(f"{path} must be a Python file, such as train.py.")
    found = next((name for name in FRAMEWORKS if find_spec(name)), OTHERWISE)
    text = (_STARTERS / f"{found}.txt").read_text(encoding="utf-8").replace("FILE", str(path))
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise BadInput(f"{path} exists already: give another name.") from None
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror}.") from None
    return found

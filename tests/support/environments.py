"""Environments of their own with some of the packages that are installed here: made of links, without a network."""

import re
import subprocess
import sysconfig
import venv
from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement

PROJECT = "pinn-harness"
_ELSEWHERE = ("..", "__pycache__")


def make(folder, *extras, without=()):
    """Make an environment in `folder` with the project, these of its extras, and what they need, but not `without`.
    Returns its interpreter."""
    venv.create(folder, symlinks=True)
    site = Path(sysconfig.get_path("purelib", "venv", {"base": str(folder), "platbase": str(folder)}))
    for name in sorted(needed(PROJECT, extras) - set(without)):
        found = distribution(name)
        for top in sorted({file.parts[0] for file in found.files or ()} - set(_ELSEWHERE)):
            if not (site / top).exists():
                (site / top).symlink_to(found.locate_file(top))
    return folder / "bin" / "python"


def needed(name, extras=()):
    """The names of a distribution and of all that it needs, directly or not, with these of its extras."""
    found, left = set(), [(name, frozenset(extras))]
    while left:
        one = left.pop()
        if one in found:
            continue
        found.add(one)
        for line in distribution(one[0]).requires or ():
            wanted = Requirement(line)
            if wanted.marker is None or any(wanted.marker.evaluate({"extra": extra}) for extra in {"", *one[1]}):
                left.append((_normalize(wanted.name), frozenset(wanted.extras)))
    return {name for name, _ in found}


def run(python, *arguments, **options):
    """Run `harness` in an environment."""
    command = [python, "-m", "harness", *map(str, arguments)]
    return subprocess.run(command, check=False, capture_output=True, text=True, **options)


def _normalize(name):
    return re.sub(r"[-_.]+", "-", name).lower()

"""Other Python interpreters than the one that runs the tests."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest


def starts(command):
    return not subprocess.run([command, "-c", ""], check=False, capture_output=True).returncode


def interpreter(version):
    """An interpreter of this version that starts, on PATH or among those of pyenv. Without one, the test is skipped."""
    name = f"python{version}"
    installed = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")).glob(f"versions/{version}.*/bin/{name}")
    found = next((one for one in (shutil.which(name), *map(str, installed)) if one and starts(one)), None)
    return found or pytest.skip(f"there is no {name} here")

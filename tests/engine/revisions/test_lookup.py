"""Looks up a registered variant in a revision, in a process that imports its collection."""

import os
import subprocess
import sys
import time

import psutil
import pytest
from repositories import write
from running import gone

from harness.engine.revisions import lookup
from harness.errors import BadInput, BadSource
from harness.worker.wire.messages import Source

COLLECTION = "from harness import Collection, Variant\n\ncollection = Collection((Variant('quick', object, ''),))\n"
ASKING = """
import sys
from harness.engine.revisions import lookup
from harness.worker.wire import messages

lookup.check("quick", messages.Source(sys.argv[1], ""))
"""
ASLEEP = "import os, pathlib, time\n\npathlib.Path({file!r}).write_text(str(os.getpid()))\ntime.sleep(600)\n"


@pytest.fixture
def registered(tmp_path, monkeypatch):
    """A source whose `collection` is registered, as that of an installed package is: `registered(text)` writes it."""
    entry = "[harness.variants]\nspeedy = speedy:collection\n"
    about = "Metadata-Version: 2.1\nName: speedy\nVersion: 1\n"
    installed = tmp_path / "installed"
    write(installed, {"speedy-1.dist-info/METADATA": about, "speedy-1.dist-info/entry_points.txt": entry})
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(installed), *sys.path]))

    def register(text):
        write(tmp_path / "tree", {"speedy.py": text})
        return Source(str(tmp_path / "tree"), "")

    return register


def test_finds_an_existing_variant(registered):
    lookup.check("quick", registered(COLLECTION))


def test_a_missing_variant_is_bad_input(registered):
    with pytest.raises(BadInput, match="There is no variant 'quack': did you mean 'quick'") as caught:
        lookup.check("quack", registered(COLLECTION))
    assert not isinstance(caught.value, BadSource)


def test_a_collection_that_cannot_be_imported_fails_its_source(registered):
    with pytest.raises(BadSource, match="no_such_module"):
        lookup.check("quick", registered("import no_such_module\n"))


def test_a_slow_lookup_times_out(registered, monkeypatch):
    monkeypatch.setattr(lookup, "SECONDS", 3.0)
    with pytest.raises(BadSource, match="took more than 3 s"):
        lookup.check("quick", registered("import time\n\ntime.sleep(600)\n"))


def test_lookup_process_exits_with_its_parent(registered, tmp_path):
    file = tmp_path / "pid"
    source = registered(ASLEEP.format(file=str(file)))
    parent = subprocess.Popen([sys.executable, "-c", ASKING, source.folder])
    try:
        deadline = time.monotonic() + 60
        while not (file.exists() and file.read_text()) and parent.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        pid = int(file.read_text())
        assert psutil.pid_exists(pid)
    finally:
        parent.kill()
        parent.wait()
    assert gone([pid])

import json
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from harness.engine.machine import cgroup as groups
from harness.engine.machine import machine
from harness.record import compatibility
from harness.worker import frameworks

CONDITIONS = [
    *("memory_free_bytes", "memory_limit_bytes", "cores_online", "threads_per_core", "governor", "turbo"),
    *("busy_elsewhere", "stolen", "virtual", "quota_cores", "throttled", "swap_used_bytes", "environment"),
    *("frameworks", "framework_settings", "other_runs"),
]


@pytest.fixture
def cgroup(tmp_path, monkeypatch):
    """The files of a container: `cgroup(max=..., current=...)` writes them."""
    monkeypatch.setattr(groups, "ROOT", tmp_path)

    def write(**files):
        for name, text in files.items():
            (tmp_path / f"memory.{name}").write_text(f"{text}\n")

    return write


# Facts


def test_facts_are_plain_json_and_cover_what_decides_speed():
    facts = machine.facts()
    assert json.loads(json.dumps(facts)) == facts
    assert {"system", "processor", "cores", "memory_bytes", "load"} | {*compatibility.MACHINE} <= set(facts)
    assert set(CONDITIONS) <= set(facts)
    assert facts["system"]
    assert facts["processor"]
    assert 1 <= facts["cores"] <= os.cpu_count()
    assert facts["memory_bytes"] > 100_000_000
    assert facts["cores_online"] >= facts["cores"]
    assert facts["busy_elsewhere"] is None or 0 <= facts["busy_elsewhere"] <= 1
    assert facts["stolen"] is None or 0 <= facts["stolen"] <= 1
    assert facts["load"] is None or facts["load"] >= 0


def test_a_containers_limit_is_its_memory(cgroup):
    cgroup(max=123_456_789)
    assert machine.facts()["memory_bytes"] == 123_456_789


def test_a_container_has_no_more_than_its_machine(cgroup):
    whole = machine.facts()["memory_bytes"]
    cgroup(max=2**62)
    assert machine.facts()["memory_bytes"] == whole


def test_a_processor_without_a_model_name_is_called_by_its_architecture(monkeypatch):
    monkeypatch.setattr(machine, "Path", lambda place: SimpleNamespace(read_text=lambda: "BogoMIPS : 50\n"))
    monkeypatch.setattr(machine.platform, "processor", lambda: "")
    monkeypatch.setattr(machine.platform, "machine", lambda: "aarch64")
    assert machine.facts()["processor"] == "aarch64"


# Versions


def test_finds_versions_without_imports():
    code = (
        "import sys, json; from harness.engine.machine import machine; "
        "print(json.dumps([machine.versions(), [n for n in ('tensorflow', 'numpy', 'keras') if n in sys.modules]]))"
    )
    child = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    versions, loaded = json.loads(child.stdout)
    assert loaded == []
    assert versions["python"] == ".".join(map(str, sys.version_info[:3]))
    assert set(versions) >= {"tensorflow", "numpy"}


def test_omits_what_is_not_installed(monkeypatch):
    def version(name):
        raise machine.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(machine.metadata, "version", version)
    monkeypatch.setattr(frameworks, "libraries", lambda: ["nosuchlibrary"])
    assert set(machine.versions()) == {"python"}


# Free memory


@pytest.fixture
def available(monkeypatch):
    monkeypatch.setattr(machine.psutil, "virtual_memory", lambda: SimpleNamespace(available=1000, total=4000))


@pytest.mark.usefixtures("available")
@pytest.mark.parametrize(
    ("files", "free"),
    [
        ({}, 1000),
        ({"max": "max", "current": 700}, 1000),
        ({"max": 900, "current": 700}, 200),
        ({"max": 5000, "current": 700}, 1000),
        ({"max": 900}, 900),
        ({"max": "?", "current": "?"}, 1000),
    ],
)
def test_free_memory_is_of_the_machine_or_the_container(cgroup, files, free):
    cgroup(**files)
    assert machine.free_memory_bytes() == free


def test_this_machine_has_free_memory():
    assert 0 < machine.free_memory_bytes() <= machine.facts()["memory_bytes"]


# Time


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the age of a process is by the clock on the wall")
def test_elapsed_time_ignores_clock_changes():
    """Neither before the first call nor after it."""
    code = (
        "import time; real = time.time; time.time = lambda: real() + 3600\n"
        "from harness.engine.machine.machine import seconds_since_start\n"
        "first = seconds_since_start()\n"
        "time.time = lambda: real() - 3600\n"
        "time.sleep(0.05)\n"
        "print(first, seconds_since_start())"
    )
    child = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    first, later = map(float, child.stdout.split())
    assert 0 < first < 60
    assert first + 0.05 <= later < first + 60

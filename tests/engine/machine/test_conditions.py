import json
import os
import subprocess
import sys
from collections import namedtuple
from time import sleep
from types import SimpleNamespace

import psutil
import pytest

from harness.engine.machine import conditions
from harness.worker import frameworks
from harness.worker.probes import base


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A simulated machine with the given files: `machine({"cpu0/cpufreq/scaling_governor": "powersave"}, cpuinfo)`."""
    monkeypatch.setattr(conditions, "_CPUS", tmp_path / "cpu")
    monkeypatch.setattr(conditions, "_CPUINFO", tmp_path / "cpuinfo")

    def write(files=(), cpuinfo=None):
        for name, text in dict(files).items():
            path = tmp_path / "cpu" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{text}\n")
        if cpuinfo is not None:
            (tmp_path / "cpuinfo").write_text(cpuinfo)

    return write


@pytest.mark.usefixtures("machine")
def test_unreadable_facts_are_null():
    assert conditions.threads_per_core([0, 1]) is None
    assert conditions.governor([0, 1]) is None
    assert conditions.turbo() is None
    assert conditions.virtual() is None


@pytest.mark.parametrize(
    ("siblings", "threads"),
    [(["0", "1"], 1), (["0,4", "1,5"], 2), (["0-1", "0-1"], 2), (["0-3,8-11", "1"], 8), (["?", "1"], None)],
)
def test_hyper_threads_are_counted_from_their_lists(machine, siblings, threads):
    machine({f"cpu{core}/topology/thread_siblings_list": text for core, text in enumerate(siblings)})
    assert conditions.threads_per_core([0, 1]) == threads


def test_governor_is_of_the_usable_cores(machine):
    names = ("performance", "powersave", "powersave")
    machine({f"cpu{core}/cpufreq/scaling_governor": name for core, name in enumerate(names)})
    assert conditions.governor([1, 2]) == "powersave"
    assert conditions.governor([0, 2]) == "performance, powersave"


@pytest.mark.parametrize(
    ("files", "turbo"),
    [
        ({"intel_pstate/no_turbo": "0"}, True),
        ({"intel_pstate/no_turbo": "1"}, False),
        ({"intel_pstate/no_turbo": "1", "cpufreq/boost": "1"}, False),
        ({"cpufreq/boost": "1"}, True),
        ({"cpufreq/boost": "0"}, False),
        ({"cpufreq/boost": "?"}, None),
    ],
)
def test_reads_turbo_from_either_driver(machine, files, turbo):
    machine(files)
    assert conditions.turbo() is turbo


@pytest.mark.parametrize(
    ("cpuinfo", "virtual"),
    [
        ("processor\t: 0\nflags\t\t: fpu hypervisor lahf_lm\n", True),
        ("processor\t: 0\nflags\t\t: fpu hypervisors\n", False),
        ("processor\t: 0\nFeatures\t: fp asimd\n", None),
    ],
)
def test_virtual_machine_is_detected_from_processor_flags(machine, cpuinfo, virtual):
    machine(cpuinfo=cpuinfo)
    assert conditions.virtual() is virtual


# Load


def of_cores(*cores):
    """What the kernel has counted of each core: user, idle, iowait, steal and guest seconds (those in user too)."""
    times = namedtuple("times", ["user", "idle", "iowait", "steal", "guest"])
    return [times(*core) for core in cores]


@pytest.fixture
def counted(monkeypatch):
    """Two readings of the kernel's counts, and of this process's own seconds, with no time between them."""

    def set_counts(before, after, own=0.0):
        readings, own_seconds = iter([of_cores(*before), of_cores(*after)]), iter([1.0, 1.0 + own])
        monkeypatch.setattr(conditions.psutil, "cpu_times", lambda percpu: next(readings))
        monkeypatch.setattr(conditions.os, "times", lambda: SimpleNamespace(user=next(own_seconds), system=0.0))
        monkeypatch.setattr(conditions.time, "sleep", lambda seconds: None)

    return set_counts


@pytest.mark.parametrize(
    ("after", "own", "share"),
    [
        ([(5, 7, 0, 0, 0), (5, 7, 0, 0, 0)], 0.0, 0.0),
        ([(6, 6, 0, 0, 0), (5, 7, 0, 0, 0)], 0.0, 0.25),
        ([(6, 6, 0, 0, 1), (5, 6, 1, 0, 0)], 0.0, 0.25),
        ([(6, 6, 0, 0, 0), (5, 6, 0, 1, 0)], 0.0, 0.5),
        ([(6, 6, 0, 0, 0), (6, 6, 0, 0, 0)], 1.0, 0.25),
        ([(5, 7, 0, 0, 0), (5, 7, 0, 0, 0)], 0.5, 0.0),
        ([(5, 5, 0, 0, 0), (5, 5, 0, 0, 0)], 0.0, None),
    ],
)
def test_load_of_others_is_busy_time_without_ours(counted, after, own, share):
    counted([(5, 5, 0, 0, 0), (5, 5, 0, 0, 0)], after, own)
    assert conditions.busy_elsewhere([0, 1]) == share


def test_ignores_unusable_cores(counted):
    counted([(5, 5, 0, 0, 0), (5, 5, 0, 0, 0)], [(7, 5, 0, 0, 0), (5, 7, 0, 0, 0)])
    assert conditions.busy_elsewhere([1]) == 0.0


def test_counts_all_cores_if_some_are_offline(counted):
    counted([(5, 5, 0, 0, 0), (5, 5, 0, 0, 0)], [(7, 5, 0, 0, 0), (5, 7, 0, 0, 0)])
    assert conditions.busy_elsewhere([3]) == 0.5


def test_stolen_time_is_a_share_of_demanded_time(monkeypatch):
    times = {"user": 60.0, "nice": 10.0, "system": 20.0, "irq": 0.0, "softirq": 0.0, "idle": 1000.0, "iowait": 9.0}
    monkeypatch.setattr(conditions.psutil, "cpu_times", lambda: SimpleNamespace(**times, steal=10.0))
    assert conditions.stolen() == 0.1
    monkeypatch.setattr(conditions.psutil, "cpu_times", lambda: SimpleNamespace(**times))
    assert conditions.stolen() is None


def test_unreadable_swap_is_null(monkeypatch):
    def unreadable():
        raise OSError("no /proc/vmstat")

    monkeypatch.setattr(conditions.psutil, "swap_memory", unreadable)
    assert conditions.swap_used_bytes() is None


# Environment and libraries


def test_thread_settings_are_only_the_relevant_variables(monkeypatch):
    for name in (*conditions.ENVIRONMENT, *frameworks.result_variables()):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.setenv("A_PASSWORD", "secret")
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")
    found = conditions.now()
    assert found["environment"] == {"OMP_NUM_THREADS": "3"}
    assert found["framework_settings"] == {"TF_ENABLE_ONEDNN_OPTS": "0"}
    assert json.loads(json.dumps(found)) == found


@pytest.fixture
def installed(monkeypatch):
    """Simulates TensorFlow installed from this distribution only: `installed(distribution)`."""

    def install(found):
        monkeypatch.setattr(base, "distribution", lambda module: found if module == "tensorflow" else None)

    return install


def test_framework_build_is_version_and_platforms(installed):
    wheel = "Wheel-Version: 1.0\nTag: cp311-cp311-manylinux_2_27_x86_64\nTag: cp311-cp311-manylinux_2_28_x86_64\n"
    for text, build in ((wheel, "2.21.0 (" + ", ".join(wheel.split()[3::2]) + ")"), (None, "2.21.0")):
        found = SimpleNamespace(version="2.21.0", read_text=lambda name, text=text: text)
        installed(found)
        assert conditions.now()["frameworks"] == {"TensorFlow": build}


def test_without_any_framework_there_is_no_build(installed):
    installed(None)
    assert conditions.now()["frameworks"] == {}


def test_libraries_on_other_frameworks_have_no_build(monkeypatch):
    anything = SimpleNamespace(version="1", read_text=lambda name: None)
    monkeypatch.setattr(base, "distribution", lambda module: anything)
    assert conditions.now()["frameworks"] == dict.fromkeys(
        ["TensorFlow", "JAX", "PyTorch", "PaddlePaddle", "Numba"], "1"
    )


# Other runs

WAIT = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'input()', '-m', 'harness.worker.worker', '9'])"


def test_detects_another_run_by_its_arms_but_not_our_own():
    """A stand-in for an arm: it has an arm's command line, and waits until its standard input ends."""
    with subprocess.Popen([sys.executable, "-c", WAIT], stdin=subprocess.PIPE) as other:
        while not psutil.Process(other.pid).children():
            sleep(0.01)
        (arm,) = psutil.Process(other.pid).children()
        while "harness.worker.worker" not in arm.cmdline():  # it has been forked, but is not yet the other program
            sleep(0.01)
        assert other.pid in conditions.other_runs()
        other.stdin.close()
    assert other.pid not in conditions.other_runs()
    command = [sys.executable, "-c", "input()", "-m", "harness.worker.worker", "9"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL):
        assert os.getpid() not in conditions.other_runs()


def test_a_fork_server_is_not_another_run(monkeypatch):
    line = ["python", "-P", "-m", "harness.worker.fork_server", "5", "9"]
    tree = [SimpleNamespace(pid=pid, cmdline=lambda: line, ppid=lambda parent=parent: parent)
            for pid, parent in ((10, 9), (11, 10), (12, 10))]  # fmt: skip
    monkeypatch.setattr(conditions.psutil, "process_iter", lambda: tree)
    assert conditions.other_runs() == [9]


def test_a_process_that_ends_during_inspection_is_not_a_run(monkeypatch):
    def ended():
        raise psutil.NoSuchProcess(7)

    monkeypatch.setattr(conditions.psutil, "process_iter", lambda: [SimpleNamespace(cmdline=ended)])
    assert conditions.other_runs() == []

"""GPUs without one: NVML's answers are recorded ones."""

import sys

import psutil
import pytest
from paths import SUPPORT
from planned import planned
from recorded_nvml import CLOCK, IDLE_CLOCK, MEMORY, PROCESS_BYTES, Nvml

from harness.cli import app
from harness.engine.machine import gpus, memory
from harness.engine.machine.gpus import Gpus, visible
from harness.engine.session import measure
from harness.errors import BadInput
from harness.record.schema import GpuState
from harness.record.store import read
from harness.report.summarize import summarize

STEADY, OTHER = (f"{SUPPORT / 'arms.py'}:{name}" for name in ("Steady", "Other"))


@pytest.fixture
def card(monkeypatch):
    """A machine with the recorded card; every child process of this one holds memory on it."""
    found = Nvml(lambda: [child.pid for child in psutil.Process().children(recursive=True)])
    found.clock = CLOCK
    use(monkeypatch, found)
    yield found
    gpus.get_gpus.cache_clear()


def use(monkeypatch, nvml):
    monkeypatch.setitem(sys.modules, "pynvml", nvml)
    gpus.get_gpus.cache_clear()


def test_describes_the_recorded_card():
    (found,) = Gpus(Nvml(lambda: [1234])).describe()
    assert found == {
        "driver": "580.82.07",
        "name": "NVIDIA H200",
        "memory_bytes": MEMORY,
        "memory_free_bytes": MEMORY - 600_000_000,
        "power": 76.54,
        "power_limit": 700.0,
        "ecc": True,
        "mig": False,
        "processes": [1234],
        "compute_mode": "default",
        "temperature": 29,
        "clock": IDLE_CLOCK,
        "highest_clock": CLOCK,
        "slowed_by": [],
    }


def test_what_a_card_does_not_tell_is_left_out():
    nvml = Nvml()
    nvml.silent = {"PowerUsage", "MigMode", "CurrentClocksEventReasons", "Temperature"}
    (found,) = Gpus(nvml).describe()
    assert not {"power", "mig", "slowed_by", "temperature"} & found.keys()
    assert found["clock"] == IDLE_CLOCK


@pytest.mark.parametrize(
    ("bits", "reasons"),
    [(0x1, []), (0x4, ["power cap"]), (0x20 | 0x40, ["heat", "heat, by hardware"]), (0x80 | 0x1, ["power brake"])],
)
def test_says_what_holds_a_clock_down(bits, reasons):
    nvml = Nvml()
    nvml.reasons = bits
    assert Gpus(nvml).states() == [GpuState(0, IDLE_CLOCK, CLOCK, reasons)]


def test_a_process_has_the_memory_that_the_driver_counts_on_all_cards():
    found = Gpus(Nvml(lambda: [7], cards=2))
    assert found.used_by(7) == {0: PROCESS_BYTES, 1: PROCESS_BYTES}
    assert found.used_by(8) == {}


def test_without_a_card_there_is_nothing():
    found = Gpus(Nvml(cards=0))
    assert (len(found), found.describe(), found.states(), found.free_bytes()) == (0, [], [], {})
    assert found.used_by(1) == {}
    assert not found.is_exclusive(None)


def test_a_device_must_exist():
    none, one, two = (Gpus(Nvml(cards=number)) for number in range(3))
    for found, device, says in ((none, "0", "no NVIDIA GPU"), (one, "1", "only GPU 0"), (two, "2", "GPUs 0 to 1")):
        with pytest.raises(BadInput, match=says):
            found.check(device)
    for device in (None, "cpu", "0", "GPU-1234"):
        one.check(device)


def test_a_process_sees_only_its_device():
    assert visible(None) == {}
    assert visible("cpu") == {"CUDA_VISIBLE_DEVICES": "-1", "JAX_PLATFORMS": "cpu"}
    assert visible("1")["CUDA_VISIBLE_DEVICES"] == "1"


def run(out, *names, **options):
    plan = planned("compare", list(names), **{"blocks": 3, "threads": 1, "epochs": 6} | options)
    return measure(plan, out, lambda event, record: None)


def test_the_record_has_the_card_its_clocks_and_the_memory_of_each_process(card, tmp_path):
    record = run(tmp_path / "run", STEADY, OTHER, blocks=1)
    assert record.header.machine["gpus"][0]["name"] == "NVIDIA H200"
    turns = [piece for piece in record.slices if piece.round]
    assert [piece.gpus for piece in turns] == [[GpuState(0, CLOCK, CLOCK, [])]] * len(turns)
    assert [end.gpu_bytes for end in record.ends] == [{0: PROCESS_BYTES}] * 2
    arm = summarize(record).arms[0]
    assert (arm.gpu_clocks.slowed, arm.gpu_bytes) == (0, PROCESS_BYTES)
    assert arm.gpu_clocks.mean == pytest.approx(CLOCK)
    assert read(tmp_path / "run").ends == record.ends


def test_arms_take_no_more_of_a_card_than_they_need(card, tmp_path, monkeypatch):
    monkeypatch.setenv("TF_FORCE_GPU_ALLOW_GROWTH", "false")
    record = run(tmp_path / "run", STEADY, OTHER, blocks=1, device="0")
    for ready in record.ready:
        found = {name: ready.environment[name] for name in SHARING}
        assert found == dict(zip(SHARING, ("false", "false", "0"), strict=True)), "what the user sets stays"


SHARING = ("XLA_PYTHON_CLIENT_PREALLOCATE", "TF_FORCE_GPU_ALLOW_GROWTH", "CUDA_VISIBLE_DEVICES")


def test_an_exclusive_card_is_used_by_one_arm_after_the_other(card, tmp_path):
    card.mode = 3
    record = run(tmp_path / "run", STEADY, OTHER, blocks=2)
    assert [start.one_by_one for start in record.starts] == [True, True]
    turns = {(piece.block, piece.arm) for piece in record.slices if piece.round}
    assert turns == {(block, arm.label) for block in (0, 1) for arm in record.arms}
    assert summarize(record).arms[1].ratio
    together = run(tmp_path / "cpu", STEADY, OTHER, blocks=1, device="cpu")
    assert [start.one_by_one for start in together.starts] == [False]


def test_only_an_exclusive_card_that_arms_see_matters():
    nvml = Nvml(cards=2)
    nvml.modes = {1: 3}
    found = Gpus(nvml)
    assert [found.is_exclusive(device) for device in (None, "0", "1", "cpu")] == [True, False, True, False]


def test_free_memory_of_the_card_decides_who_lives_together(card, tmp_path):
    left = iter(range(590, 0, -10))
    card.free = lambda: next(left, 10) * 1_000_000
    record = run(tmp_path / "run", STEADY, OTHER, blocks=1)
    assert [end.status for end in record.ends if end.group == 0] == ["regrouped"] * 2
    assert {end.status for end in record.ends if end.group} == {"ok"}


def test_a_full_card_that_arms_do_not_use_does_not_matter(card, tmp_path):
    card.free = 10_000_000
    record = run(tmp_path / "run", STEADY, OTHER, blocks=1)
    assert [end.status for end in record.ends] == ["ok"] * 2
    assert memory.free()["GPU 0"] == 10_000_000
    assert memory.is_short({"GPU 0": 1}, [])
    assert not memory.is_short({}, [{"GPU 0": 0}])


def test_a_device_that_does_not_exist_is_bad_input(card, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert app.run(["compare", STEADY, OTHER, "--device", "3"]) == 2
    assert "--device 3: this machine has only GPU 0." in capsys.readouterr().err
    assert app.run(["compare", STEADY, OTHER, "--device", "gpu zero"]) == 2
    assert "--device must be cpu, or a GPU by number or UUID" in " ".join(capsys.readouterr().err.split())


def test_slowed_turns_are_told(card, tmp_path):
    card.reasons, card.clock = 0x20, 1200
    summary = summarize(run(tmp_path / "run", STEADY, OTHER, blocks=1))
    clocks = summary.arms[0].gpu_clocks
    assert clocks.slowed == clocks.turns > 0
    assert clocks.reasons == ("heat",)

import pytest

from harness.engine.machine import cgroup


@pytest.fixture
def container(tmp_path, monkeypatch):
    """The files of control groups: `container(own, {"cpu.max": ..., "below/cpu.max": ...})` writes them."""
    monkeypatch.setattr(cgroup, "ROOT", tmp_path / "root")
    monkeypatch.setattr(cgroup, "_OWN", tmp_path / "own")

    def write(own, files):
        if own is not None:
            (tmp_path / "own").write_text(f"4:memory:/elsewhere\n0::{own}\n")
        for name, text in files.items():
            path = tmp_path / "root" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    return write


@pytest.mark.parametrize(
    ("own", "files", "cores"),
    [
        (None, {}, None),
        ("/", {}, None),
        ("/", {"cpu.max": "max 100000\n"}, None),
        ("/", {"cpu.max": "150000 100000\n"}, 1.5),
        (None, {"cpu.max": "150000 100000\n"}, 1.5),
        ("/", {"cpu.max": "rubbish"}, None),
        ("/", {"cpu.max": "100000 0"}, None),
        ("/a/b", {"cpu.max": "max 100000", "a/cpu.max": "400000 100000", "a/b/cpu.max": "max 100000"}, 4.0),
        ("/a/b", {"a/cpu.max": "400000 100000", "a/b/cpu.max": "50000 100000"}, 0.5),
        ("/a", {"b/cpu.max": "50000 100000"}, None),
        (None, {"cpu/cpu.cfs_quota_us": "150000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 1.5),
        (None, {"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, None),
        ("/../../a", {"cpu.max": "200000 100000", "a/cpu.max": "50000 100000"}, 2.0),
    ],
)
def test_core_limit_is_the_smallest_of_all_parent_groups(container, own, files, cores):
    container(own, files)
    assert cgroup.cores_allowed() == cores


@pytest.mark.parametrize(
    ("files", "share"),
    [
        ({}, None),
        ({"cpu.stat": "usage_usec 5\nnr_periods 0\nnr_throttled 0\n"}, None),
        ({"cpu.stat": "usage_usec 5\n"}, None),
        ({"cpu.stat": "nr_periods 200\nnr_throttled 10\n"}, 0.05),
        ({"cpu.stat": "nr_periods 200\nnr_throttled 10\n", "a/cpu.stat": "nr_periods 10\nnr_throttled 5"}, 0.5),
        ({"cpu.stat": "nr_periods many\n"}, None),
    ],
)
def test_throttling_is_a_share_of_periods(container, files, share):
    container("/a", files)
    assert cgroup.throttled() == share


def test_reclaimable_memory_is_not_counted_as_used(container):
    container("/", {"memory.max": "900\n", "memory.current": "700\n", "memory.stat": "anon 1\ninactive_file 200\n"})
    assert cgroup.memory_limit() == 900
    assert cgroup.memory_used() == 500


def test_without_a_container_there_is_no_limit(container):
    container("/", {"memory.max": "max\n"})
    assert cgroup.memory_limit() is None
    assert cgroup.memory_used() == 0


def test_reads_limits_of_older_systems(container):
    stat = "total_inactive_file 200\n"
    files = {"memory.limit_in_bytes": "900\n", "memory.usage_in_bytes": "700\n", "memory.stat": stat}
    container(None, {f"memory/{name}": text for name, text in files.items()})
    assert cgroup.memory_limit() == 900
    assert cgroup.memory_used() == 500
    container(None, {"memory/memory.limit_in_bytes": "9223372036854771712\n"})
    assert cgroup.memory_limit() is None
